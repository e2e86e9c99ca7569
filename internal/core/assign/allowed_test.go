package assign

import (
	"slices"
	"testing"

	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// choked is a holder that has everything, chokes us and allows some pieces.
func (w *world) choked(id HolderID, credit uint32, allows ...pieceset.Index) {
	w.c.Join(id, pieceset.Full(len(w.c.pieces)))
	for _, i := range allows {
		w.c.Allow(id, i)
	}
	w.c.SetAllowedCredit(id, credit)
}

func TestAHolderThatChokesUsIsDealtWhatItAllowsOnly(t *testing.T) {
	w := newWorld(t, shape(10, 4), Start{})
	w.choked(1, 8, 3, 7)
	w.settle()
	for _, b := range w.out[1] {
		if b.Piece != 3 && b.Piece != 7 {
			t.Errorf("dealt %v", b)
		}
	}
	if len(w.out[1]) != 8 {
		t.Errorf("dealt %v", w.out[1])
	}
	w.receiveAll(1)
	w.c.Verified(3)
	w.c.Verified(7)
	if w.settle(); len(w.out[1]) != 0 {
		t.Errorf("dealt %v besides", w.out[1])
	}
	w.c.SetCredit(1, 8) // it unchokes us
	if w.settle(); len(w.out[1]) != 8 {
		t.Errorf("unchoked, it fetches %v", w.out[1])
	}
}

func TestWhatAChokingHolderAllowsGoesByPriorityAndWhatIsOpenFirst(t *testing.T) {
	w := newWorld(t, shape(4, 2), Start{Priorities: []Priority{Normal, Normal, High, Unwanted}})
	w.seed(9, 1)
	w.settle() // opens the piece of high priority
	w.receiveAll(9)
	w.leave(9)
	w.choked(1, 1, 0, 1, 2, 3)
	var got []pieceset.Index
	for range 5 {
		w.settle()
		got = append(got, w.out[1][0].Piece)
		w.receiveAll(1)
	}
	if want := []pieceset.Index{2, 0, 0, 1, 1}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestWhatAChokingHolderRejectsIsDealtElsewhere(t *testing.T) {
	w := newWorld(t, shape(10, 2), Start{})
	w.choked(1, 8, 5)
	w.settle()
	w.c.Disallow(1, 5)
	for _, b := range slices.Clone(w.out[1]) {
		w.giveBack(1, b, Choked)
	}
	if w.settle(); len(w.out[1]) != 0 {
		t.Errorf("dealt %v again", w.out[1])
	}
	w.seed(2, 100)
	if w.settle(); w.fetchers(block(5, 0)) != 1 {
		t.Error("nobody fetches what was rejected")
	}
}

func TestAHolderThatChokesUsCopiesAndStealsOnlyWhatItAllows(t *testing.T) {
	w := newWorld(t, shape(2, 8), Start{})
	w.sometime(4)
	w.seed(1, 16)
	w.settle()
	w.choked(2, 8, 1)
	w.settle()
	if len(w.out[2]) == 0 {
		t.Fatal("no second copies")
	}
	if k := slices.IndexFunc(w.out[2], func(b geometry.Block) bool { return b.Piece != 1 }); k >= 0 {
		t.Errorf("copies %v", w.out[2])
	}
}

func TestAChokeTakesTheLeadOfAHolder(t *testing.T) {
	w := newWorld(t, shape(10, 8), Start{})
	w.seed(1, 4)
	w.settle()
	w.choked(2, 8)
	w.c.SetAllowedCredit(1, 8)
	w.settle()
	if w.c.holders[1].lead != nil || len(w.out[1]) != 4 {
		t.Errorf("leads %v, fetches %v", w.c.holders[1].lead, w.out[1])
	}
}

func TestAHolderOnParoleFetchesAllowedPiecesAlone(t *testing.T) {
	w := newWorld(t, shape(4, 8), Start{})
	w.choked(1, 4, 0)
	w.settle()
	w.c.Parole(1)
	w.receiveAll(1)
	if w.settle(); len(w.out[1]) != 4 {
		t.Errorf("dealt %v of what nobody else could fetch", w.out[1])
	}
	w.c.Allow(1, 2)
	w.seed(2, 4)
	w.settle()
	w.receiveAll(1)
	w.settle()
	if r := w.c.pieces[2].record; r == nil || r.loner != w.c.holders[1] {
		t.Errorf("piece 2 is not its own: %v", w.out[1])
	}
}
