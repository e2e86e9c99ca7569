package assign

import "testing"

// slowAndFast has a slow holder with a queue of eight blocks and a fast one that
// has sent some; another piece, which nobody has, keeps the endgame away.
func slowAndFast(t *testing.T) *world {
	w := newWorld(t, shape(3, 8), Start{})
	w.join(1, 8, 0)
	w.settle()
	w.join(2, 8, 1)
	w.settle()
	w.receiveAll(2)
	w.c.Verified(1)
	w.c.Have(2, 0)
	return w
}

func TestAFastHolderStealsFromTheTailOfASlowOne(t *testing.T) {
	w := slowAndFast(t)
	w.settle()
	if len(w.runs) != 1 || w.runs[0] != (dealt{2, run(0, 4, 4)}) || len(w.cancels) != 4 {
		t.Fatalf("dealt %v, cancelled %v", w.runs, w.cancels)
	}
	for _, c := range w.cancels {
		if c.holder != 1 || c.block.Number < 4 {
			t.Errorf("cancelled %v", c)
		}
	}
	if w.settle(); len(w.runs)+len(w.cancels) != 0 {
		t.Errorf("level queues moved: dealt %v, cancelled %v", w.runs, w.cancels)
	}
}

func TestASlowHolderStealsNothingBack(t *testing.T) {
	w := slowAndFast(t)
	w.settle()
	w.receive(2, w.out[2][0])
	w.c.SetCredit(1, 20)
	if w.settle(); len(w.runs) != 0 {
		t.Errorf("dealt %v", w.runs)
	}
}

func TestAStolenBlockThatComesAllTheSameIsTaken(t *testing.T) {
	w := slowAndFast(t)
	w.settle()
	if e := w.receive(1, block(0, 7)); e != BlockLate {
		t.Fatalf("evidence %d", e)
	}
	w.settle()
	if len(w.cancels) != 1 || w.cancels[0] != (cancellation{2, block(0, 7)}) {
		t.Errorf("cancelled %v", w.cancels)
	}
}

func TestANewHolderStealsOneBlockToShowItsPace(t *testing.T) {
	w := newWorld(t, shape(2, 8), Start{})
	w.join(1, 8, 0)
	w.settle()
	w.receive(1, block(0, 0))
	w.join(2, 8, 0)
	for range 20 {
		w.settle() // each looks at one of those that have nothing to do
	}
	if n := len(w.out[2]); n != 1 {
		t.Errorf("%d blocks stolen", n)
	}
}
