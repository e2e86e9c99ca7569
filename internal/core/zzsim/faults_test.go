package storage

import (
	"errors"
	"syscall"
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// untilFault runs a world whose chances are certain until the first fault, then
// lets everything go well.
func (w *world) untilFault() {
	for range steps {
		if w.failure != "" || len(w.faults) > 0 {
			break
		}
		w.next()
	}
	w.chances = chances{}
}

func TestEachFaultPausesTheTorrentAndNothingClaimedIsLost(t *testing.T) {
	for name, c := range map[string]struct {
		op      Op
		err     error
		chances chances
	}{
		"no space":           {OpWrite, syscall.ENOSPC, chances{write: 300}},
		"quota":              {OpWrite, syscall.EDQUOT, chances{write: 300}},
		"read-only":          {OpWrite, syscall.EROFS, chances{write: 300}},
		"input/output":       {OpWrite, syscall.EIO, chances{write: 300}},
		"file too large":     {OpWrite, syscall.EFBIG, chances{write: 300}},
		"sync failed":        {OpSync, syscall.EIO, chances{sync: 300}},
		"sync without space": {OpSync, syscall.ENOSPC, chances{sync: 300}},
		"unreadable":         {OpRead, syscall.EIO, chances{read: 1000, check: 50}},
		"row not to be had":  {OpClaim, syscall.EIO, chances{begin: 1000}},
		"row not ours":       {OpClaim, syscall.EPERM, chances{refuse: 300}},
	} {
		t.Run(name, func(t *testing.T) {
			met := 0
			runs(50, func(run uint64) {
				w := newWorld(run, c.chances, honest)
				w.err = c.err
				w.untilFault()
				met += len(w.faults)
				claimed := w.row.claims.Clone()
				w.live(steps)
				switch {
				case w.failure != "":
				case len(w.faults) > 0 && (w.faults[0].Op != c.op || !errors.Is(w.faults[0], c.err)):
					w.fail("failed with %v", w.faults[0])
				case !w.isComplete():
					w.fail("it does not complete: %v", w.t.count)
				case c.op != OpRead && !isWithin(claimed, w.row.claims):
					w.fail("claims are lost")
				}
				if w.failure != "" {
					t.Fatalf("run number %d: %s", run, w.failure)
				}
			})
			if met < 10 && *runNumber == 0 {
				t.Errorf("only %d faults in 50 runs", met)
			}
		})
	}
}

func TestAFaultIsTheTorrentsPhaseUntilItIsResumed(t *testing.T) {
	s := newScript(t, 2, 1)
	s.bring(0, 0)
	s.answer("hash 0+1 of 0")
	s.expect("verified 0", "write 0+1 of 0")
	s.t.RunFailed(s.now, geometry.Run{Count: 1}, Fault{OpWrite, syscall.ENOSPC}, s)
	s.expect("fault write: no space left on device", "forget 0", "lost 0")
	if p, _ := s.t.Phase().(Paused); !errors.Is(p.Fault, syscall.ENOSPC) {
		t.Errorf("the phase is %v", s.t.Phase())
	}
	if e := s.store(1, 0); e != BlockRefused {
		t.Errorf("a block is %d while paused", e)
	}
	s.t.Resume(s.now, s)
	s.bring(0, 0)
	s.expect("hash 0+1 of 0")
}

func TestAFileThatIsTakenAwayIsReadAgainAndFetchedAgain(t *testing.T) {
	runs(200, func(run uint64) {
		w := newWorld(run, chances{}, honest)
		w.live(w.rnd.IntN(200))
		w.meddle()
		w.live(steps)
		w.now = w.now.Add(time.Hour)
		// A world that was complete learns of it from somebody who looks.
		if w.seeForeign() {
			w.mend()
		}
		w.live(steps)
		for i := range w.row.claims.All() {
			if !w.disk.isDurablyRight(w.geometry, i) {
				w.fail("piece %d is claimed and not there", i)
			}
		}
		if w.failure == "" && !w.isComplete() {
			w.fail("it does not complete: %v", w.t.count)
		}
		if w.failure != "" {
			t.Fatalf("run number %d: %s", run, w.failure)
		}
	})
}

func TestACheckFindsWhatIsThereAndClaimsIt(t *testing.T) {
	runs(200, func(run uint64) {
		w := newWorld(run, chances{}, honest)
		w.live(steps)
		total := w.geometry.Pieces()
		w.row.claims.Clear()
		spoilt := pieceset.Index(w.rnd.IntN(total))
		from, _ := span(w.geometry, geometry.Run{Piece: spoilt, Count: 1})
		w.disk.sectors[from] = sector{platter: bad}
		w.wake(nil)
		w.input(func() { w.t.Check(w.now, pieceset.Full(total), w) })
		for range steps {
			if w.checks > 0 {
				break
			}
			w.next()
		}
		if w.checked[0]+w.checked[1] != total || w.checked[1] != 1 {
			w.fail("%d good and %d bad of %d", w.checked[0], w.checked[1], total)
		}
		w.live(steps)
		if w.failure != "" || !w.isComplete() || w.row.claims.Count() != total {
			t.Fatalf("run number %d: %s, %v", run, w.failure, w.t.count)
		}
	})
}

func TestAFoundPieceIsNotClaimedOnTheWordOfACacheThatASyncEmptied(t *testing.T) {
	runs(300, func(run uint64) {
		w := newWorld(run, chances{sync: 500}, honest)
		for k := range w.disk.sectors {
			w.disk.sectors[k].write(good) // somebody copied it here a moment ago
		}
		w.input(func() { w.t.Check(w.now, pieceset.Full(w.geometry.Pieces()), w) })
		w.live(100)
		w.chances.sync = 0
		w.live(steps)
		if w.failure != "" || !w.isComplete() {
			t.Fatalf("run number %d: %s, %v", run, w.failure, w.t.count)
		}
	})
}
