package files

import (
	"slices"
	"sync"
)

const (
	// windowStep is how far the begins of windows lie apart in a file, and windowOver how
	// far each reaches into the next one: so much, from anywhere, lies in one window.
	windowStep = 8 << 20
	windowOver = 1 << 20
	// mostWindows is how many are mapped at a time, and idleWindows how many of them may
	// be in nobody's use. They take page tables, and room among the addresses.
	mostWindows = 64
	idleWindows = 4
)

// windowSet is the parts of files that are mapped. They are kept for the bytes beside
// those that were lent, since to map and unmap costs more than to lend. It is a passive
// leaf: its lock guards a list, and nothing is mapped or unmapped under it.
type windowSet struct {
	mu  sync.Mutex
	all []*window // the least recently lent first
}

// pane is where a window lies. While it is mapped no other file has the identity.
type pane struct {
	store *store
	file  int
	id    identity
	at    int64
}

// window is a part of a file. What is behind bytes is guarded by windowSet.mu.
type window struct {
	of    *windowSet
	pane  pane
	bytes []byte
	users int
	life  windowLife
}

// windowLife says whether a window is lent to others.
type windowLife uint8

const (
	windowKept windowLife = iota
	windowLeft            // it goes with the last loan
)

// windowRoom says whether another window may be mapped.
type windowRoom uint8

const (
	windowsFree windowRoom = iota
	windowsTaken
)

// take lends the window of a pane, or says whether one may be mapped.
func (ws *windowSet) take(p pane) (*window, windowRoom) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	if w := ws.find(p); w != nil {
		return w, windowsFree
	}
	if ws.idle() == 0 && len(ws.all) >= mostWindows {
		return nil, windowsTaken
	}
	return nil, windowsFree
}

// find is take with the lock held.
func (ws *windowSet) find(p pane) *window {
	n := slices.IndexFunc(ws.all, func(w *window) bool { return w.pane == p && w.life == windowKept })
	if n < 0 {
		return nil
	}
	w := ws.all[n]
	w.users++
	ws.all = append(slices.Delete(ws.all, n, n+1), w)
	return w
}

// admit lends a window that was just mapped, or the one of the same pane that another
// caller mapped meanwhile, or none where there are too many. It returns what is to be
// unmapped.
func (ws *windowSet) admit(w *window) (lent *window, surplus []*window) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	if have := ws.find(w.pane); have != nil {
		return have, []*window{w}
	}
	surplus = ws.leave(len(ws.all)-mostWindows+1, anyWindow)
	if len(ws.all) >= mostWindows {
		return nil, append(surplus, w)
	}
	w.users = 1
	ws.all = append(ws.all, w)
	return w, surplus
}

func (ws *windowSet) idle() int {
	n := 0
	for _, w := range ws.all {
		if w.users == 0 {
			n++
		}
	}
	return n
}

func anyWindow(*window) bool { return true }

// leave takes up to n windows that nobody uses out of the list, to be unmapped.
func (ws *windowSet) leave(n int, which func(*window) bool) []*window {
	var out []*window
	ws.all = slices.DeleteFunc(ws.all, func(w *window) bool {
		if len(out) >= n || w.users > 0 || !which(w) {
			return false
		}
		out = append(out, w)
		return true
	})
	return out
}

// drop lends the windows of some panes no more, and returns those that are to be
// unmapped now.
func (ws *windowSet) drop(which func(pane) bool) []*window {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	for _, w := range ws.all {
		if which(w.pane) {
			w.life = windowLeft
		}
	}
	return ws.leave(len(ws.all), func(w *window) bool { return w.life == windowLeft })
}

// end ends a loan, and returns what is to be unmapped.
func (ws *windowSet) end(w *window) []*window {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	if w.users--; w.users > 0 {
		return nil
	}
	if w.life == windowLeft {
		return ws.leave(1, func(o *window) bool { return o == w })
	}
	return ws.leave(ws.idle()-idleWindows, anyWindow)
}

// EndLoan ends a loan of bytes in the window.
func (w *window) EndLoan() { unmap(w.of.end(w)) }

// dropWindows lends what is mapped of file i no more.
func (s *store) dropWindows(i int) {
	unmap(s.windows.drop(func(p pane) bool { return p.store == s && p.file == i }))
}

// dropAllWindows lends nothing that is mapped any more.
func (s *store) dropAllWindows() {
	unmap(s.windows.drop(func(p pane) bool { return p.store == s }))
}
