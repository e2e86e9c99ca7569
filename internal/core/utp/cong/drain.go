package cong

import (
	"time"

	"github.com/etorrent/etorrent/internal/vocab/mono"
)

const (
	// drainShare is how many times as long as a drain took passes until the next one.
	drainShare = 30
	// drainLeast is how much it is at least.
	drainLeast = 10 * time.Second
)

// drain is a slowdown (LEDBAT++): the window is at its least until packets show how long
// the path is without the queue that we make. Else who comes later takes our queue for
// a part of the path.
type drain struct {
	due    mono.Instant // the next one; Never: not before something is known
	since  mono.Instant // the one under way
	window int64        // after it
	rounds int
}

// plan begins a drain where it is due. A path that was seen empty meanwhile needs none.
func (q *quiet) plan(now mono.Instant) {
	if q.drain.due == mono.Never || now < q.drain.due {
		return
	}
	if empty := q.meter.Empty(); empty != mono.Never && empty.Add(drainLeast) > now && q.drain.rounds > 0 {
		q.drain.due = empty.Add(drainLeast)
		return
	}
	aim := q.buffer.target()
	base := q.meter.Base()
	q.drain.since, q.drain.rounds = now, 0
	q.drain.window = scale(q.window, int64(base+aim*3/4), int64(base+aim))
	q.phase, q.window = draining, q.clamp(0)
}

// drained is called for each round of a drain.
func (q *quiet) drained(now mono.Instant, _ Ack) {
	if q.drain.rounds++; q.drain.rounds < 2 {
		return
	}
	q.phase = steady
	q.window = q.clamp(q.drain.window)
	q.round.skip = 3
	q.drain.due = now.Add(max(drainShare*now.Sub(q.drain.since), drainLeast))
}

// Deadline is when a drain ends at the latest.
func (q *quiet) Deadline() mono.Instant {
	if q.phase != draining {
		return mono.Never
	}
	return q.drain.since.Add(4*(q.rtt+target) + time.Second)
}

// Tick ends a drain that took too long.
func (q *quiet) Tick(now mono.Instant) {
	if at := q.Deadline(); at != mono.Never && at <= now {
		q.drain.rounds = 2
		q.drained(now, Ack{})
	}
}
