package utp

import (
	"time"

	"github.com/etorrent/etorrent/internal/vocab/mono"
)

const (
	// firstWindow is what a connection begins with, in bytes.
	firstWindow = 64 << 10
	// slowWindow is the least that one has whose user is slow, in bytes: some packets.
	slowWindow = 16 << 10
	// tuneEvery is for how long it is measured how fast a user reads.
	tuneEvery = time.Second
)

// tuning is the window of a connection, which follows how its user reads. As long as the user
// keeps up it doubles, up to what the connection may have (throng.go). While bytes wait to be read it
// shrinks to what is read in a second: so what waits for a slow user takes little memory, and
// a limit that lets bytes trickle has the remote send less at once, in place of a window that
// is closed: libutp gives up a connection when that lasts 46 s. It shrinks by half of what is
// read, so that what was promised is never taken back, and opens meanwhile.
type tuning struct {
	window int
	wanted int    // what it shrinks to
	grown  uint64 // bytes that were delivered when it last grew
	since  mono.Instant
	read   int    // bytes, since then
	least  int    // of what waited to be read since then
	joined uint32 // the last span of the throng that it counts in
}

// newTuning is that of a connection that begins with a window.
func newTuning(now mono.Instant, window int) tuning {
	return tuning{window: window, wanted: window, since: now, least: window}
}

// tune finds the window. Of what came before this step so many bytes wait to be read, and the
// user has read some since the last step.
func (c *cell) tune(unread, read int) {
	t, now, before := &c.tuning, c.x.now, c.tuning.window
	t.read += read
	t.least = min(t.least, unread)
	if delivered := c.counts.delivered; unread <= t.window/4 && delivered-t.grown >= uint64(t.window/2) {
		t.grown = delivered
		most := c.most()
		t.window = max(t.window, min(2*t.window, most))
		t.wanted = min(t.window, most)
	}
	if span := now.Sub(t.since); span >= tuneEvery {
		if t.least > t.window/2 {
			rate := int(int64(t.read) * int64(time.Second) / int64(span))
			t.wanted = min(max(rate, slowWindow), t.window)
		}
		t.since, t.read, t.least = now, 0, unread
	}
	if t.window > t.wanted {
		t.window = max(t.window-read/2, t.wanted)
	}
	if t.window != before {
		c.step(toResize)
	}
}

// limit has the window be no more than the share.
func (c *cell) limit(share int) {
	if t := &c.tuning; t.window > share {
		t.window, t.wanted = share, share
		c.step(toResize)
		c.x.touch(c)
	}
}
