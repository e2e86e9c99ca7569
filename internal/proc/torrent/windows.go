package torrent

import (
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/etorrent/etorrent/internal/core/assign"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
	"github.com/etorrent/etorrent/sup"
)

// windows are what hosts read of a torrent. They are a passive leaf that outlives the
// assign process, which is told when they change and looks what they are now, and so
// does the next one. Its lock guards a map.
type windows struct {
	mu   sync.Mutex
	last assign.WindowID
	open map[assign.WindowID]*window
	news windowNews
	box  *sup.Mailbox[toAssign] // takes one input at a time of this
}

// window is what one reader wants, and how fast it reads.
type window struct {
	assign.Window
	read    int64 // bytes since the measure began
	since   mono.Instant
	perSpan float64 // bytes a second; 0 is unknown
}

// windowNews says whether the assign process knows of a change.
type windowNews uint8

const (
	windowsTold windowNews = iota
	windowsChanged
)

func newWindows(box *sup.Mailbox[toAssign]) *windows {
	return &windows{open: map[assign.WindowID]*window{}, box: box}
}

// OpenWindow begins a window, in which nothing is yet. The caller closes it.
func (t *Torrent) OpenWindow() assign.WindowID {
	w := t.windows
	w.mu.Lock()
	defer w.mu.Unlock()
	w.last++
	w.open[w.last] = &window{since: t.env.Clock.Now()}
	return w.last
}

// SetWindow says what somebody reads. A window that was closed stays so.
func (t *Torrent) SetWindow(id assign.WindowID, to assign.Window) {
	w := t.windows
	w.mu.Lock()
	defer w.mu.Unlock()
	if x := w.open[id]; x != nil && x.Window != to {
		x.Window = to
		w.tell()
	}
}

// Nearness says whether a piece is in a window.
type Nearness uint8

// The two.
const (
	OutOfWindow Nearness = iota
	InWindow
)

// ViewWindow says whether a piece is in a window or right behind it.
func (t *Torrent) ViewWindow(id assign.WindowID, i pieceset.Index) Nearness {
	w := t.windows
	w.mu.Lock()
	defer w.mu.Unlock()
	if x := w.open[id]; x != nil && i >= x.First && int(i-x.First) <= x.Now+x.Soon {
		return InWindow
	}
	return OutOfWindow
}

// CloseWindow ends a window; once more does nothing.
func (t *Torrent) CloseWindow(id assign.WindowID) {
	w := t.windows
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, is := w.open[id]; is {
		delete(w.open, id)
		w.tell()
	}
}

// tell has the assign process look, unless it is about to.
func (w *windows) tell() {
	if w.news == windowsTold {
		w.news = windowsChanged
		w.box.Put(toAssign{kind: inputWindows})
	}
}

// take is what is read now. Later changes are told anew.
func (w *windows) take() map[assign.WindowID]assign.Window {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.news = windowsTold
	out := map[assign.WindowID]assign.Window{}
	for id, x := range w.open {
		if x.Now+x.Soon > 0 {
			out[id] = x.Window
		}
	}
	return out
}

// paceSpan is for how long a reader's bytes are counted before its rate is worked out.
const paceSpan = time.Second

// Consumed counts n bytes that the reader of a window took, and returns its rate of
// late in bytes a second; 0 is unknown.
func (t *Torrent) Consumed(id assign.WindowID, n int) float64 {
	w := t.windows
	w.mu.Lock()
	defer w.mu.Unlock()
	x := w.open[id]
	if x == nil {
		return 0
	}
	x.read += int64(n)
	now := t.env.Clock.Now()
	if span := now.Sub(x.since); span >= paceSpan {
		rate := float64(x.read) / span.Seconds()
		if x.perSpan > 0 {
			rate = (rate + x.perSpan) / 2
		}
		x.perSpan, x.read, x.since = rate, 0, now
	}
	return x.perSpan
}

// readWindows brings the picker in line with what is read.
func (a *assigner) readWindows() {
	open := a.t.windows.take()
	for _, id := range slices.Sorted(maps.Keys(a.windows)) {
		if _, still := open[id]; !still {
			a.core.CloseWindow(id)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(open)) {
		if w := open[id]; a.windows[id] != w && int(w.First) < a.begun.geometry.Pieces() {
			a.core.SetWindow(id, w)
		}
	}
	a.windows = open
}
