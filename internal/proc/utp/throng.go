package utp

import (
	"time"

	"github.com/etorrent/etorrent/internal/core/utp/conn"
	"github.com/etorrent/etorrent/internal/vocab/mono"
)

const (
	// nearMost is the most that the window of a near one may be, in bytes: a round trip of 25 ms
	// takes no more at 300 Mbit/s, and what is nearer less.
	nearMost = 1 << 20
	// nearLeast is the window of a near one in any case, in bytes: as few packets as can be
	// lost one at a time.
	nearLeast = 4 << 10
	// throngSpan is for how long a connection counts that had its window used.
	throngSpan = time.Second
)

// division is how the connections share the room of the socket.
type division struct {
	share   int // the most that the window of one may be where datagrams come singly
	throng  throng
	packing packing
}

// throng is how many connections that are near have their windows used. Those share the room
// of the socket: the more there are the less has each, so that all together are not more than
// it holds. One that is idle needs none of it.
type throng struct {
	span        uint32 // counts the spans
	since       mono.Instant
	now, before int // in this span, and in the one before
}

// at begins a new span where one is over.
func (h *throng) at(now mono.Instant) {
	switch gone := now.Sub(h.since) / throngSpan; {
	case gone == 0:
	case gone == 1:
		h.span, h.since, h.before, h.now = h.span+1, h.since.Add(throngSpan), h.now, 0
	default:
		h.span, h.since, h.before, h.now = h.span+1, now, 0, 0
	}
}

// size is how many share, at least one.
func (h *throng) size() int { return max(1, h.before, h.now) }

// join counts a connection in this span, once, and returns the span.
func (h *throng) join(counted uint32) uint32 {
	this := h.span + 1 // 0 is none
	if counted != this {
		h.now++
	}
	return this
}

// most is how large the connection's window may become, when it is used. All of that of one
// that is near may lie in the socket at once, since a round trip may pass between two reads;
// what comes from farther is on its way. One whose round trip is not known, since we have sent
// nothing, may be near.
func (c *cell) most() int {
	x := c.x
	if c.core.LeastRTT() >= conn.FarRTT {
		return x.room.share
	}
	room := x.link.Room()
	if room == 0 {
		return min(x.room.share, nearMost)
	}
	x.room.throng.at(x.now)
	c.tuning.joined = x.room.throng.join(c.tuning.joined)
	pack := &x.room.packing
	share := min(x.m.cfg.Core.Window, nearMost, pack.of(x.room.share))
	return min(share, max(pack.of(room)/x.room.throng.size(), nearLeast))
}

// first is what a connection begins with: all of them may begin at once.
func (x *process) first() int {
	w := min(firstWindow, x.room.share)
	if room := x.link.Room(); room > 0 {
		w = min(w, max(room/max(1, x.living), nearLeast))
	}
	return w
}
