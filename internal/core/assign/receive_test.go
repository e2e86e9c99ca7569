package assign

import (
	"testing"

	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

func TestReceivedBlocksAreNamedForWhatTheyAre(t *testing.T) {
	w := newWorld(t, shape(1, 3), Start{})
	w.seed(1, 2)
	w.seed(2, 0)
	w.settle()
	for _, x := range []struct {
		name string
		from HolderID
		n    uint32
		want BlockEvidence
	}{
		{"dealt and needed", 1, 0, BlockTaken},
		{"stored before", 1, 0, BlockDuplicate},
		{"sent by nobody we know", 9, 1, BlockFromStranger},
		{"dealt to another", 2, 1, BlockLate},
		{"the last one, dealt to nobody", 1, 2, PieceFilled},
		{"of a full piece", 2, 2, BlockDuplicate},
	} {
		if got := w.receive(x.from, block(0, x.n)); got != x.want {
			t.Errorf("%s: %d, not %d", x.name, got, x.want)
		}
	}
	w.c.Verified(0)
	if got := w.receive(1, block(0, 0)); got != BlockDuplicate {
		t.Errorf("of a held piece: %d", got)
	}
}

func TestCreditCountsWhatIsFetched(t *testing.T) {
	w := newWorld(t, shape(4, 8), Start{})
	w.seed(1, 4)
	w.settle()
	w.c.SetCredit(1, 4)
	expectRuns(t, w.settle())
	w.receive(1, w.out[1][0])
	if runs := w.settle(); len(runs) != 1 || runs[0].run.Count != 1 {
		t.Fatalf("dealt %v for one received", runs)
	}
	w.c.SetCredit(1, 2)
	w.receive(1, w.out[1][0])
	expectRuns(t, w.settle())
}

func TestDealingAndReceivingAllocatesNothing(t *testing.T) {
	c, s := New(shape(1000, 16), Start{}, random(1)), &sink{}
	c.Join(1, pieceset.Full(1000))
	c.SetCredit(1, 64)
	c.Settle(s)
	batch := func() {
		for _, r := range s.runs {
			for n := r.First; n < r.First+r.Count; n++ {
				if c.Received(1, block(r.Piece, n)) == PieceFilled {
					c.Lost(r.Piece)
				}
			}
		}
		s.runs = s.runs[:0]
		c.Settle(s)
	}
	if n := testing.AllocsPerRun(100, batch); n != 0 {
		t.Fatalf("%v allocations a batch", n)
	}
}

func TestBlocksOfHoldersThatLeaveAreDealtAgain(t *testing.T) {
	w := newWorld(t, shape(2, 4), Start{})
	w.seed(1, 8)
	w.settle()
	w.c.Join(2, pieceset.Full(2))
	w.leave(1)
	if w.c.State(0) != PieceMissing || w.c.Phase() != Dealing {
		t.Fatalf("state %d, phase %d", w.c.State(0), w.c.Phase())
	}
	w.c.SetCredit(2, 8)
	w.settle()
	if len(w.out[2]) != 8 {
		t.Fatalf("dealt %v", w.runs)
	}
}

func TestTimedOutBlocksGoToAnother(t *testing.T) {
	w := newWorld(t, shape(9, 4), Start{})
	w.seed(1, 4)
	w.settle()
	late := w.out[1][0]
	w.seed(2, 1)
	w.giveBack(1, late, TimedOut)
	w.settle()
	if len(w.out[2]) != 1 || w.out[2][0] != late {
		t.Fatalf("dealt %v, not the late %v", w.runs, late)
	}
	if got := w.receive(1, late); got != BlockLate {
		t.Fatalf("it comes after all: %d", got)
	}
	w.settle()
	if len(w.cancels) != 1 || w.cancels[0] != (cancellation{2, late}) {
		t.Fatalf("cancelled %v", w.cancels)
	}
}

func TestAReturnedBlockComesBackToTheOnlyHolder(t *testing.T) {
	for _, why := range []Reason{Choked, Rejected, TimedOut} {
		w := newWorld(t, shape(1, 1), Start{})
		w.seed(1, 1)
		w.settle()
		for range 3 {
			w.giveBack(1, block(0, 0), why)
			expectRuns(t, w.settle(), dealt{1, run(0, 0, 1)})
		}
	}
}

func TestWhoTimedOutGetsTheBlockAgainWhenTheNextHolderFails(t *testing.T) {
	w := newWorld(t, shape(2, 1), Start{})
	w.join(1, 1, 0)
	w.settle()
	w.join(2, 1, 0)
	w.giveBack(1, block(0, 0), TimedOut)
	expectRuns(t, w.settle(), dealt{2, run(0, 0, 1)})
	w.leave(2)
	expectRuns(t, w.settle(), dealt{1, run(0, 0, 1)})
}

func TestAllBlocksCanBeReturnedAtOnce(t *testing.T) {
	w := newWorld(t, shape(2, 4), Start{})
	w.seed(1, 8)
	w.settle()
	w.out[1] = nil
	w.c.ReturnedAll(1, Choked)
	w.c.SetCredit(1, 0)
	expectRuns(t, w.settle())
	w.seed(2, 8)
	w.settle()
	if len(w.out[2]) != 8 {
		t.Fatalf("dealt %v", w.runs)
	}
}

func TestInputsAboutTheDepartedAreIgnored(t *testing.T) {
	w := newWorld(t, shape(2, 4), Start{})
	w.c.Leave(1)
	w.c.Have(1, 0)
	w.c.HaveAll(1)
	w.c.HaveSet(1, pieceset.Full(2))
	w.c.SetCredit(1, 5)
	w.c.Returned(1, block(0, 0), TimedOut)
	w.c.ReturnedAll(1, Choked)
	expectRuns(t, w.settle())
	if w.c.Interest(1) != NotInterested {
		t.Fatal("interested in nobody")
	}
}

func TestBugsOfTheCallerPanic(t *testing.T) {
	for name, f := range map[string]func(*Core){
		"nobody joins":         func(c *Core) { c.Join(Nobody, nil) },
		"a holder joins twice": func(c *Core) { c.Join(1, nil); c.Join(1, nil) },
		"a piece outside":      func(c *Core) { c.Verified(2) },
		"a block outside":      func(c *Core) { c.Received(1, block(0, 4)) },
		"a set of another size": func(c *Core) {
			c.Join(1, pieceset.New(3))
		},
		"a snapshot of another size": func(c *Core) { c.Reset(Snapshot{Held: pieceset.New(3)}) },
		"priorities of another size": func(c *Core) { c.SetPriorities(nil) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Fatal("no panic")
				}
			}()
			f(New(shape(2, 4), Start{}, random(1)))
		})
	}
}
