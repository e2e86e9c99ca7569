package cong

import (
	"math"
	"math/bits"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/mono"
)

// round is a round trip: it ends when something is acknowledged that was sent in it.
type round struct {
	since  mono.Instant
	sum    time.Duration // of waits
	count  int64
	most   time.Duration // of its waits
	before time.Duration // of those of the one before
	filled int           // acknowledgements of what the window had limited
	skip   int           // rounds, this one included, in which the window stays
}

func (r *round) take(waits time.Duration, by Limit) {
	r.sum += waits
	r.count++
	r.most = max(r.most, waits)
	if by == ByWindow {
		r.filled++
	}
}

func (r *round) next(now mono.Instant) {
	*r = round{since: now, before: r.most, skip: max(r.skip-1, 0)}
}

// longest is the longest wait of the last two rounds.
func (r *round) longest() time.Duration { return max(r.most, r.before) }

// settle sets the window at the end of a round.
func (q *quiet) settle(now mono.Instant) {
	if q.phase != Steady || q.round.count == 0 || q.round.skip > 0 {
		return
	}
	q.buffer.pass(now, q.round.since, q.round.most)
	waits, aim := q.round.sum/time.Duration(q.round.count), q.buffer.target()
	q.noteBack(waits)
	switch {
	case waits > aim:
		q.steps = 0
		q.window += q.gain() - q.excess(waits, aim)
	case q.round.filled == 0:
	case q.round.most < aim/4:
		q.steps++
		q.window += max(q.window>>max(slowStep-q.steps, q.fastest()), q.segment())
	default:
		q.steps = 0
		q.window += max(q.gain(), min(q.segment(), scale(4*q.segment(), int64(aim-waits), int64(aim))))
	}
	q.window = q.clamp(q.window)
}

// gently is how many parts an excess has, of which one is cut where the remote fills the
// way back.
const gently = 4

// excess is by how much the window goes down where packets wait longer than they should:
// the part of it that does. Where the way back is full a window that is a little smaller
// than the remote's is enough to empty the queue, unless others have a part in it.
func (q *quiet) excess(waits, aim time.Duration) int64 {
	part := scale(q.window, int64(waits-aim), int64(q.meter.Base()+waits))
	if q.back > 0 && waits < 2*target {
		part /= gently
	}
	return min(part, q.window/2)
}

// noteBack notes how long acknowledgements wait where packets wait so long. They do where
// the remote sends as much as we do. Then the larger of the two windows has all of both
// queues and the other one none, so that whoever cuts or grows too much makes the other
// do so a moment later, in turn, and each leaves its way idle for a while.
func (q *quiet) noteBack(waits time.Duration) {
	q.back = max(q.rtt-q.meter.Base()-waits, q.back*3/4)
	if q.back < target/2 {
		q.back = 0
	}
}

// gain is by how much the window grows in a round where the delay is near its target.
func (q *quiet) gain() int64 {
	base := max(q.meter.Base(), time.Millisecond)
	return max(q.segment()/min(16, int64((2*target+base-1)/base)), 1)
}

// delivered is the most that arrived in a second, of the last ten to twenty rounds.
type delivered struct {
	now, before int64
	rounds      int
}

const deliveredRounds = 10

func (d *delivered) take(now mono.Instant, s Delivery) {
	if took := now.Sub(s.SentAt); s.SentAt != mono.Never && took > 0 && s.Bytes < math.MaxInt64 {
		d.now = max(d.now, scale(int64(s.Bytes), int64(time.Second), int64(took)))
	}
}

func (d *delivered) next() {
	if d.rounds++; d.rounds == deliveredRounds {
		d.now, d.before, d.rounds = 0, d.now, 0
	}
}

func (d *delivered) most() int64 { return max(d.now, d.before) }

// carries is how much a rate of bytes a second carries in a time.
func carries(rate int64, d time.Duration) int64 { return scale(rate, int64(d), int64(time.Second)) }

// scale is a*b/c, and at most what can be added to without a thought.
func scale(a, b, c int64) int64 {
	const most = math.MaxInt64 / 16
	high, low := bits.Mul64(uint64(max(a, 0)), uint64(max(b, 0)))
	by := uint64(max(c, 1))
	if high >= by {
		return most
	}
	n, _ := bits.Div64(high, low, by)
	return int64(min(n, most))
}

// slowStep and the others say, by powers of two, what part of itself the window grows by
// in rounds in which the path is empty: more in each of them, up to a quarter, or less
// where the queue is shallow or the remote fills the way back.
const (
	slowStep    = 5
	fastStep    = 2
	carefulStep = 4
)

func (q *quiet) fastest() int {
	if q.buffer.depth > 0 || q.back > 0 {
		return carefulStep
	}
	return fastStep
}
