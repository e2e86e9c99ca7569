package assign

import (
	"slices"
	"testing"

	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// slowAndFast has a slow holder with a queue of 80 blocks and a fast one that has
// sent some; another piece, which nobody has, keeps the endgame away.
func slowAndFast(t *testing.T) *world {
	w := newWorld(t, shape(3, 80), Start{})
	w.join(1, 80, 0)
	w.settle()
	w.join(2, 80, 1)
	w.settle()
	w.receiveAll(2)
	w.c.Verified(1)
	w.receive(1, block(0, 0))
	w.c.SetCredit(1, 79) // it steals nothing itself
	w.c.Have(2, 0)
	return w
}

func TestAFastHolderStealsFromTheTailOfASlowOne(t *testing.T) {
	w := slowAndFast(t)
	w.settle()
	if len(w.runs) != 1 || w.runs[0] != (dealt{2, run(0, 61, 19)}) || len(w.cancels) != 19 {
		t.Fatalf("dealt %v, cancelled %v", w.runs, w.cancels)
	}
	for _, c := range w.cancels {
		if c.holder != 1 || c.block.Number < 61 {
			t.Errorf("cancelled %v", c)
		}
	}
	w.receiveAll(2)
	if w.settle(); len(w.runs) != 1 || w.runs[0] != (dealt{2, run(0, 51, 10)}) {
		t.Errorf("dealt %v, cancelled %v", w.runs, w.cancels)
	}
}

func TestWhatMayBeOnItsWayIsNotStolen(t *testing.T) {
	w := slowAndFast(t)
	for len(w.out[1]) > onTheWay+1 {
		w.settle()
		w.receiveAll(2)
		w.receive(1, w.out[1][0])
	}
	for range 20 {
		if w.settle(); len(w.cancels) > 0 {
			t.Fatalf("cancelled %v", w.cancels)
		}
	}
}

func TestAHolderThatCrawlsIsStolenFromToTheLastBlock(t *testing.T) {
	w := newWorld(t, shape(12, 40), Start{}) // the last piece has no holder
	w.join(1, 40, 0)
	w.settle()
	w.join(2, 40, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10)
	for i := pieceset.Index(1); i <= 10; i++ {
		w.settle()
		w.receiveAll(2)
		w.c.Verified(i)
	}
	w.c.Have(2, 0)
	for range 40 {
		w.settle()
		w.receiveAll(2)
	}
	if n := len(w.out[1]); n > 1 {
		t.Errorf("%d blocks are left to a holder that has sent none", n)
	}
}

func TestASlowHolderStealsNothingBack(t *testing.T) {
	w := slowAndFast(t)
	w.settle()
	w.receive(2, w.out[2][0])
	w.c.SetCredit(1, 160)
	for range 20 {
		for _, d := range w.settle() {
			if d.holder == 1 {
				t.Fatalf("dealt %v", w.runs)
			}
		}
	}
}

func TestAStolenBlockThatComesAllTheSameIsTaken(t *testing.T) {
	w := slowAndFast(t)
	w.settle()
	if e := w.receive(1, block(0, 79)); e != BlockLate {
		t.Fatalf("evidence %d", e)
	}
	w.settle()
	if !slices.Contains(w.cancels, cancellation{2, block(0, 79)}) {
		t.Errorf("cancelled %v", w.cancels)
	}
}

func TestANewHolderStealsOneBlockToShowItsPace(t *testing.T) {
	w := newWorld(t, shape(2, 80), Start{})
	w.join(1, 80, 0)
	w.settle()
	w.receive(1, block(0, 0))
	w.join(2, 80, 0)
	for range 20 {
		w.settle() // each looks at one of those that have nothing to do
	}
	if n := len(w.out[2]); n != 1 {
		t.Errorf("%d blocks stolen", n)
	}
}
