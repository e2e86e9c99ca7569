// Package clock reads the time for the processes; cores receive it from them. It also
// has those rest that crash soon after their begin.
package clock

import (
	"time"

	"github.com/etorrent/etorrent/internal/vocab/mono"
)

// Clock is a monotonic clock with an origin of its own. It stands still while the
// machine is suspended, on most platforms.
type Clock struct {
	origin time.Time
	source Source
}

// New returns a clock of the host that starts a second after its zero, so that no
// instant it reads is mono.Never.
func New() *Clock { return NewWith(Host()) }

// NewWith returns such a clock that reads the wall clock of a source.
func NewWith(s Source) *Clock { return &Clock{origin: time.Now().Add(-time.Second), source: s} }

// Now reads the clock.
func (c *Clock) Now() mono.Instant { return mono.Instant(time.Since(c.origin)) }

// Wall reads the wall clock, for what people see and what is kept.
func (c *Clock) Wall() time.Time { return c.source.Wall() }

// Until is how long from now to a deadline, at least 0.
func (c *Clock) Until(d mono.Instant) time.Duration { return max(0, d.Sub(c.Now())) }

// Alarm is one timer armed for one deadline at a time.
type Alarm struct {
	clock *Clock
	timer *time.Timer
	armed mono.Instant
}

// NewAlarm returns an alarm that is not armed.
func (c *Clock) NewAlarm() *Alarm {
	t := time.NewTimer(time.Hour)
	t.Stop()
	return &Alarm{clock: c, timer: t}
}

// Arm sets the alarm to a deadline; mono.Never disarms it.
func (a *Alarm) Arm(d mono.Instant) {
	if d == a.armed {
		return
	}
	a.armed = d
	if d == mono.Never {
		a.timer.Stop()
		return
	}
	a.timer.Reset(a.clock.Until(d))
}

// C receives when the deadline has passed; the owner then calls Rang.
func (a *Alarm) C() <-chan time.Time { return a.timer.C }

// Rang notes that C was received, so that the same deadline can be armed anew.
func (a *Alarm) Rang() { a.armed = mono.Never }

// Stop disarms the alarm for good.
func (a *Alarm) Stop() { a.timer.Stop() }
