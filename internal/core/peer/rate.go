package peer

import (
	"time"

	"github.com/etorrent/etorrent/internal/vocab/mono"
)

// rateWindow is how long bytes are counted before the estimate moves.
const rateWindow = 500 * time.Millisecond

// meter estimates a byte rate from what arrives, with no timer of its own.
type meter struct {
	perSecond float64
	counted   int64
	since     mono.Instant
}

// growth says how an estimate moved when a window closed.
type growth uint8

const (
	windowOpen growth = iota // not enough time has passed to say
	grew                     // by a tenth or more
	levelled                 // anything else, or there was no estimate before
)

// start begins a window at now: what passed before was no time in which bytes
// were due.
func (m *meter) start(now mono.Instant) { m.counted, m.since = 0, now }

// add counts n bytes at now.
func (m *meter) add(now mono.Instant, n int) growth {
	m.counted += int64(n)
	span := now.Sub(m.since)
	if span < rateWindow {
		return windowOpen
	}
	sample := float64(m.counted) / span.Seconds()
	before := m.perSecond
	m.perSecond = sample
	if span < 4*rateWindow && before > 0 {
		m.perSecond = (before + sample) / 2
	}
	m.start(now)
	if before > 0 && sample > before*1.1 {
		return grew
	}
	return levelled
}
