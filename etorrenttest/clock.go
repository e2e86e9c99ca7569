package etorrenttest

import (
	"net"
	"time"

	"github.com/etorrent/etorrent"
	"github.com/etorrent/etorrent/internal/proc/clock"
)

// Clock is an etorrent.Clock that a test has in its hands. What the runtime's clock
// says it does not change.
type Clock struct {
	monitor
	asleep, ahead time.Duration
	jumps         int
}

var _ etorrent.Clock = (*Clock)(nil)

// NewClock returns a clock of a machine that was never suspended, with the runtime's
// wall clock.
func NewClock() *Clock { return &Clock{} }

// Suspend makes it look as if the machine had been suspended for d up to now.
func (c *Clock) Suspend(d time.Duration) { c.jump(d, d) }

// SetAhead moves the wall clock; d below 0 moves it back.
func (c *Clock) SetAhead(d time.Duration) { c.jump(0, d) }

func (c *Clock) jump(asleep, ahead time.Duration) {
	c.lock()
	defer c.unlock()
	c.asleep += asleep
	c.ahead += ahead
	c.jumps++
	c.change()
}

// Wall reads the wall clock.
func (c *Clock) Wall() time.Time {
	c.lock()
	defer c.unlock()
	return time.Now().Add(c.ahead)
}

// Asleep is for how long the machine was suspended in all.
func (c *Clock) Asleep() time.Duration {
	c.lock()
	defer c.unlock()
	return c.asleep
}

// Watch tells of what the test does with the clock.
func (c *Clock) Watch() (clock.Watch, error) {
	c.lock()
	defer c.unlock()
	return newWatch(&c.monitor, &c.jumps), nil
}

// watch waits for a count that a monitor guards to change.
type watch struct {
	in     *monitor
	count  *int
	seen   int
	closed chan struct{}
	state  watchState
}

type watchState uint8

const (
	watchOpen watchState = iota
	watchClosed
)

// newWatch returns a watch; the monitor's lock is held.
func newWatch(in *monitor, count *int) *watch {
	return &watch{in: in, count: count, seen: *count, closed: make(chan struct{})}
}

// Wait returns when the count has changed, or with an error when the watch is closed.
func (w *watch) Wait() error {
	w.in.lock()
	defer w.in.unlock()
	for w.seen == *w.count && w.state == watchOpen {
		w.in.wait(time.Time{}, w.closed)
	}
	if w.state == watchClosed {
		return net.ErrClosed
	}
	w.seen = *w.count
	return nil
}

// Close ends the wait.
func (w *watch) Close() error {
	w.in.lock()
	defer w.in.unlock()
	if w.state == watchOpen {
		w.state = watchClosed
		close(w.closed)
	}
	return nil
}
