package assign

import (
	"slices"
	"testing"

	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// dealtPieces are the pieces of runs, in order.
func dealtPieces(runs []dealt) []pieceset.Index {
	var out []pieceset.Index
	for _, d := range runs {
		out = append(out, d.run.Piece)
	}
	return out
}

func expectRuns(t *testing.T, got []dealt, want ...dealt) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Fatalf("dealt %v, not %v", got, want)
	}
}

func TestNothingIsDealtWithoutCreditOrPieces(t *testing.T) {
	w := newWorld(t, shape(4, 4), Start{})
	w.seed(1, 0)
	w.join(2, 10)
	expectRuns(t, w.settle())
}

func TestAHolderThatCanTakesWholePieces(t *testing.T) {
	w := newWorld(t, shape(3, 16), Start{})
	w.seed(1, 32)
	runs := w.settle()
	if len(runs) != 2 || runs[0].run.Count != 16 || runs[1].run.Count != 16 {
		t.Fatalf("dealt %v", runs)
	}
}

func TestHoldersWithMuchCreditKeepToTheirOwnPiece(t *testing.T) {
	w := newWorld(t, shape(10, 16), Start{})
	w.seed(1, 4)
	w.seed(2, 4)
	own := dealtPieces(w.settle())
	if own[0] == own[1] {
		t.Fatalf("both draw piece %d", own[0])
	}
	for range 3 {
		w.receiveAll(1)
		w.receiveAll(2)
		if next := dealtPieces(w.settle()); !slices.Equal(next, own) {
			t.Fatalf("dealt %v to who drew %v", next, own)
		}
	}
}

func TestSlowHoldersShareAPiece(t *testing.T) {
	w := newWorld(t, shape(10, 16), Start{})
	for id := range HolderID(5) {
		w.seed(id+1, 3)
	}
	runs := w.settle()
	for k, d := range runs {
		if d.run != run(runs[0].run.Piece, uint32(3*k), 3) {
			t.Fatalf("dealt %v", runs)
		}
	}
}

func TestOpenPiecesAreSharedWhenThereAreMany(t *testing.T) {
	w := newWorld(t, shape(100, 1024), Start{}) // 16 MiB a piece: fewestOpen
	for id := range HolderID(12) {
		w.seed(id+1, 256)
	}
	w.settle()
	if open := len(w.c.shelves[Normal].open); open > fewestOpen {
		t.Fatalf("%d pieces have free blocks", open)
	}
	if shared := w.runs[fewestOpen].run; shared != run(w.runs[0].run.Piece, 256, 256) {
		t.Fatalf("the fifth holder is dealt %v of a new piece", shared)
	}
}

func TestPartialsGoFirst(t *testing.T) {
	w := newWorld(t, shape(50, 4), Start{Snapshot: Snapshot{
		Partials: map[pieceset.Index]BlockSet{7: BlocksOf(1), 30: BlocksOf(0, 2)},
	}})
	w.seed(1, 5)
	expectRuns(t, w.settle(),
		dealt{1, run(7, 0, 1)}, dealt{1, run(7, 2, 2)}, dealt{1, run(30, 1, 1)}, dealt{1, run(30, 3, 1)})
}

func TestPriorityGoesBeforePartialsAndRarity(t *testing.T) {
	priorities := []Priority{Low, Normal, High, Normal, Unwanted}
	w := newWorld(t, shape(5, 2), Start{
		Snapshot:   Snapshot{Partials: map[pieceset.Index]BlockSet{1: BlocksOf(0), 4: BlocksOf(1)}},
		Priorities: priorities,
	})
	w.join(2, 0, 2)
	w.join(3, 0, 2)
	w.seed(1, 20)
	if got := dealtPieces(w.settle()); !slices.Equal(got, []pieceset.Index{2, 1, 3, 0}) {
		t.Fatalf("dealt %v", got)
	}
}

func TestTheRarestGoesFirst(t *testing.T) {
	w := newWorld(t, shape(4, 2), Start{})
	w.join(2, 0, 0, 1, 3)
	w.join(3, 0, 0, 3)
	w.c.Join(4, nil)
	w.c.Have(4, 3)
	w.seed(1, 8)
	if got := dealtPieces(w.settle()); !slices.Equal(got, []pieceset.Index{2, 1, 0, 3}) {
		t.Fatalf("dealt %v", got)
	}
	if w.c.Availability(3) != 4 || w.c.Availability(2) != 1 {
		t.Fatalf("availabilities %d and %d", w.c.Availability(3), w.c.Availability(2))
	}
}

func TestRarityFollowsHoldersThatLeave(t *testing.T) {
	w := newWorld(t, shape(2, 2), Start{})
	w.join(2, 0, 0)
	w.join(3, 0, 1)
	w.join(4, 0, 1)
	w.leave(3)
	w.leave(4)
	w.seed(1, 2)
	if got := dealtPieces(w.settle()); !slices.Equal(got, []pieceset.Index{1}) {
		t.Fatalf("dealt %v", got)
	}
}

// The rarest 300 of 400 pieces are not the holder's; it has to find its own.
func TestAHolderWithoutTheRarePiecesGetsWhatItHas(t *testing.T) {
	w := newWorld(t, shape(400, 1), Start{})
	var common []pieceset.Index
	for i := range pieceset.Index(100) {
		common = append(common, i*4)
	}
	w.join(2, 0, common...)
	for i := range pieceset.Index(400) {
		if i%4 != 0 {
			w.c.Join(HolderID(1000+i), pieceset.Of(400, i))
		}
	}
	w.join(3, 0, common...)
	w.join(1, 200, common...)
	got := dealtPieces(w.settle())
	slices.Sort(got)
	if !slices.Equal(got, common) {
		t.Fatalf("dealt %v", got)
	}
}

func TestAHigherPieceThatAHolderGetsGoesBeforeItsOwn(t *testing.T) {
	w := newWorld(t, shape(2, 8), Start{Priorities: []Priority{Normal, High}})
	w.join(1, 2, 0)
	w.settle()
	w.c.Have(1, 1)
	w.receiveAll(1)
	expectRuns(t, w.settle(), dealt{1, run(1, 0, 2)})
}

func TestPiecePrioritiesAreTheHighestOfTheFilesInThem(t *testing.T) {
	g := shape(4, 1)
	const size = 16 << 10
	for _, x := range []struct {
		name  string
		files []FileSpan
		want  []Priority
	}{
		{"no file", nil, []Priority{0, 0, 0, 0}},
		{"one file", []FileSpan{{0, 4*size - 1, Low}}, []Priority{Low, Low, Low, Low}},
		{"a shared edge", []FileSpan{{0, size + 1, High}, {size + 1, 2 * size, Normal}, {3*size + 1, 9, Unwanted}},
			[]Priority{High, High, Normal, Normal}},
		{"exact edges", []FileSpan{{0, size, Low}, {size, size, High}}, []Priority{Low, High, 0, 0}},
		{"an empty file", []FileSpan{{size, 0, High}}, []Priority{0, 0, 0, 0}},
		{"a span too long", []FileSpan{{2 * size, 1<<63 - 1, Low}}, []Priority{0, 0, Low, Low}},
		{"a span before", []FileSpan{{-9, 10, Low}, {-1 << 63, 5, High}}, []Priority{Low, 0, 0, 0}},
		{"a span behind", []FileSpan{{4 * size, 5, Low}}, []Priority{0, 0, 0, 0}},
	} {
		if got := PiecePriorities(g, x.files); !slices.Equal(got, x.want) {
			t.Errorf("%s: %v, not %v", x.name, got, x.want)
		}
	}
}
