package etorrenttest

import (
	"sync"
	"time"
)

// monitor is a lock whose holder can wait for a change of what it guards. It is
// a passive leaf: nobody holds it across a wait. (A sync.Cond would know neither
// deadlines nor contexts.)
type monitor struct {
	mu      sync.Mutex
	changed chan struct{} // closed at the next change; nil while nobody waits
}

func (m *monitor) lock()   { m.mu.Lock() }
func (m *monitor) unlock() { m.mu.Unlock() }

// change wakes whoever waits; the lock is held.
func (m *monitor) change() {
	if m.changed != nil {
		close(m.changed)
		m.changed = nil
	}
}

// wait gives the lock up until a change, until a point in time (zero: never), or
// until done is closed (nil: never), and takes it again. The caller looks anew
// at what it waits for.
func (m *monitor) wait(until time.Time, done <-chan struct{}) {
	if m.changed == nil {
		m.changed = make(chan struct{})
	}
	changed := m.changed
	m.mu.Unlock()
	defer m.mu.Lock()
	var over <-chan time.Time
	if !until.IsZero() {
		t := time.NewTimer(time.Until(until))
		defer t.Stop()
		over = t.C
	}
	select {
	case <-changed:
	case <-over:
	case <-done:
	}
}

// earlier is the earlier of two points in time, of which zero is never.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// passed says whether a deadline has passed; zero never does.
func passed(deadline time.Time) bool { return !deadline.IsZero() && !time.Now().Before(deadline) }
