// Package rtt estimates how long a packet of uTP and its acknowledgement take
// together: smoothed as in RFC 6298, the least of the last minutes, and from the
// first how long to wait for an acknowledgement before the packet is sent again.
package rtt

import (
	"time"

	"github.com/etorrent/etorrent/internal/vocab/mono"
)

const (
	// InitialTimeout is the timeout before anything was measured (RFC 6298, BEP 29).
	InitialTimeout = time.Second
	// MostTimeout is the longest, also after it was doubled.
	MostTimeout = time.Minute
	// LeastSlack is what a timeout is longer than the smoothed time, at least. BEP 29
	// has 500 ms for the whole, which are the ticks of the first implementation. No
	// receiver keeps an acknowledgement for more than 40 ms, and a timeout comes only
	// after a probe was not answered either; what it resends in vain is found out.
	LeastSlack = 200 * time.Millisecond
	// eagerTimeouts are how many in a row are no longer than eagerTimeout, or twice the
	// first, where that one is no longer itself: a silence of some seconds is an outage,
	// and who waits for its end in longer and longer steps may wait as long again.
	// eagerTimeout is the least that RFC 6298 has at all, and Linux has six of one length
	// for thin streams; two packets in each are less than what a control sends at the
	// worst.
	eagerTimeouts = 8
	eagerTimeout  = time.Second
)

const (
	// lowSpan and lows are how long the least is remembered: five minutes, the last of
	// which is under way.
	lowSpan = time.Minute
	lows    = 5
)

// Estimator is the estimate of one connection. The zero Estimator has measured
// nothing.
type Estimator struct {
	smoothed, variance time.Duration
	low                [lows]time.Duration // the least of a span each; 0: nothing was measured in it
	span               int64               // the one that the last sample fell in
}

// Sample takes what was measured on one packet that was sent once; else nobody
// knows which time was answered (Karn). Time does not go back.
func (e *Estimator) Sample(now mono.Instant, d time.Duration) {
	d = max(d, 1)
	if e.smoothed == 0 {
		e.smoothed, e.variance = d, d/2
	} else {
		e.variance += ((e.smoothed - d).Abs() - e.variance) / 4
		e.smoothed += (d - e.smoothed) / 8
	}
	e.sampleLow(now, d)
}

func (e *Estimator) sampleLow(now mono.Instant, d time.Duration) {
	span := int64(now) / int64(lowSpan)
	for n := min(span-e.span, lows); n > 0; n-- {
		e.low[(span-n+1)%lows] = 0
	}
	e.span = span
	if at := &e.low[span%lows]; *at == 0 || d < *at {
		*at = d
	}
}

// Smoothed is the smoothed time, 0 before anything was measured.
func (e *Estimator) Smoothed() time.Duration { return e.smoothed }

// Variance is how far samples lie from it, smoothed.
func (e *Estimator) Variance() time.Duration { return e.variance }

// Least is the least of the four to five minutes before the last sample, 0 before
// anything was measured.
func (e *Estimator) Least() time.Duration {
	var least time.Duration
	for _, d := range e.low {
		if d != 0 && (least == 0 || d < least) {
			least = d
		}
	}
	return least
}

// Timeout is how long to wait for an acknowledgement, after so many timeouts with
// none in between: each doubles it, but for what is eager.
func (e *Estimator) Timeout(passed int) time.Duration {
	t, eager := InitialTimeout, MostTimeout
	if e.smoothed != 0 {
		t = e.smoothed + max(4*e.variance, LeastSlack)
	}
	if e.smoothed != 0 && t <= eagerTimeout {
		eager = max(2*t, eagerTimeout)
	}
	for n := 1; n <= passed && t < MostTimeout; n++ {
		if t *= 2; n <= eagerTimeouts {
			t = min(t, eager)
		}
	}
	return min(t, MostTimeout)
}
