package assign

import (
	"slices"
	"testing"

	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

func TestProgressEndsWhenTheWantedPiecesAreHeld(t *testing.T) {
	w := newWorld(t, shape(3, 2), Start{Priorities: []Priority{Normal, Unwanted, High}})
	for _, x := range []struct {
		piece pieceset.Index
		want  ProgressEvidence
	}{
		{0, PiecesWanted{Left: 1}},
		{0, PiecesWanted{Left: 1}},
		{2, WantedHeld{Unwanted: 1}},
		{1, AllHeld{}},
	} {
		w.c.Verified(x.piece)
		if got := w.c.Progress(); got != x.want {
			t.Errorf("after piece %d: %v, not %v", x.piece, got, x.want)
		}
	}
	w.c.Lost(2)
	if got := w.c.Progress(); got != (PiecesWanted{Left: 1}) {
		t.Errorf("after a loss: %v", got)
	}
	if got := New(shape(0, 1), Start{}, random(1)).Progress(); got != (AllHeld{}) {
		t.Errorf("an empty torrent: %v", got)
	}
}

func TestPiecesGoThroughTheirStates(t *testing.T) {
	w := newWorld(t, shape(1, 2), Start{})
	expect := func(want State) {
		t.Helper()
		if got := w.c.State(0); got != want {
			t.Fatalf("state %d, not %d", got, want)
		}
	}
	expect(PieceMissing)
	w.seed(1, 2)
	w.settle()
	expect(PieceOpen)
	w.receiveAll(1)
	expect(PieceFull)
	w.c.Corrupt(0)
	expect(PieceMissing)
	w.settle()
	w.receive(1, block(0, 0))
	w.c.SetPriorities([]Priority{Unwanted})
	expect(PieceUnwanted)
	w.settle()
	w.c.SetPriorities([]Priority{High})
	expect(PieceOpen)
	w.c.Verified(0)
	expect(PieceHeld)
	w.c.SetPriorities([]Priority{Unwanted})
	w.c.Lost(0)
	expect(PieceUnwanted)
}

func TestWhatIsFetchedOfAVerifiedPieceIsCancelled(t *testing.T) {
	w := newWorld(t, shape(1, 3), Start{})
	w.seed(1, 3)
	w.settle()
	w.c.Verified(0)
	w.settle()
	if len(w.cancels) != 3 || w.told[1] != NotInterested {
		t.Fatalf("cancelled %v, told %d", w.cancels, w.told[1])
	}
}

func TestACorruptPieceIsFetchedAgainBeforeOthers(t *testing.T) {
	for name, s := range map[string]Snapshot{
		"received":        {},
		"on the disk":     {Partials: map[pieceset.Index]BlockSet{2: BlocksOf(0, 1, 2)}},
		"held until then": {Held: pieceset.Of(9, 2)},
	} {
		w := newWorld(t, shape(9, 3), Start{Snapshot: s})
		w.seed(1, 0)
		for n := range uint32(3) {
			w.receive(1, block(2, n))
		}
		w.c.Corrupt(2)
		if w.c.State(2) != PieceMissing {
			t.Fatalf("%s: state %d", name, w.c.State(2))
		}
		w.c.SetCredit(1, 3)
		expectRuns(t, w.settle(), dealt{1, run(2, 0, 3)})
		w.receiveAll(1)
		w.c.Verified(2)
		if len(w.c.doubt.wrongs) != 0 {
			t.Errorf("%s: piece 2 stays wrong", name)
		}
	}
}

func TestResetFollowsTheDisk(t *testing.T) {
	w := newWorld(t, shape(4, 2), Start{})
	w.c.Verified(0)
	w.seed(1, 5)
	w.settle()
	full := w.out[1][0].Piece
	w.receive(1, block(full, 0))
	w.receive(1, block(full, 1))
	fetched := w.out[1][0].Piece
	w.c.Reset(Snapshot{
		Held:     pieceset.Of(4, fetched),
		Partials: map[pieceset.Index]BlockSet{full: BlocksOf(1)},
	})
	w.settle()
	if w.c.State(0) == PieceHeld || w.c.State(fetched) != PieceHeld || w.c.State(full) != PieceOpen {
		t.Fatalf("states %d %d %d", w.c.State(0), w.c.State(fetched), w.c.State(full))
	}
	if len(w.cancels) != 2 || !slices.Contains(w.out[1], block(full, 0)) {
		t.Fatalf("cancelled %v, fetching %v", w.cancels, w.out[1])
	}
}

func TestAStoredPartialIsNotFetchedAgain(t *testing.T) {
	w := newWorld(t, shape(2, 2), Start{Snapshot: Snapshot{
		Held:     pieceset.Of(2, 1),
		Partials: map[pieceset.Index]BlockSet{0: BlocksOf(0, 1)},
	}})
	w.seed(1, 9)
	expectRuns(t, w.settle())
	if w.c.State(0) != PieceFull || w.told[1] != Interested {
		t.Fatalf("state %d, told %d", w.c.State(0), w.told[1])
	}
}

func TestUnwantedPiecesAreCancelledAndTheirBlocksRemembered(t *testing.T) {
	w := newWorld(t, shape(1, 4), Start{})
	w.seed(1, 4)
	w.settle()
	w.receive(1, block(0, 2))
	w.c.SetPriorities([]Priority{Unwanted})
	expectRuns(t, w.settle())
	if len(w.cancels) != 3 || w.told[1] != NotInterested {
		t.Fatalf("cancelled %v, told %d", w.cancels, w.told[1])
	}
	w.c.SetPriorities([]Priority{Low})
	expectRuns(t, w.settle(), dealt{1, run(0, 0, 2)}, dealt{1, run(0, 3, 1)})
}
