package utpsim

import (
	"math"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/mono"
)

// tcpFirstWindow is RFC 6928's.
const tcpFirstWindow = 10

// Reno is the congestion control of RFC 5681.
type Reno struct{ window, threshold float64 }

// NewReno makes a Reno in slow start.
func NewReno() *Reno { return &Reno{tcpFirstWindow, math.Inf(1)} }

// Window is the congestion window.
func (r *Reno) Window() float64 { return r.window }

// Acked grows the window: by what arrived in slow start, then by one each round.
func (r *Reno) Acked(_ mono.Instant, n int, _ time.Duration) {
	if r.window < r.threshold {
		r.window += float64(n)
	} else {
		r.window += float64(n) / r.window
	}
}

// Lost halves the window.
func (r *Reno) Lost(mono.Instant) {
	r.threshold = max(r.window/2, 2)
	r.window = r.threshold
}

// TimedOut begins again.
func (r *Reno) TimedOut(mono.Instant) {
	r.threshold = max(r.window/2, 2)
	r.window = 1
}

// The constants of RFC 9438.
const (
	cubicScale = 0.4
	cubicBeta  = 0.7
	cubicAlpha = 3 * (1 - cubicBeta) / (1 + cubicBeta)
)

// Cubic is the congestion control of RFC 9438, without HyStart.
type Cubic struct {
	window, threshold float64
	most              float64 // the window before the last loss
	zero              float64 // seconds after which the curve is there again
	reno              float64 // the window that Reno would have
	epoch             mono.Instant
}

// NewCubic makes a Cubic in slow start.
func NewCubic() *Cubic { return &Cubic{window: tcpFirstWindow, threshold: math.Inf(1)} }

// Window is the congestion window.
func (c *Cubic) Window() float64 { return c.window }

// Acked grows the window along the curve, or as Reno would where that is faster.
func (c *Cubic) Acked(now mono.Instant, n int, rtt time.Duration) {
	if c.window < c.threshold {
		c.window += float64(n)
		return
	}
	if c.epoch == mono.Never {
		c.epoch, c.reno = now, c.window
		c.most = max(c.most, c.window)
		c.zero = math.Cbrt((c.most - c.window) / cubicScale)
	}
	for range n {
		c.reno += cubicAlpha / c.window
	}
	t := (now.Sub(c.epoch) + rtt).Seconds() - c.zero
	target := min(max(cubicScale*t*t*t+c.most, c.window), 1.5*c.window)
	c.window = max(c.window+float64(n)*(target-c.window)/c.window, c.reno)
}

// Lost cuts the window, and the curve's height more where the last one was not reached.
func (c *Cubic) Lost(mono.Instant) {
	c.most, c.epoch = c.fast(), mono.Never
	c.window = max(c.window*cubicBeta, 2)
	c.threshold = c.window
}

func (c *Cubic) fast() float64 {
	if c.window < c.most {
		return c.window * (1 + cubicBeta) / 2
	}
	return c.window
}

// TimedOut begins again.
func (c *Cubic) TimedOut(now mono.Instant) {
	c.Lost(now)
	c.window = 1
}
