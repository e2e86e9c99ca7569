package delay

import (
	"math"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/utpwire"
)

const (
	// nearBase is how little longer than the least round trip one is that met no queue.
	nearBase = time.Millisecond
	// fewSamples is how many of the last delays the least of counts: what is longer by
	// chance is no queue.
	fewSamples = 4
)

// Meter measures the delay in queues with what both stamps and round trips tell.
//
// A round trip is of one clock, but of both directions: what it is longer than the least
// one is no less than the delay. A one-way delay is of one direction, but its clocks
// drift. So a round trip that is as short as ever shows that the path is empty, and the
// one-way delay of then is the base from then on: drift counts only since. Until then it
// is the least of thirteen minutes. The lesser of both is the delay.
type Meter struct {
	oneWay bases
	trips  lows
	empty  mono.Instant // the path was seen so last
	last   [fewSamples]reading
	count  int
}

// reading is a delay at a time.
type reading struct {
	at     mono.Instant
	queued time.Duration
}

// Evidence says what a sample is worth.
type Evidence uint8

// The kinds.
const (
	// Nothing was measured: there is neither a stamp nor a round trip.
	Nothing Evidence = iota
	// Queued is a delay.
	Queued
)

// Sample takes a delay as the remote measured it and a round trip, where there are any,
// and returns how long packets wait now: the least of the last four samples of the last
// round trip.
func (m *Meter) Sample(now mono.Instant, d utpwire.Delay, rtt time.Duration) (time.Duration, Evidence) {
	if d == utpwire.NoDelay && rtt <= 0 {
		return 0, Nothing
	}
	queued := time.Duration(math.MaxInt64)
	if d != utpwire.NoDelay {
		m.oneWay.sample(now, d)
	}
	if rtt > 0 {
		m.trips.sample(now, rtt)
		queued = rtt - m.trips.least
		if queued <= nearBase {
			m.anchor(now, d)
		}
	}
	if d != utpwire.NoDelay {
		queued = min(queued, d.Over(m.oneWay.least))
	}
	return m.filter(now, queued), Queued
}

// anchor takes the delay of a packet that met no queue for the base.
func (m *Meter) anchor(now mono.Instant, d utpwire.Delay) {
	m.empty = now
	if d != utpwire.NoDelay {
		m.oneWay = bases{}
		m.oneWay.sample(now, d)
	}
}

// filter is the least of the last samples.
func (m *Meter) filter(now mono.Instant, queued time.Duration) time.Duration {
	m.last[m.count%fewSamples] = reading{now, queued}
	m.count++
	span := m.trips.least + queued
	for _, r := range m.last[:min(m.count, fewSamples)] {
		if now.Sub(r.at) <= span {
			queued = min(queued, r.queued)
		}
	}
	return queued
}

// Base is the least round trip of the last thirteen minutes, 0 where there was none.
func (m *Meter) Base() time.Duration { return m.trips.least }

// Empty is when the path was last seen without a queue, mono.Never if it was not.
func (m *Meter) Empty() mono.Instant { return m.empty }

// lows has the least round trip of each of the last minutes.
type lows struct {
	least  time.Duration // of all; 0: there was none
	each   [minutes]time.Duration
	minute int64
}

func (l *lows) sample(now mono.Instant, d time.Duration) {
	minute := int64(now) / int64(baseMinute)
	for n := range min(minute-l.minute, minutes) {
		l.each[(minute-n)%minutes] = 0
	}
	stale := minute != l.minute
	l.minute = minute
	if at := &l.each[minute%minutes]; *at == 0 || d < *at {
		*at = d
	}
	if l.least == 0 || d < l.least {
		l.least = d
	}
	if stale {
		l.least = d
		for _, e := range l.each {
			if e > 0 {
				l.least = min(l.least, e)
			}
		}
	}
}
