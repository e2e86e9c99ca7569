package assign

import (
	"errors"
	"slices"
	"testing"

	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/named"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// begun has a holder with the given pieces fetch one piece after the other, and
// returns them in the order in which they were begun.
func begun(t *testing.T, p Picker, has *pieceset.Set, others ...*pieceset.Set) (order []pieceset.Index) {
	t.Helper()
	w := newWorld(t, shape(has.Size(), 1), Start{Picker: p})
	for k, o := range others {
		w.c.Join(HolderID(10+k), o)
	}
	w.c.Join(1, has)
	w.c.SetCredit(1, 1)
	for {
		dealt := w.settle()
		if len(dealt) == 0 {
			return order
		}
		i := dealt[0].run.Piece
		order = append(order, i)
		w.receive(1, geometry.Block{Piece: i})
		w.c.Verified(i)
	}
}

func TestEveryPickerBeginsAllThatIsMissingAndOnlyThat(t *testing.T) {
	has := pieceset.Of(300, 3, 64, 65, 130, 250, 299)
	for name, p := range pickers.Ways {
		order := begun(t, p, has)
		slices.Sort(order)
		if !slices.Equal(order, []pieceset.Index{3, 64, 65, 130, 250, 299}) {
			t.Errorf("%s begins %v", name, order)
		}
	}
}

func TestPickersDifferInTheOrder(t *testing.T) {
	all, others := pieceset.Full(200), []*pieceset.Set{pieceset.Full(200), pieceset.Of(200, 0, 1, 2, 100)}
	inOrder := begun(t, Sequential{}, all, others...)
	if !slices.IsSorted(inOrder) {
		t.Errorf("in sequence: %v", inOrder)
	}
	if r := begun(t, Rarest{}, all, others...); len(r) != 200 || !holdsAll(r[196:], 0, 1, 2, 100) {
		t.Errorf("the rarest first: %v", r)
	}
	if r := begun(t, Random{}, all, others...); slices.IsSorted(r) || holdsAll(r[196:], 0, 1, 2, 100) {
		t.Errorf("at random: %v", r)
	}
}

func holdsAll(s []pieceset.Index, all ...pieceset.Index) bool {
	return !slices.ContainsFunc(all, func(i pieceset.Index) bool { return !slices.Contains(s, i) })
}

// stubborn names the same piece whatever is missing.
type stubborn struct{}

func (stubborn) Pick(*Missing) (pieceset.Index, Pick) { return 1, Picked }

func TestAPickerMayNotNameWhatIsNotMissing(t *testing.T) {
	w := newWorld(t, shape(3, 1), Start{Picker: stubborn{}})
	w.seed(1, 2)
	defer func() {
		if recover() == nil {
			t.Error("it was let")
		}
	}()
	w.c.Settle(w)
}

func TestAPickerIsFoundByItsName(t *testing.T) {
	if p, err := FindPicker("sequential"); err != nil || p != Picker(Sequential{}) {
		t.Errorf("%+v, %v", p, err)
	}
	var unknown *named.UnknownError
	if _, err := FindPicker("best"); !errors.As(err, &unknown) || !slices.Equal(unknown.Known, []string{"random", "rarest", "sequential"}) {
		t.Errorf("%v", err)
	}
}
