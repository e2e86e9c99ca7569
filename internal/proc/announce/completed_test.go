package announce_test

import (
	"fmt"
	"maps"
	"testing"
	"time"

	core "github.com/etorrent/etorrent/internal/core/announce"
	"github.com/etorrent/etorrent/internal/proc/announce"
	"github.com/etorrent/etorrent/internal/vocab/ident"
	"github.com/etorrent/etorrent/internal/vocab/tracker"
)

const (
	overHTTP = "http://tracker.example/announce"
	overUDP  = "udp://tracker.example:6969/announce"
	// oneWay is how long anything takes to the trackers of a world, and back.
	oneWay = 5 * time.Millisecond
)

// ears are two trackers that last longer than a process.
type ears struct {
	web       *site
	datagrams *station
}

func (w *world) ears() *ears {
	return &ears{w.serveAt(theirHost+":80", nil), w.station(theirHost+":6969", nil)}
}

// completed are the instants at which a torrent was said to be complete: 1 over HTTP, 2
// over UDP.
func (e *ears) completed(id byte) (at []time.Time) {
	for i, a := range e.web.announces() {
		if a.InfoHash[0] == id && a.Event == tracker.Completed {
			at = append(at, e.web.at[i])
		}
	}
	_, all := e.datagrams.asked()
	for i, a := range all {
		if a.Announce.InfoHash[0] == id && a.Announce.Event == tracker.Completed {
			at = append(at, e.datagrams.at[i])
		}
	}
	return at
}

// isUnderWay says whether something was sent, and its answer not there yet, when a fuse
// blew.
func (f *fuse) isUnderWay(heard []time.Time) bool {
	for _, blew := range f.blew {
		for _, at := range heard {
			if since := blew.Sub(at); since >= -oneWay && since < oneWay {
				return true
			}
		}
	}
	return false
}

// Wherever the process crashes, each tracker hears once that a torrent was fetched. Of
// what was under way over HTTP nobody can know; an answer over UDP finds the next process.
func TestCompletedIsToldOnceWhereverTheProcessCrashes(t *testing.T) {
	story := func(t *testing.T, f *fuse) {
		inWorld(t, f.hook, nil, func(t *testing.T, w *world) {
			e := w.ears()
			w.s.Begin(w.entry(1, overHTTP))
			w.s.Begin(w.entry(2, overUDP))
			w.pass(15 * time.Second) // after a crash `started` waits for ten of them
			w.s.Completed(1)
			w.pass(10 * time.Second)
			w.s.Completed(2)
			w.pass(3 * time.Hour)
			web, datagrams := e.completed(1), e.completed(2)
			if n := len(web); n == 0 || n > 2 || n == 2 && !f.isUnderWay(web) {
				t.Errorf("over HTTP it is said at %v; crashed at %v", web, f.blew)
			}
			if len(datagrams) != 1 {
				t.Errorf("over UDP it is said at %v; crashed at %v", datagrams, f.blew)
			}
			for id := range ident.TorrentID(2) {
				for _, one := range w.keep.of(1 + id).Saved.Trackers {
					if one.Families[0].Debt != core.OwesNothing {
						t.Errorf("of %d it is kept that it is owed still", 1+id)
					}
				}
			}
		})
	}
	calm := &fuse{seen: map[string]int{}}
	story(t, calm)
	for at, passed := range calm.seen {
		for skip := range passed {
			t.Run(fmt.Sprint(at, skip), func(t *testing.T) { story(t, &fuse{at: at, skip: skip, left: 1}) })
		}
	}
}

// Wherever the program is killed, each tracker hears once that a torrent was fetched, by
// what was kept, unless the answer was under way or not kept yet.
func TestCompletedIsToldOnceWhereverTheProgramIsKilled(t *testing.T) {
	type ended struct {
		kept  map[ident.TorrentID]announce.Kept
		times [2]int // that it was said
		owed  [2]bool
		done  bool
	}
	// first is a run that is killed where the fuse blows, from when on nothing is kept.
	first := func(t *testing.T, f *fuse) (out ended) {
		inWorld(t, f.hook, nil, func(t *testing.T, w *world) {
			e, dead, rise := w.ears(), make(chan struct{}), make(chan struct{})
			fetched := false
			f.dies = func() {
				w.keep.mu.Lock()
				out.kept = maps.Clone(w.keep.last)
				w.keep.mu.Unlock()
				out.done = fetched
				close(dead)
				<-rise
			}
			w.s.Begin(w.entry(1, overHTTP))
			w.s.Begin(w.entry(2, overUDP))
			w.pass(10 * time.Second)
			fetched = true // and the row says so
			w.s.Completed(1)
			w.s.Completed(2)
			w.pass(time.Hour)
			select {
			case <-dead:
			default:
				out.kept, out.done = maps.Clone(w.keep.last), true
			}
			for i := range out.times {
				out.times[i] = len(e.completed(byte(1 + i)))
				for _, one := range out.kept[ident.TorrentID(1+i)].Saved.Trackers {
					out.owed[i] = out.owed[i] || one.Families[0].Debt == core.OwesCompleted || one.Families[0].Listing == core.Listed && out.kept[ident.TorrentID(1+i)].Saved.Finished == core.Unfinished
				}
			}
			close(rise)
		})
		return out
	}
	story := func(t *testing.T, f *fuse) {
		before := first(t, f)
		if !before.done {
			return // it was not fetched yet
		}
		inWorld(t, nil, nil, func(t *testing.T, w *world) {
			e := w.ears()
			for i, u := range []string{overHTTP, overUDP} {
				entry, kept := w.entry(ident.TorrentID(1+i), u), before.kept[ident.TorrentID(1+i)]
				entry.About.Left = 0
				kept.Saved = kept.Saved.Finish()
				entry.From = announce.ResumedOf(kept, w.clock.Wall())
				w.s.Begin(entry)
			}
			w.pass(3 * time.Hour)
			for i, was := range before.times {
				again, want := len(e.completed(byte(1+i))), 0
				if before.owed[i] {
					want = 1
				}
				if again != want || was+again == 0 {
					t.Errorf("%d was said %d times, and %d times after the kill, where it was owed: %v", 1+i, was, again, before.owed[i])
				}
			}
		})
	}
	calm := &fuse{seen: map[string]int{}}
	story(t, calm)
	for at, passed := range calm.seen {
		for skip := range passed {
			t.Run(fmt.Sprint(at, skip), func(t *testing.T) { story(t, &fuse{at: at, skip: skip, left: 1}) })
		}
	}
}
