package assign

import (
	"slices"
	"testing"

	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

func TestWhatAHolderFetchesFromBeforeIsNotDealtAgain(t *testing.T) {
	w := newWorld(t, shape(1, 8), Start{})
	w.rejoin(1, pieceset.Full(1), Past{Told: Interested, Fetches: []geometry.Block{block(0, 5), block(0, 2)}})
	w.c.SetCredit(1, 4)
	w.seed(2, 100)
	for _, d := range w.settle() {
		for n := d.run.First; n < d.run.First+d.run.Count; n++ {
			if n == 5 || n == 2 {
				t.Errorf("block %d is dealt to %d", n, d.holder)
			}
		}
	}
	if len(w.out[1]) != 4 || len(w.cancels) != 0 || w.out[1][0] != block(0, 5) {
		t.Fatalf("fetches %v, cancelled %v", w.out[1], w.cancels)
	}
	if got := w.receive(1, block(0, 5)); got != BlockTaken {
		t.Errorf("what it fetched from before is %d", got)
	}
}

func TestWhatIsOfNoUseIsCancelledAtAHolderThatRejoins(t *testing.T) {
	w := newWorld(t, shape(5, 2), Start{
		Snapshot:   Snapshot{Held: pieceset.Of(5, 0), Partials: map[pieceset.Index]BlockSet{1: BlocksOf(1)}},
		Priorities: []Priority{Normal, Normal, Unwanted, Normal, Normal},
	})
	all := pieceset.Full(5)
	fetches := []geometry.Block{block(0, 0), block(1, 0), block(1, 1), block(2, 0), block(3, 0)}
	w.rejoin(1, all, Past{Fetches: fetches})
	w.rejoin(2, all, Past{Fetches: []geometry.Block{block(3, 0)}})
	w.rejoin(3, all, Past{Fetches: []geometry.Block{block(3, 0)}})
	w.rejoin(4, pieceset.Of(5, 3), Past{Fetches: []geometry.Block{block(4, 0)}})
	w.settle()
	want := []cancellation{
		{1, block(0, 0)}, {1, block(1, 1)}, {1, block(2, 0)}, // held, stored, not wanted
		{3, block(3, 0)}, // two others fetch it
		{4, block(4, 0)}, // it has not said that it has that piece
	}
	if !slices.Equal(w.cancels, want) {
		t.Errorf("cancelled %v, want %v", w.cancels, want)
	}
}

func TestAHolderThatRejoinsIsToldTheInterestIfItKnowsAnother(t *testing.T) {
	for name, x := range map[string]struct {
		knows, want Interest
		snapshot    Snapshot
	}{
		"still wanted":           {Interested, Interested, Snapshot{}},
		"wanted, which was lost": {NotInterested, Interested, Snapshot{}},
		"not wanted any more":    {Interested, NotInterested, Snapshot{Held: pieceset.Full(3)}},
		"still not wanted":       {NotInterested, NotInterested, Snapshot{Held: pieceset.Full(3)}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, shape(3, 2), Start{Snapshot: x.snapshot})
			w.rejoin(1, pieceset.Full(3), Past{Told: x.knows})
			w.rejoin(2, nil, Past{Told: x.knows})
			w.settle() // fails if one is told what it knows
			if w.told[1] != x.want || w.told[2] != NotInterested {
				t.Errorf("told %d and %d", w.told[1], w.told[2])
			}
		})
	}
}

// A holder's word about itself replaces what the core thought of it: else a block
// that it never heard of stays its own for ever.
func TestTheWordOfAHolderThatIsThereCounts(t *testing.T) {
	w := newWorld(t, shape(2, 4), Start{})
	w.seed(1, 3)
	w.settle()
	dealt := slices.Clone(w.out[1])
	w.c.Corrupt(dealt[0].Piece) // cancels what is dealt; the next settle would say so
	w.rejoin(1, nil, Past{Told: Interested, Fetches: dealt[:1]})
	w.settle()
	if slices.Contains(w.cancels, cancellation{1, dealt[0]}) || w.out[1][0] != dealt[0] {
		t.Errorf("cancelled %v, fetches %v", w.cancels, w.out[1])
	}
	w.seed(2, 100)
	w.settle()
	w.receiveAll(1)
	w.receiveAll(2)
	for i := range pieceset.Index(2) {
		if w.c.State(i) != PieceFull {
			t.Errorf("piece %d is in state %d", i, w.c.State(i))
		}
	}
}
