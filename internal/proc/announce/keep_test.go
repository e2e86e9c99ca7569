package announce_test

import (
	"context"
	"io"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	core "github.com/etorrent/etorrent/internal/core/announce"
	"github.com/etorrent/etorrent/internal/proc/announce"
	"github.com/etorrent/etorrent/internal/store"
	"github.com/etorrent/etorrent/internal/vocab/ident"
	"github.com/etorrent/etorrent/internal/vocab/tracker"
	"github.com/etorrent/etorrent/sup"
)

// uploaded says how much went up, and has it announced.
func (w *world) uploaded(id ident.TorrentID, n int64) {
	w.s.Progress(id, core.Counters{Uploaded: n, Left: 500}, core.WantsPeers)
	w.s.AnnounceNow(id)
}

// told are the uploaded bytes that a site was told.
func (s *site) told() []int64 {
	var all []int64
	for _, a := range s.announces() {
		all = append(all, a.Uploaded)
	}
	return all
}

func equal(t *testing.T, got, want []int64) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("told %v, want %v", got, want)
		return
	}
	for i := range got {
		if got[i] != want[i] {
			t.Errorf("told %v, want %v", got, want)
			return
		}
	}
}

func TestWhatATrackerIsToldIsKeptBeforeItHearsIt(t *testing.T) {
	inWorld(t, nil, nil, func(t *testing.T, w *world) {
		answers := sup.NewMailbox[func(error)]() // of what is being kept
		var behind atomic.Int32
		site := w.serveAt(theirHost+":80", func(rw http.ResponseWriter, r *http.Request) {
			if q, is := tracker.ViewAnnounceQuery(r.URL.RawQuery).(tracker.AnnounceQuery); is && q.Announce.Uploaded > w.keep.of(1).Saved.Uploaded {
				behind.Add(1)
			}
			_, _ = io.WriteString(rw, body)
		})
		w.s.Begin(w.entry(1, "http://tracker.example/announce"))
		w.pass(6 * time.Minute)
		w.keep.set(answers.Put)
		w.uploaded(1, 100)
		w.pass(500 * time.Millisecond)
		equal(t, site.told(), []int64{0})
		for _, done := range answers.Take(nil) {
			done(nil)
		}
		w.pass(100 * time.Millisecond)
		equal(t, site.told(), []int64{0, 100})
		if behind.Load() != 0 {
			t.Error("it was told before it was kept")
		}
	})
}

// Where nothing can be kept, trackers hear of us all the same, but of nothing that is
// not kept.
func TestATrackerHearsOfUsThoughTheStoreCannotWriteButOfNothingThatIsNotKept(t *testing.T) {
	for name, answer := range map[string]func(done func(error)){
		"it fails":           func(done func(error)) { done(errDisk) },
		"it does not answer": func(func(error)) {},
		"another has it":     func(done func(error)) { done(&store.StaleEpochError{ID: 1}) },
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, nil, nil, func(t *testing.T, w *world) {
				site := w.serveAt(theirHost+":80", nil)
				w.s.Begin(w.entry(1, "http://tracker.example/announce"))
				w.uploaded(1, 10)
				w.pass(6 * time.Minute)
				w.uploaded(1, 20)
				w.pass(6 * time.Minute)
				w.keep.set(answer)
				asked := w.keep.tries()
				w.uploaded(1, 30)
				w.pass(6 * time.Minute)
				w.uploaded(1, 40)
				w.pass(6 * time.Minute)
				equal(t, site.told(), []int64{10, 20, 20, 20}[:len(site.told())])
				if n := len(site.told()); n != 4 {
					t.Errorf("%d announces", n)
				}
				w.keep.set(nil)
				tries := w.keep.tries() - asked
				switch name {
				case "it fails":
					if tries < 5 || tries > 25 {
						t.Errorf("%d tries in 12 minutes", tries)
					}
					w.pass(2 * time.Minute)
					w.uploaded(1, 50)
					w.pass(6 * time.Minute)
					equal(t, site.told(), []int64{10, 20, 20, 20, 50})
				case "another has it":
					if tries != 1 {
						t.Errorf("%d tries", tries)
					}
					e := w.entry(1, "http://tracker.example/announce")
					e.Epoch = 2 // who has the row now
					w.s.Begin(e)
					w.uploaded(1, 50)
					w.pass(6 * time.Minute)
					equal(t, site.told(), []int64{10, 20, 20, 20, 50})
				}
			})
		})
	}
}

func TestThatNothingCanBeKeptShowsInTheTree(t *testing.T) {
	inWorld(t, nil, nil, func(t *testing.T, w *world) {
		w.keep.set(func(done func(error)) { done(errDisk) })
		w.serveAt(theirHost+":80", nil)
		w.s.Begin(w.entry(1, "http://tracker.example/announce"))
		w.pass(time.Second)
		if s, is := w.node().State.(sup.Degraded); !is || s.Err != errDisk {
			t.Errorf("it is %v", w.node().State)
		}
		w.keep.set(nil)
		w.pass(2 * time.Minute)
		if s, is := w.node().State.(sup.Running); !is {
			t.Errorf("it is %v", s)
		}
		if w.keep.of(1).Saved.Key == 0 {
			t.Error("nothing was kept")
		}
	})
}

// node is what the tree shows of the process.
func (w *world) node() sup.Node {
	synctest.Wait()
	return w.tree.Snapshot().Root.Children[1]
}

// Who comes back after a restart of the program tells what it told and more, with the
// same key, and no sooner than it may.
func TestATorrentComesBackWithWhatWasKept(t *testing.T) {
	var kept announce.Kept
	inWorld(t, nil, nil, func(t *testing.T, w *world) {
		site := w.serveAt(theirHost+":80", nil)
		w.s.Begin(w.entry(1, "http://tracker.example/announce"))
		w.uploaded(1, 70)
		w.pass(time.Second)
		equal(t, site.told(), []int64{70})
		kept = w.keep.of(1)
	})
	inWorld(t, nil, nil, func(t *testing.T, w *world) {
		site := w.serveAt(theirHost+":80", nil)
		e := w.entry(1, "http://tracker.example/announce")
		e.From = core.Restored{Saved: kept.Saved, Age: time.Hour}
		w.s.Begin(e)
		w.uploaded(1, 5)
		w.pass(time.Minute)
		equal(t, site.told(), []int64{75})
		if key := site.announces()[0].Key; key != kept.Saved.Key {
			t.Errorf("the key is %x, was %x", key, kept.Saved.Key)
		}
	})
}

// A row that nothing was kept in gives a torrent a key.
func TestATorrentOfAnOldRowGetsAKey(t *testing.T) {
	inWorld(t, nil, nil, func(t *testing.T, w *world) {
		site := w.serveAt(theirHost+":80", nil)
		for id := range ident.TorrentID(2) {
			e := w.entry(1+id, "http://tracker.example/announce")
			e.From = core.Restored{}
			w.s.Begin(e)
		}
		w.pass(time.Second)
		asked := site.announces()
		if len(asked) != 2 || asked[0].Key == 0 || asked[0].Key == asked[1].Key {
			t.Errorf("asked %+v", asked)
		}
	})
}

// A second Begin, as after a crash of the torrent, changes nothing for its trackers,
// and counts that begin anew are added.
func TestABeginOfWhatIsAnnouncedChangesNothingForItsTrackers(t *testing.T) {
	inWorld(t, nil, nil, func(t *testing.T, w *world) {
		site := w.serveAt(theirHost+":80", nil)
		w.s.Begin(w.entry(1, "http://tracker.example/announce"))
		w.uploaded(1, 100)
		w.pass(6 * time.Minute)
		e := w.entry(1, "http://tracker.example/announce")
		into := &sink{}
		e.Into = into
		w.s.Begin(e)
		w.uploaded(1, 30)
		w.pass(6 * time.Minute)
		equal(t, site.told(), []int64{100, 130})
		if got := site.events(); got != "started," {
			t.Errorf("events: %s", got)
		}
		if len(into.named()) != 2 || len(into.reported()) != 1 {
			t.Errorf("the new side heard %v and %v", into.named(), into.reported())
		}
	})
}

// One that ended and was begun again at once tells no less than before, though what it
// is begun with was read too early.
func TestATorrentThatIsBegunAgainTellsNoLess(t *testing.T) {
	inWorld(t, nil, nil, func(t *testing.T, w *world) {
		site := w.serveAt(theirHost+":80", nil)
		w.s.Begin(w.entry(1, "http://tracker.example/announce"))
		w.uploaded(1, 100)
		w.pass(6 * time.Minute)
		w.keep.set(func(func(error)) {}) // of which nothing is heard
		w.s.End(1)
		w.pass(10 * time.Second)
		w.keep.set(nil)
		w.s.Begin(w.entry(1, "http://tracker.example/announce"))
		w.uploaded(1, 10)
		w.pass(time.Minute)
		equal(t, site.told(), []int64{100, 100, 110})
		if got := site.events(); got != "started,stopped,started" {
			t.Errorf("events: %s", got)
		}
	})
}

func TestLeavingTellsAllTheirTrackersAndKeepsIt(t *testing.T) {
	inWorld(t, nil, nil, func(t *testing.T, w *world) {
		site := w.serveAt(theirHost+":80", nil)
		for id := range ident.TorrentID(20) {
			w.s.Begin(w.entry(1+id, "http://tracker.example/announce"))
		}
		w.pass(10 * time.Second)
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		if err := w.s.Leave(ctx); err != nil {
			t.Error(err)
		}
		stopped := 0
		for _, a := range site.announces() {
			if a.Event == tracker.Stopped {
				stopped++
			}
		}
		if stopped != 20 {
			t.Errorf("%d were told to have stopped", stopped)
		}
		for id := range ident.TorrentID(20) {
			if w.keep.of(1 + id).Saved.Trackers[0].Families[0].Listing != core.Unlisted {
				t.Errorf("%d is kept as if it were listed", 1+id)
			}
		}
		w.s.Begin(w.entry(99, "http://tracker.example/announce"))
		w.pass(time.Hour)
		if n := len(site.announces()); n != 40 {
			t.Errorf("%d announces", n)
		}
		if err := w.s.Leave(t.Context()); err != nil {
			t.Errorf("again: %v", err)
		}
	})
}

// Neither a tracker nor a store that does not answer holds up the end.
func TestLeavingEndsInTime(t *testing.T) {
	for name, keep := range map[string]func(func(error)){"the tracker": nil, "both": func(func(error)) {}} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, nil, nil, func(t *testing.T, w *world) {
				slow := false
				w.serveAt(theirHost+":80", func(rw http.ResponseWriter, r *http.Request) {
					if slow {
						<-r.Context().Done()
					}
					_, _ = io.WriteString(rw, body)
				})
				for id := range ident.TorrentID(20) {
					w.s.Begin(w.entry(1+id, "http://tracker.example/announce"))
				}
				w.pass(10 * time.Second)
				slow = true
				w.keep.set(keep)
				ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
				defer cancel()
				begun := time.Now()
				err := w.s.Leave(ctx)
				if took := time.Since(begun); took > 3*time.Second || (err == nil) != (keep == nil) {
					t.Errorf("it took %v: %v", took, err)
				}
			})
		})
	}
}
