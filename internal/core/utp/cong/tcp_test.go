package cong_test

import (
	"math"

	"github.com/etorrent/etorrent/internal/core/utp/cong"
	"github.com/etorrent/etorrent/internal/vocab/mono"
)

// reno is TCP's (RFC 5681, 6582), on the same detection of losses.
type reno struct {
	window, thresh float64 // packets
	cubic          *cubic
	undo           [2]float64
}

// cubic is RFC 9438 on top of it.
type cubic struct {
	most, origin float64
	epoch        mono.Instant
	rtt          float64
	friendly     float64
}

func newReno() cong.Control  { return &reno{window: 10, thresh: math.Inf(1)} }
func newCubic() cong.Control { return &reno{window: 10, thresh: math.Inf(1), cubic: &cubic{}} }

func (r *reno) Acknowledged(now mono.Instant, a cong.Ack) {
	packets := float64(a.Bytes) / segment
	if r.cubic != nil && a.RTT > 0 {
		r.cubic.rtt = a.RTT.Seconds()
	}
	switch {
	case packets == 0:
	case r.window < r.thresh:
		r.window += packets
	case r.cubic == nil:
		r.window += packets / r.window
	default:
		r.window += packets * r.cubic.grow(now, r.window, packets)
	}
	r.window = min(r.window, most)
}

// grow is by how much the window grows for a packet.
func (c *cubic) grow(now mono.Instant, window, packets float64) float64 {
	const scale, beta = 0.4, 0.7
	if c.epoch == mono.Never {
		c.epoch, c.friendly = now, window
		c.origin = 0
		if window < c.most {
			c.origin = math.Cbrt((c.most - window) / scale)
		} else {
			c.most = window
		}
	}
	t := now.Sub(c.epoch).Seconds() + c.rtt
	target := c.most + scale*math.Pow(t-c.origin, 3)
	c.friendly += packets * 3 * (1 - beta) / (1 + beta) / window
	target = min(max(target, c.friendly, window), window*1.5)
	return (target - window) / window
}

func (r *reno) Lost(_ mono.Instant, l cong.Loss) {
	if l.Kind == cong.Further {
		return
	}
	r.undo = [2]float64{r.window, r.thresh}
	factor := 0.5
	if r.cubic != nil {
		factor = 0.7
		if r.window < r.cubic.most {
			r.cubic.most = r.window * 0.85
		} else {
			r.cubic.most = r.window
		}
		r.cubic.epoch = mono.Never
	}
	r.thresh = max(r.window*factor, 2)
	r.window = r.thresh
	if l.Kind == cong.Silence {
		r.window = 1
	}
}

func (r *reno) Undone(mono.Instant)         { r.window, r.thresh = r.undo[0], r.undo[1] }
func (r *reno) Sent(mono.Instant, int, int) {}
func (r *reno) Resized(int)                 {}
func (r *reno) Window() int                 { return int(r.window * segment) }
func (r *reno) Rate() int64                 { return 0 }
func (r *reno) Deadline() mono.Instant      { return mono.Never }
func (r *reno) Tick(mono.Instant)           {}

func (r *reno) View() cong.View { return cong.View{} }
