package assign

import (
	"cmp"
	"iter"
	"math/bits"
	"math/rand/v2"

	"github.com/etorrent/etorrent/internal/vocab/named"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// Picker chooses which missing piece a holder begins. What else it is dealt is the
// core's business: it goes on with pieces that are open, and shares them. To try
// another way, write a type with a Pick of its own and name it in pickers.
type Picker interface {
	// Pick names a piece of m, if there is one. It may keep nothing of m.
	Pick(m *Missing) (pieceset.Index, Pick)
}

// Pick says whether a piece was named.
type Pick uint8

// What a Picker found.
const (
	NothingMissing Pick = iota
	Picked
)

// DefaultPicker is the picker of one who names none.
const DefaultPicker = "rarest"

var pickers = named.Table[Picker]{What: "picker", Ways: map[string]Picker{
	DefaultPicker: Rarest{}, "random": Random{}, "sequential": Sequential{},
}}

// FindPicker looks a picker up; "" is the default. The error is a *named.UnknownError.
func FindPicker(name string) (Picker, error) { return pickers.Find(cmp.Or(name, DefaultPicker)) }

// PickerNames are those of the pickers, in order.
func PickerNames() []string { return pickers.Names() }

// Rarest begins what fewest have, so that nothing becomes rare and everybody has
// something to trade.
type Rarest struct{}

// Pick names one of the rarest; equals in random order.
func (Rarest) Pick(m *Missing) (pieceset.Index, Pick) { return m.rarest() }

// Random begins any piece.
type Random struct{}

// Pick names any.
func (Random) Pick(m *Missing) (pieceset.Index, Pick) {
	return first(m.from(m.Rand().IntN(len(m.shelf.missing))))
}

// Sequential begins the pieces in their order, as one who looks on needs them.
type Sequential struct{}

// Pick names the first.
func (Sequential) Pick(m *Missing) (pieceset.Index, Pick) { return first(m.All()) }

// Missing are the pieces of one priority that nobody has begun and that a holder
// has.
type Missing struct {
	core   *Core
	shelf  *shelf
	holder *holder
	avoid  HolderID // what this one gave back is left out
}

// All yields them by index.
func (m *Missing) All() iter.Seq[pieceset.Index] { return m.from(0) }

// Availability is how many holders have one of them.
func (m *Missing) Availability(i pieceset.Index) int { return m.core.Availability(i) }

// Rand is the source of what is left to chance.
func (m *Missing) Rand() *rand.Rand { return m.core.rnd }

// from yields them from a word of the masks on, around.
func (m *Missing) from(word int) iter.Seq[pieceset.Index] {
	return func(yield func(pieceset.Index) bool) {
		for k := range m.shelf.missing {
			at := (word + k) % len(m.shelf.missing)
			for w := m.shelf.common(m.holder, at); w != 0; w &= w - 1 {
				i := pieceset.Index(at*64 + bits.TrailingZeros64(w))
				if m.core.pieces[i].shunned != m.avoid && !yield(i) {
					return
				}
			}
		}
	}
}

func first(all iter.Seq[pieceset.Index]) (pieceset.Index, Pick) {
	for i := range all {
		return i, Picked
	}
	return 0, NothingMissing
}
