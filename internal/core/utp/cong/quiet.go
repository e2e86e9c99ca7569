package cong

import (
	"time"

	"github.com/etorrent/etorrent/internal/core/utp/delay"
	"github.com/etorrent/etorrent/internal/vocab/mono"
)

const (
	// target is how long packets wait in the queue that we make. What the window grows by
	// comes on top: it is 60 ms with it (LEDBAT++).
	target = 58 * time.Millisecond
	// first is the window at the beginning, and least what may fly at the worst, in
	// packets.
	first = 4
	least = 2
	// slowest is how many round trips it takes to send a packet at the worst: many that
	// share a link would fill its queue with two each.
	slowest = 4
)

// quiet is the default control, of the kind of LEDBAT++ (draft-irtf-iccrg-ledbat-plus-plus):
// it takes what others leave. Once in each round trip it sets the window by how long
// packets waited in that round, so that every step is judged by what the one before did.
//
//	Starting ──▶ Steady ◀──▶ Slowdown
type quiet struct {
	cfg    Config
	meter  delay.Meter
	rtt    time.Duration // smoothed
	window int64
	phase  Stage
	thresh int64 // where starting ends
	pace   delivered
	round  round
	buffer buffer
	losses losses
	drain  drain
	back   time.Duration // how long acknowledgements wait on their way, 0: so short that it may be an accident
	steps  int           // rounds in a row in which the path was empty
	undo   undo
	sent   mono.Instant
	heard  hearing
	waits  time.Duration // as measured last
}

// hearing says whether anything was acknowledged since the last silence.
type hearing uint8

const (
	heard hearing = iota
	silent
)

// undo is what an episode of loss changed.
type undo struct {
	window, thresh int64
	phase          Stage
	buffer         buffer
}

// now is what there is to come back to.
func (q *quiet) now() undo {
	if q.phase == Slowdown {
		return undo{q.drain.window, q.thresh, Steady, q.buffer}
	}
	return undo{q.window, q.thresh, q.phase, q.buffer}
}

func newQuiet(cfg Config) Control {
	cfg.Segment = max(cfg.Segment, 1)
	cfg.Most = max(cfg.Most, cfg.Segment)
	q := &quiet{cfg: cfg, thresh: int64(cfg.Most), losses: newLosses()}
	q.window = q.clamp(first * q.segment())
	return q
}

func (q *quiet) segment() int64 { return int64(q.cfg.Segment) }

func (q *quiet) clamp(window int64) int64 {
	return max(min(window, q.most()), q.segment()/slowest, 1)
}

// few is what may fly whatever happens.
func (q *quiet) few() int64 { return least * q.segment() }

// most is the largest window: a remote that tells of short delays, or acknowledges what
// it did not get, has no more of it than twice what arrives.
func (q *quiet) most() int64 {
	most := int64(q.cfg.Most)
	if rate := q.pace.most(); rate > 0 && q.phase != Starting {
		most = min(most, 2*carries(rate, q.meter.Base()+target)+4*q.segment())
	}
	return most
}

// Acknowledged takes what is measured, and at the end of a round sets the window.
func (q *quiet) Acknowledged(now mono.Instant, a Ack) {
	if a.RTT > 0 {
		if q.rtt == 0 {
			q.rtt = a.RTT
		}
		q.rtt += (a.RTT - q.rtt) / 8
	}
	if a.Bytes > 0 {
		q.heard = heard
		q.losses.earn(a.Bytes)
	}
	q.pace.take(now, a.Delivered)
	waits, evidence := q.meter.Sample(now, a.Delay, a.RTT)
	if q.rtt > 0 {
		waits = min(waits, max(q.rtt, a.RTT)) // or the remote lies, or clocks leap
	}
	if evidence == delay.Queued {
		q.waits = waits
		q.round.take(waits, a.Limit)
		q.follow(now, waits)
		q.sound(now, a, waits)
	}
	switch {
	case q.phase == Starting:
		q.start(now, a, waits)
	case q.phase == Slowdown && int64(a.Flying) <= q.nothing():
		q.drained(now)
	}
	if q.phase == Steady && q.round.skip == 0 {
		q.plan(now)
	}
	if a.Delivered.SentAt != mono.Never && a.Delivered.SentAt >= q.round.since {
		q.settle(now)
		q.round.next(now)
		q.pace.next()
	}
}

// start doubles the window in each round, until a queue forms.
func (q *quiet) start(now mono.Instant, a Ack, waits time.Duration) {
	switch {
	case waits > q.buffer.target()*3/4:
		q.begin(now)
		if rate := q.pace.most(); rate > 0 {
			path := max(q.meter.Base(), q.rtt-waits)
			q.window = q.clamp(min(q.window, carries(rate, path+q.buffer.target()*3/4)))
		}
	case q.window >= q.thresh:
		q.begin(now)
	case a.Limit == ByWindow:
		q.window = q.clamp(q.window + int64(a.Bytes))
	}
}

// begin ends the start: what was sent too much shows the length of the path two rounds
// later, when the queue is empty again.
func (q *quiet) begin(now mono.Instant) {
	q.phase = Steady
	q.steps = 0
	q.round.skip = 1
	q.drain.due = now.Add(2 * (q.rtt + target))
}

// Lost lowers the window where it shows a queue that is full, or where more is lost than
// any path loses by itself.
func (q *quiet) Lost(now mono.Instant, l Loss) {
	switch l.Kind {
	case Silence:
		q.silence()
		return
	case Began:
		q.undo = q.now()
		q.losses.answered = unanswered
	case Further:
	}
	if q.losses.answered == answered {
		return
	}
	q.losses.spend(l.Bytes)
	if q.buffer.full(now, q.round.longest(), q.meter.Base()) == noSign && q.losses.left >= 0 {
		return
	}
	q.losses.answer(q.cfg.Segment)
	if q.phase == Starting {
		q.begin(now)
	}
	q.steps, q.round.skip = 0, 1
	q.drain.window = q.drain.window * 7 / 10
	q.window = q.clamp(q.window * 7 / 10)
}

// silence begins anew. One that goes on has nothing left to undo.
func (q *quiet) silence() {
	if q.heard == heard {
		q.undo = q.now()
		q.thresh = q.undo.window
	}
	q.heard = silent
	q.window, q.phase, q.steps = q.clamp(q.few()), Starting, 0
	q.losses.answer(q.cfg.Segment)
}

// Undone takes back what the last episode changed.
func (q *quiet) Undone(mono.Instant) {
	if q.undo.window == 0 {
		return
	}
	q.window, q.thresh, q.phase, q.buffer = max(q.window, q.undo.window), q.undo.thresh, q.undo.phase, q.undo.buffer
	q.undo = undo{}
	q.losses.answer(q.cfg.Segment)
}

// Sent lets the window of one that was idle go down by half for each second.
func (q *quiet) Sent(now mono.Instant, bytes, flying int) {
	if q.sent != mono.Never && flying <= bytes {
		idle := now.Sub(q.sent)
		for span := max(time.Second, 4*q.rtt); idle > span && q.window > first*q.segment(); idle -= span {
			q.window = max(q.window/2, q.clamp(first*q.segment()))
		}
	}
	q.sent = now
}

// Resized keeps the window to its bounds.
func (q *quiet) Resized(segment int) {
	q.cfg.Segment = min(max(segment, 1), q.cfg.Most)
	q.window = q.clamp(q.window)
}

// Window is at least two packets: where less is meant, the rate says so.
func (q *quiet) Window() int {
	if q.phase == Slowdown {
		return q.cfg.Segment
	}
	return int(max(q.window, min(q.few(), int64(q.cfg.Most))))
}

// Rate is that of the window, and something more so that it is used up; while starting
// twice as much. It is no more than twice what arrives, but for what may fly whatever happens: who
// had little to send until now may have more.
func (q *quiet) Rate() int64 {
	if q.rtt == 0 {
		return 0
	}
	rate := scale(q.window, int64(time.Second), int64(q.rtt))
	if q.phase == Starting {
		return 2 * rate
	}
	rate += rate / 4
	if most := q.pace.most(); most > 0 {
		rate = min(rate, max(2*most, scale(q.few(), int64(time.Second), int64(q.rtt))))
	}
	return max(rate, 1)
}
