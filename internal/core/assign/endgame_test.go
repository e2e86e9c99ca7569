package assign

import (
	"slices"
	"testing"

	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// sometime has so many blocks received before that n second copies may be dealt.
func (w *world) sometime(n uint64) { w.c.came.blocks = (n - wasteFree) * wasteShare }

func TestSecondCopiesComeFromTheTailOfTheLongestQueue(t *testing.T) {
	w := newWorld(t, shape(1, 16), Start{})
	w.sometime(7)
	w.seed(1, 12)
	w.seed(2, 4)
	w.settle()
	w.seed(3, 100)
	expectRuns(t, w.settle(), dealt{3, run(0, 6, 6)})
	if w.c.Phase() != Endgame {
		t.Fatal("no endgame")
	}
}

func TestTheOtherCopyIsCancelledAtReceipt(t *testing.T) {
	w := newWorld(t, shape(1, 3), Start{})
	w.sometime(2)
	w.seed(1, 3)
	w.settle()
	w.seed(2, 1)
	expectRuns(t, w.settle(), dealt{2, run(0, 2, 1)})
	if got := w.receive(2, block(0, 2)); got != BlockTaken {
		t.Fatalf("the copy is %d", got)
	}
	w.settle()
	if w.cancels[0] != (cancellation{1, block(0, 2)}) {
		t.Fatalf("cancelled %v", w.cancels)
	}
}

func TestABlockHasAtMostTwoCopies(t *testing.T) {
	w := newWorld(t, shape(1, 1), Start{})
	w.sometime(9)
	for id := range HolderID(5) {
		w.seed(id+1, 3)
		w.settle()
	}
	if n := w.fetchers(block(0, 0)); n != 2 {
		t.Fatalf("%d copies", n)
	}
	w.leave(1)
	w.settle()
	if n := w.fetchers(block(0, 0)); n != 2 {
		t.Fatalf("%d copies after one left", n)
	}
}

func TestOneThatWouldBeHardlySoonerGetsNoCopy(t *testing.T) {
	for sent, want := range map[int]int{4: 1, 1: 0} {
		w := newWorld(t, shape(1, 3), Start{})
		w.sometime(2)
		w.seed(1, 9)
		w.settle()
		w.seed(2, 9)
		w.c.holders[1].recent, w.c.holders[2].recent = 4, sent
		if got := w.settle(); len(got) != want {
			t.Errorf("dealt %v to one that sent %d blocks of late", got, sent)
		}
	}
}

func TestFewCopiesAreDealtHoweverManyWait(t *testing.T) {
	for _, tc := range []struct{ before, most uint64 }{{0, 1}, {wasteShare, 2}, {9 * wasteShare, 10}} {
		w := newWorld(t, shape(1, 64), Start{})
		w.c.came.blocks = tc.before
		w.seed(1, 64)
		w.settle()
		copies := uint64(0)
		for id := range HolderID(8) {
			w.seed(2+id, 64)
			for _, d := range w.settle() {
				copies += uint64(d.run.Count)
			}
		}
		for n := range uint32(64) {
			w.receive(1, block(0, n)) // what it sends first is cancelled elsewhere
			for _, d := range w.settle() {
				copies += uint64(d.run.Count)
			}
		}
		if copies == 0 || copies > tc.most {
			t.Errorf("%d copies were dealt after %d blocks, %d may be", copies, tc.before, tc.most)
		}
	}
}

func TestNoCopiesWhileABlockIsFree(t *testing.T) {
	w := newWorld(t, shape(2, 3), Start{})
	w.sometime(2)
	w.join(1, 3, 0) // too short a queue to steal from
	w.join(2, 3, 0)
	w.settle()
	if len(w.runs) != 1 || w.c.Phase() != Dealing {
		t.Fatalf("dealt %v in phase %d", w.runs, w.c.Phase())
	}
	w.join(3, 4, 1)
	w.settle()
	if len(w.runs) != 2 || w.c.Phase() != Endgame {
		t.Fatalf("dealt %v in phase %d", w.runs, w.c.Phase())
	}
}

func TestInterestFollowsWhatIsWanted(t *testing.T) {
	w := newWorld(t, shape(3, 1), Start{Priorities: []Priority{Normal, Normal, Unwanted}})
	w.join(1, 0, 0)
	w.join(2, 0, 2)
	w.seed(3, 0)
	expect := func(want ...Interest) {
		t.Helper()
		w.settle()
		if got := []Interest{w.told[1], w.told[2], w.told[3]}; !slices.Equal(got, want) {
			t.Fatalf("told %v, not %v", got, want)
		}
	}
	expect(Interested, NotInterested, Interested)
	w.c.Verified(0)
	expect(NotInterested, NotInterested, Interested)
	w.c.Have(2, 1)
	expect(NotInterested, Interested, Interested)
	w.c.Verified(1)
	expect(NotInterested, NotInterested, NotInterested)
	w.c.SetPriorities([]Priority{Normal, Normal, Low})
	expect(NotInterested, Interested, Interested)
	w.c.HaveSet(1, pieceset.Full(3))
	expect(Interested, Interested, Interested)
	w.c.Verified(2)
	w.c.Lost(0)
	expect(Interested, NotInterested, Interested)
}

// The last blocks of a torrent must not go round among those that send nothing: each
// turn there costs a time-out.
func TestThoseThatSendNothingKeepTheLastBlocksForOneTimeOutAtMost(t *testing.T) {
	const sends, rejects = 1, 2
	quiet := []HolderID{3, 4}
	for seed := range uint64(50) {
		w := newWorld(t, shape(4, 8), Start{})
		w.c.rnd = random(seed)
		for _, id := range []HolderID{3, rejects, 4, sends} {
			w.seed(id, 6)
		}
		timeouts := 0
		for w.settle(); w.c.flying > 0 || w.c.Phase() == Dealing; w.settle() {
			switch {
			case len(w.out[sends]) > 0:
				w.receive(sends, w.out[sends][0])
			case len(w.out[rejects]) > 0:
				w.c.SetCredit(rejects, 1)
				w.giveBack(rejects, w.out[rejects][0], Rejected)
			default:
				timeouts++
				for _, id := range quiet {
					for len(w.out[id]) > 0 {
						w.giveBack(id, w.out[id][0], TimedOut)
					}
					w.c.SetCredit(id, 1)
				}
			}
			if timeouts > 1 {
				t.Fatalf("random seed %d: %d blocks wait for another time-out", seed, w.c.flying)
			}
		}
	}
}

func TestACopyOfWhatLagsIsNotCounted(t *testing.T) {
	w := newWorld(t, shape(1, 8), Start{})
	w.seed(1, 8)
	w.settle()
	w.giveBack(1, block(0, 7), TimedOut)
	w.settle()
	w.seed(2, 8)
	if got := w.settle(); len(got) == 0 {
		t.Fatalf("dealt %v of what a silent one fetches", got)
	}
	if w.c.came.copied != 0 {
		t.Fatalf("%d copies count", w.c.came.copied)
	}
}
