package cong

import (
	"time"

	"github.com/etorrent/etorrent/internal/core/utp/delay"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/utpwire"
)

// What libutp has, in its units.
const (
	ledbatTarget  = 100 * time.Millisecond
	ledbatGain    = 3000 // bytes a round trip
	ledbatLeast   = 10   // bytes
	ledbatHalving = 100 * time.Millisecond
	ledbatFilled  = time.Second // how long a window that was filled may grow
)

// ledbat is the control of libutp (RFC 6817 with its constants and its slow start of a
// packet each round trip), to compare with.
type ledbat struct {
	cfg     Config
	window  int
	growth  Stage // Starting, or Steady, when it grows in a line
	thresh  int
	delays  delay.Plain
	rtt     time.Duration
	queued  time.Duration // as measured last
	filled  mono.Instant  // the window was the limit last
	halved  mono.Instant
	undo    int // the window before the last episode
	sent    mono.Instant
	timeout time.Duration // of idleness
}

func newLedbat(cfg Config) Control {
	cfg.Segment = max(cfg.Segment, 1)
	cfg.Most = max(cfg.Most, cfg.Segment, ledbatLeast)
	return &ledbat{cfg: cfg, window: cfg.Segment, thresh: cfg.Most, timeout: time.Second}
}

// Acknowledged grows or shrinks the window by the delay.
func (l *ledbat) Acknowledged(now mono.Instant, a Ack) {
	l.delays.Back(now, a.Back)
	if a.RTT > 0 {
		l.rtt = a.RTT
		l.timeout = max(time.Second, 2*a.RTT)
	}
	q := l.delays.Sample(now, a.Delay, l.rtt)
	l.queued = q
	if a.Limit == ByWindow {
		l.filled = now
	}
	if a.Bytes == 0 || a.Delay == utpwire.NoDelay {
		return
	}
	low, high := int64(min(a.Bytes, l.window)), int64(max(a.Bytes, l.window))
	off := int64((ledbatTarget - q) / time.Microsecond)
	gain := ledbatGain * low / high * off / int64(ledbatTarget/time.Microsecond)
	if gain > 0 && now.Sub(l.filled) > ledbatFilled {
		gain = 0
	}
	next := l.window + int(max(gain, -int64(l.window)))
	switch started := l.window + int(low*int64(l.cfg.Segment)/high); {
	case l.growth == Steady:
	case started > l.thresh:
		l.growth, next = Steady, l.window
	case q > ledbatTarget*9/10:
		l.growth, l.thresh, next = Steady, l.window, l.window
	default:
		next = max(next, started)
	}
	l.window = min(max(next, ledbatLeast), l.cfg.Most)
}

// Lost halves the window, at most once in 100 ms.
func (l *ledbat) Lost(now mono.Instant, lost Loss) {
	switch lost.Kind {
	case Silence:
		l.undo, l.window, l.growth = l.window, l.cfg.Segment, Starting
		return
	case Began:
		l.undo = l.window
	case Further:
	}
	if l.halved == mono.Never || now.Sub(l.halved) >= ledbatHalving {
		l.window, l.halved = max(l.window/2, ledbatLeast), now
		l.growth, l.thresh = Steady, l.window
	}
}

// Undone does nothing: libutp never finds it out.
func (l *ledbat) Undone(mono.Instant) {}

// Sent lets the window of one that was idle decay by a third for each timeout.
func (l *ledbat) Sent(now mono.Instant, bytes, flying int) {
	if l.sent != mono.Never && flying <= bytes {
		for idle := now.Sub(l.sent) / l.timeout; idle > 0 && l.window > l.cfg.Segment; idle-- {
			l.window = max(l.window*2/3, l.cfg.Segment)
		}
	}
	l.sent = now
}

// Resized is for the next growth.
func (l *ledbat) Resized(segment int) { l.cfg.Segment = min(max(segment, 1), l.cfg.Most) }

// Window may be less than a packet.
func (l *ledbat) Window() int { return l.window }

// Rate is none: libutp does not pace.
func (l *ledbat) Rate() int64 { return 0 }

// Deadline is none.
func (l *ledbat) Deadline() mono.Instant { return mono.Never }

// Tick has nothing to do.
func (l *ledbat) Tick(mono.Instant) {}
