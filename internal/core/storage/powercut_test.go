package storage

import (
	"flag"
	"testing"

	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

var runNumber = flag.Uint64("run-number", 0, "replay this one run of a simulation (0: all)")

// steps bounds a life: no world takes nearly as many.
const steps = 20_000

// crash ends the present life, by a power cut or by the death of the process
// alone, and begins the next. Whatever survives, no claim may be false and no
// more than one window lost.
func (w *world) crash() (how ending) {
	w.judgeLoss()
	unfinished, unsynced := !w.isComplete(), w.disk.hasUnsynced()
	w.durable.RemoveAll(w.t.At(Revoking)) // the row may have taken these back already
	recalled := pieceset.New(w.geometry.Pieces())
	for _, partly := range w.applied {
		partly()
	}
	if w.rnd.IntN(3) > 0 {
		w.disk.powerCut()
		switch {
		case unfinished && unsynced:
			how = cutWithUnsynced
		case unfinished:
			how = cutOfSynced
		default:
			how = cutAfterTheEnd
		}
	} else {
		for i := range w.writtenAt {
			recalled.Add(i)
		}
		w.disk.recheck()
	}
	doubted := w.piecesOf(w.stale())
	for i := range w.row.claims.All() {
		if !doubted.Has(i) && !w.disk.isRight(w.geometry, i) {
			w.fail("after the crash piece %d is claimed and wrong", i)
		}
	}
	if !isWithin(w.durable, w.row.claims) {
		w.fail("a piece was reported durable and is not claimed after the crash")
	}
	w.wake(recalled)
	return how
}

// ending is how a life ended.
type ending uint8

const (
	processDied     ending = iota
	cutAfterTheEnd         // a power cut when all was durable
	cutOfSynced            // one amid the download, with nothing to tear
	cutWithUnsynced        // one amid the download, that found writes without their sync
	endings
)

// toll counts lives by how they ended.
type toll [endings]int

// judgeLoss looks at the pieces that were written and are not claimed: they
// must belong to the window that is out, or to the one that is next.
func (w *world) judgeLoss() {
	bound := w.opened[1]
	if w.window == windowIsOut {
		bound = w.opened[0]
	}
	for i, at := range w.writtenAt {
		if w.row.claims.Has(i) || !heldStages.has(w.t.Stage(i)) {
			continue // or lost, which is not reported yet
		}
		if at < bound {
			w.fail("piece %d was written at %v, before a window that is claimed, and is not claimed", i, at)
		}
		if len(w.faults) == 0 && w.chances == (chances{}) && w.now.Sub(at) > CommitEvery+4*latest {
			w.fail("piece %d is written since %v and not claimed", i, w.now.Sub(at))
		}
	}
}

func isWithin(s, of *pieceset.Set) bool { return s.Overlap(of) == s.Count() }

// live runs the present life for a number of steps, or until all is durable.
func (w *world) live(most int) {
	for range most {
		if w.failure != "" || w.isComplete() {
			return
		}
		w.next()
	}
}

// crashed runs one download with at most so many crashes, no more than one of
// them after its end, and returns what went wrong.
func crashed(run uint64, crashes int, c chances, l lie) (lives toll, failure string) {
	w := newWorld(run, c, l)
	for ended := false; crashes > 0 && !ended; crashes-- {
		w.live(1 + w.rnd.IntN(150))
		if w.failure != "" {
			return lives, w.failure
		}
		ended = w.isComplete()
		lives[w.crash()]++
	}
	w.chances.meddle = 0
	w.live(steps)
	if w.failure == "" && !w.isComplete() {
		w.fail("the download does not complete: %v, phase %T", w.t.count, w.t.Phase())
	}
	return lives, w.failure
}

// sometimes is an environment in which everything fails now and then.
var sometimes = chances{write: 10, sync: 30, claim: 50, refuse: 10, read: 10, begin: 50, corrupt: 60}

// crowded is one in which people check and meddle too.
var crowded = chances{write: 5, sync: 10, claim: 20, read: 5, begin: 20, corrupt: 60, check: 10, meddle: 3}

// runs calls one for each run number, or for the one that was asked for.
func runs(n uint64, one func(run uint64)) {
	if *runNumber > 0 {
		one(*runNumber)
		return
	}
	for run := range n {
		one(run + 1)
	}
}

const (
	// downloads is how many whole downloads each environment sees.
	downloads      = 1400
	downloadsShort = downloads / 5
	// leastCuts is how many power cuts must hit one of them unfinished and with
	// writes to tear: 10,000 in the six environments together.
	leastCuts = 1667
)

func TestNoPowerCutMakesAClaimFalse(t *testing.T) {
	n, least := uint64(downloads), leastCuts
	if testing.Short() {
		n, least = downloadsShort, leastCuts/5
	}
	for name, c := range map[string]chances{
		"nothing else fails":   {},
		"liars":                {corrupt: 200},
		"syncs fail":           {sync: 150, corrupt: 20},
		"writes fail too":      {sync: 150, write: 80},
		"everything may fail":  sometimes,
		"files change as well": crowded,
	} {
		t.Run(name, func(t *testing.T) {
			var all toll
			runs(n, func(run uint64) {
				lives, failure := crashed(run, 6, c, honest)
				for how, times := range lives {
					all[how] += times
				}
				if failure != "" {
					t.Fatalf("run number %d: %s", run, failure)
				}
			})
			t.Logf("%d power cuts of unfinished downloads found writes to tear, %d found none; %d came after the end, %d lives ended otherwise",
				all[cutWithUnsynced], all[cutOfSynced], all[cutAfterTheEnd], all[processDied])
			if *runNumber == 0 && all[cutWithUnsynced] < least {
				t.Errorf("only %d power cuts found writes to tear in an unfinished download, %d are to", all[cutWithUnsynced], least)
			}
		})
	}
}

func TestTheSimulatorNoticesABrokenPromise(t *testing.T) {
	for name, l := range map[string]lie{
		"claim before sync":      syncsNothing,
		"failed sync as proof":   hidesSyncFailure,
		"written before it is":   writesLater,
		"verified by a bad hash": hashesWrong,
		"claims are kept":        keepsClaims,
	} {
		t.Run(name, func(t *testing.T) {
			for run := range uint64(200) {
				if _, failure := crashed(run+1, 6, crowded, l); failure != "" {
					return
				}
			}
			t.Error("200 runs passed")
		})
	}
}

func TestACleanStopKeepsEverything(t *testing.T) {
	runs(500, func(run uint64) {
		w := newWorld(run, chances{corrupt: 20}, honest)
		w.live(w.rnd.IntN(150))
		missing := len(w.missing())
		w.input(func() { w.t.Stop(w.now, w) })
		for range steps {
			if w.failure != "" || w.stopped {
				break
			}
			w.next()
		}
		corrupt := missing < len(w.missing())
		if !w.stopped || w.budget.used != 0 || len(w.events) > 0 {
			w.fail("the stop does not end: %v, %d bytes, %d events", w.t.count, w.budget.used, len(w.events))
		}
		w.disk.powerCut()
		w.wake(nil)
		if got := len(w.missing()); got != missing && !corrupt {
			w.fail("%d blocks are missing after the stop, %d before", got, missing)
		}
		w.live(steps)
		if w.failure == "" && !w.isComplete() {
			w.fail("the download does not complete")
		}
		if w.failure != "" {
			t.Fatalf("run number %d: %s", run, w.failure)
		}
	})
}

func TestADeadlineIsNeverInThePastForLong(t *testing.T) {
	runs(100, func(run uint64) {
		w := newWorld(run, sometimes, honest)
		for range 300 {
			w.next()
			if d := w.t.NextDeadline(); d != mono.Never && d < w.now {
				w.input(func() { w.t.Tick(w.now, w) })
				if d := w.t.NextDeadline(); d != mono.Never && d <= w.now {
					t.Fatalf("run number %d: the deadline %v stays at %v", run, d, w.now)
				}
			}
		}
	})
}
