package cong

import (
	"time"

	"github.com/etorrent/etorrent/internal/core/utp/delay"
	"github.com/etorrent/etorrent/internal/vocab/mono"
)

const (
	// drainShare is how many times as long as a drain took passes until the next one.
	drainShare = 30
	// drainLeast is how much it is at least.
	drainLeast = 10 * time.Second
	// drainHold is how long it goes on when nothing is on its way.
	drainHold = 20 * time.Millisecond
	// nearLow is by how much a wait is shorter than others that is no accident.
	nearLow = 5 * time.Millisecond
	// manyFloors is after how many drains in a row that found the same queue it is none,
	// and sameFloor what is the same.
	manyFloors = 6
	sameFloor  = 2 * time.Millisecond
)

// drain is a slowdown (LEDBAT++): the window is at its least until packets show how long
// the path is without the queue that we make. Else who comes later takes our queue for
// a part of the path.
type drain struct {
	due    mono.Instant  // the next one; Never: not before something is known
	since  mono.Instant  // the one under way
	window int64         // after it
	empty  mono.Instant  // when nothing was on its way
	last   mono.Instant  // when the last one ended
	low    time.Duration // the shortest wait since
	floor  floor
	floors floors
}

// plan begins a drain where it is due. A path that was seen empty meanwhile needs none.
// What the window is less after it leaves half of the queue to who saw the path empty.
func (q *quiet) plan(now mono.Instant) {
	if q.drain.due == mono.Never || now < q.drain.due {
		return
	}
	if empty := q.meter.Empty(); empty != mono.Never && empty.Add(drainLeast) > now && q.drain.last != mono.Never {
		q.drain.due = empty.Add(drainLeast)
		return
	}
	aim := q.buffer.target()
	q.drain.since, q.drain.empty = now, mono.Never
	kept := q.rtt - min(aim, q.rtt)/2
	if q.noteBack(q.waits); q.back > 0 {
		kept = min(q.meter.Base()+q.back+aim/2, q.rtt)
	}
	q.drain.window = scale(q.window, int64(kept), int64(q.rtt))
	q.phase, q.window = Slowdown, min(q.window, q.few())
}

// drained notes that next to nothing of ours is on its way: what is sent next meets no
// queue of ours. Others that drain too are given a little time.
func (q *quiet) drained(now mono.Instant) {
	if q.drain.empty == mono.Never {
		q.drain.empty, q.drain.floor = now, awaited
	} else if now >= q.drain.empty.Add(drainHold) {
		q.refill(now)
	}
}

// refill ends a drain.
func (q *quiet) refill(now mono.Instant) {
	q.phase = Steady
	q.window = q.clamp(q.drain.window)
	q.round.skip = 3
	q.drain.low, q.drain.last = target, now
	q.drain.due = now.Add(max(drainShare*now.Sub(q.drain.since), drainLeast))
}

// nothing is what is next to nothing: too little for a queue, whatever the path.
func (q *quiet) nothing() int64 {
	return max(q.few(), min(q.drain.window/16, carries(q.pace.most(), q.meter.Base()/4)))
}

// sound takes the wait of the first packet that was sent after a drain. Where it is the
// same after one drain and the next, no queue does that: the path has become longer.
func (q *quiet) sound(now mono.Instant, a Ack, waits time.Duration) {
	if q.drain.floor == taken || a.Delivered.SentAt < q.drain.empty || a.Delivered.SentAt == mono.Never {
		return
	}
	q.drain.floor = taken
	if q.drain.floors.take(waits) == longer {
		q.meter = delay.Meter{}
		q.meter.Sample(now, a.Delay, a.RTT)
	}
}

// floors are the waits after drains in a row.
type floors struct {
	low, high time.Duration
	count     int
}

// length says whether the path is as long as it was.
type length uint8

const (
	asBefore length = iota
	longer
)

func (f *floors) take(waits time.Duration) length {
	if low, high := min(f.low, waits), max(f.high, waits); f.count > 0 && high-low <= sameFloor {
		*f = floors{low, high, f.count + 1}
	} else {
		*f = floors{waits, waits, 1}
	}
	if f.low < nearLow {
		f.count = 0
	}
	if f.count < manyFloors {
		return asBefore
	}
	f.count = 0
	return longer
}

// floor says whether the wait after the last drain is known.
type floor uint8

const (
	taken floor = iota
	awaited
)

// follow notes how long packets wait. Where they wait shorter than since the last drain,
// somebody else drains: from then on both do it at the same time, and see the path.
func (q *quiet) follow(now mono.Instant, waits time.Duration) {
	if q.phase != Steady || q.round.skip > 0 || waits >= q.drain.low-nearLow {
		return
	}
	q.drain.low = waits
	if at := now.Add(drainLeast); at > q.drain.due && at < q.drain.last.Add(3*drainLeast) {
		q.drain.due = at
	}
}

// Deadline is when a drain ends.
func (q *quiet) Deadline() mono.Instant {
	switch {
	case q.phase != Slowdown:
		return mono.Never
	case q.drain.empty != mono.Never:
		return q.drain.empty.Add(drainHold)
	}
	return q.drain.since.Add(4*(q.rtt+target) + time.Second)
}

// Tick ends a drain.
func (q *quiet) Tick(now mono.Instant) {
	if at := q.Deadline(); at != mono.Never && at <= now {
		q.refill(now)
	}
}
