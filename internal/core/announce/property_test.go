package announce

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/etorrent/etorrent/internal/fuzzseed"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/tracker"
)

func TestTrackersNeverHearWhatTheyShouldNot(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t, func(n int) int { return rapid.IntRange(0, n-1).Draw(t, "choice") })
		for range rapid.IntRange(1, 150).Draw(t, "steps") {
			w.step()
		}
		w.everybodyIsHeardOf()
	})
}

// everybodyIsHeardOf has all trackers work from now on, and looks that all torrents
// are announced.
func (w *world) everybodyIsHeardOf() {
	w.draw = func(int) int { return 0 }
	heard := map[recordKey]mono.Instant{}
	from := w.now
	for w.now.Sub(from) < 6*time.Hour {
		w.settle(heard)
		next := w.c.NextDeadline()
		if next == mono.Never {
			break
		}
		w.now = max(w.now, next)
		w.c.Tick(w.now, w)
	}
	w.audit()
	for _, t := range w.c.torrents {
		if t.goal == leaving {
			w.t.Fatalf("%v was not taken leave of", t.id)
		}
		for _, l := range t.lanes {
			w.isHeardOf(l, heard)
		}
	}
}

func (w *world) isHeardOf(l *lane, heard map[recordKey]mono.Instant) {
	usable := false
	for _, r := range l.rows {
		usable = usable || r.given == notGivenUp
		for f := range tracker.IPv6 + 1 {
			if at := heard[recordKey{r.t.id, r.url, f}]; w.now.Sub(at) < time.Hour {
				return
			}
		}
	}
	if usable {
		w.t.Fatalf("nobody heard of %v", l.rows[0].t.id)
	}
}

// settle answers all that is asked, until nothing is.
func (w *world) settle(heard map[recordKey]mono.Instant) {
	for len(w.lookups) > 0 || len(w.air) > 0 {
		for len(w.lookups) > 0 {
			w.resolve()
		}
		w.dropLost()
		q, is := w.inAir()
		if !is {
			continue
		}
		r := tracker.Response{Interval: 30 * time.Minute}
		w.note(&q, &r)
		heard[recordKey{q.Torrent, q.Tracker, q.Family}] = w.now
		w.c.Answer(w.now, q.ID, tracker.Answered{Response: r}, w)
	}
}

// A script of bytes says what happens.
func FuzzScript(f *testing.F) {
	fuzzseed.Add(f)
	f.Add([]byte{0, 1, 2, 1, 0, 7, 0, 8, 0, 13, 1, 8, 0})
	f.Add([]byte{0, 0, 3, 1, 1, 2, 0, 0, 1, 1, 1, 7, 1, 8, 0, 5, 0, 2, 0, 8, 0, 13, 3, 15, 1, 15, 2})
	f.Fuzz(func(t *testing.T, script []byte) {
		rest := script[:min(len(script), 600)]
		w := newWorld(t, func(n int) int {
			if len(rest) == 0 {
				return 0
			}
			b := rest[0]
			rest = rest[1:]
			return int(b) % n
		})
		for len(rest) > 0 {
			w.step()
		}
		w.everybodyIsHeardOf()
	})
}
