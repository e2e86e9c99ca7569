package reveal

import (
	"time"

	"github.com/etorrent/etorrent/internal/vocab/mono"
)

const (
	// tickEvery is how far measurements are apart.
	tickEvery = time.Second
	// aheadFor is how long what a remote fetches lasts, at its rate, before it is
	// shown more.
	aheadFor = 2 * time.Second
	// leastAhead is how many pieces a remote fetches at once at least: the next is
	// asked for while the last blocks of one are on their way.
	leastAhead = 2
	// decideWithin is how long a remote may take to become interested.
	decideWithin = 10 * time.Second
	// stallAfter is how long one with a slot may take nothing.
	stallAfter = 30 * time.Second
	// peakTicks is for how many measurements the best rate counts.
	peakTicks = 60
)

// Reading is what is known of a connection at a moment.
type Reading struct {
	Sent     int64 // bytes of blocks since it began
	Interest Interest
	Slot     Slot
}

// Interest says whether a remote wants to fetch.
type Interest uint8

// The two; every remote begins with NotInterested.
const (
	NotInterested Interest = iota
	Interested
)

// Slot says whether it may.
type Slot uint8

// The two; every remote begins with NoSlot.
const (
	NoSlot Slot = iota
	HasSlot
)

// flow is how fast a remote fetches.
type flow struct {
	seen    Reading
	rate    float64      // bytes a second, of late
	taken   int64        // bytes since it was last shown a piece when it had all before
	at      mono.Instant // of seen
	moved   mono.Instant // when it last took something, or could not
	arrival arrival
}

// arrival says what a remote had when it came.
type arrival uint8

const (
	arrivedLacking arrival = iota
	arrivedComplete
	arrivedBefore // an earlier core saw it arrive
)

// line is how fast all remotes together fetch.
type line struct {
	sent  int64        // bytes since the last measurement
	since mono.Instant // when that was
	rates [peakTicks]float64
	at    int
}

// RemoteMeasured takes what is known of a connection. The owner says it of each
// before Tick.
func (c *Core) RemoteMeasured(now mono.Instant, id RemoteID, m Reading) {
	r := c.byID[id]
	if r == nil {
		return
	}
	f := &r.flow
	n := max(0, m.Sent-f.seen.Sent)
	c.line.sent += n
	f.taken += n
	if span := now.Sub(f.at); span > 0 {
		f.rate += (float64(n)/span.Seconds() - f.rate) / 2
	}
	if n > 0 || m.Slot == NoSlot || m.Interest == NotInterested || len(r.fetching) == 0 {
		f.moved = now
	}
	f.seen, f.at = m, now
	if r.appetite.state != inert || n > 0 || m.Interest == NotInterested {
		c.decide(now, r)
	}
}

// decide judges whether a remote takes what it is shown.
func (c *Core) decide(now mono.Instant, r *remote) {
	a := &r.appetite
	become := func(s hunger) {
		if a.state != s {
			c.seeks(r, func() { a.state, a.since = s, now })
		}
	}
	switch {
	case r.sight == SeesAll:
	case r.flow.seen.Interest == Interested:
		if a.state == averse {
			a.probe = max(1, a.probe/2)
		}
		become(eager)
		if now.Sub(r.flow.moved) >= stallAfter {
			c.giveUp(r)
			r.window = min(r.window, 1)
			become(inert)
		}
	case len(r.fetching) == 0:
		if a.state != sated && a.state != averse {
			become(sated)
		}
	case a.state == eager || a.state == sated || a.state == inert:
		become(undecided)
	case r.flow.taken >= c.bytesOf(r):
		c.tookSilently(now, r)
	case now.Sub(a.since) >= decideWithin:
		c.giveUp(r)
		become(averse)
	}
}

// bytesOf is how much a remote has to fetch to have what it was shown.
func (c *Core) bytesOf(r *remote) int64 {
	n := int64(0)
	for _, i := range r.fetching {
		n += c.cfg.Geometry.PieceSize(i)
	}
	return n
}

// tookSilently takes a remote for one that has what it was shown: it took so much,
// wants no more, and does not tell what we have ourselves.
func (c *Core) tookSilently(now mono.Instant, r *remote) {
	for len(r.fetching) > 0 {
		c.gain(now, r, r.fetching[0], gotNow)
	}
	c.seeks(r, func() { r.appetite.state, r.appetite.since = sated, now })
}

// pass ends a measurement, and says whether our line is idle.
func (l *line) pass(now mono.Instant) load {
	rate := float64(l.sent) / max(now.Sub(l.since), time.Millisecond).Seconds()
	l.sent, l.since = 0, now
	l.at = (l.at + 1) % peakTicks
	l.rates[l.at] = rate
	if rate < idleShare*l.peak() || l.peak() == 0 {
		return idle
	}
	return busy
}

func (l *line) peak() float64 {
	best := 0.0
	for _, r := range l.rates {
		best = max(best, r)
	}
	return best
}

// idleShare is the part of the best rate below which our line is idle.
const idleShare = 0.7

// load says whether our line carries what it can.
type load uint8

const (
	busy load = iota
	idle
)
