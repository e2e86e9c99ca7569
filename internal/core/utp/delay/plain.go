package delay

import (
	"time"

	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/utpwire"
)

const (
	plainDrop = 10 * time.Millisecond // of the other base that is drift, at most
	plainFew  = 3                     // samples, the least of which counts

	driftSpan  = 5 * time.Second
	driftFree  = 200 * time.Millisecond // backwards in a span: a clock that is no lie
	driftShare = 7
)

// Plain is the measurement of libutp: the least of thirteen minutes is the base, and the
// least of three samples over it the delay. Where the base of the other direction falls
// the clocks drift, and ours rises by as much.
type Plain struct {
	ours, theirs bases
	last         [plainFew]time.Duration
	count        int
	drift        drift
}

// Sample takes a delay as the remote measured it, and returns how long packets wait. It
// is no longer than the round trip, where one is known: what is beyond it moves the
// base.
func (p *Plain) Sample(now mono.Instant, d utpwire.Delay, rtt time.Duration) time.Duration {
	if d != utpwire.NoDelay {
		p.ours.sample(now, d)
		p.last[p.count%plainFew] = max(d.Over(p.ours.least), 0)
		p.count++
		p.drift.sample(now, d)
	}
	least := p.last[0]
	for i := 1; i < min(p.count, plainFew); i++ {
		least = min(least, p.last[i])
	}
	if rtt > 0 && least > rtt {
		p.ours.shift(least - rtt)
		least = rtt
	}
	return least + p.drift.penalty()
}

// Back takes the delay of the other direction, as we measured it.
func (p *Plain) Back(now mono.Instant, d utpwire.Delay) {
	if d == utpwire.NoDelay {
		return
	}
	before, known := p.theirs.least, p.theirs.state
	p.theirs.sample(now, d)
	if fell := before.Over(p.theirs.least); known == measured && fell > 0 && fell <= plainDrop {
		p.ours.shift(fell)
	}
}

// drift is how much the delays change on average, which only clocks do for long.
type drift struct {
	state state
	first utpwire.Delay // delays are counted from it
	sum   time.Duration
	count int64
	last  time.Duration // average of a span
	until mono.Instant
	each  time.Duration // in a span, smoothed
}

func (d *drift) sample(now mono.Instant, raw utpwire.Delay) {
	if d.state == unmeasured {
		*d = drift{state: measured, first: raw, until: now.Add(driftSpan)}
	}
	d.sum += raw.Over(d.first)
	d.count++
	if now < d.until {
		return
	}
	average := d.sum / time.Duration(d.count)
	d.each = (d.each*driftShare + average - d.last) / (driftShare + 1)
	d.last, d.sum, d.count, d.until = average, 0, 0, now.Add(driftSpan)
}

// penalty is added to the delay of a remote whose clock goes so slowly that it must be
// meant: it would get more than its share.
func (d *drift) penalty() time.Duration { return max(-d.each-driftFree, 0) / driftShare }
