// Package goals decides when a torrent was shared enough: when as much was given to
// others as was asked for, or when it was shared for long enough, whichever is first.
//
// Only time in which it is shared counts. What was met stays so, whatever happens to
// the torrent, until the goals are others.
package goals

import (
	"errors"
	"math"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/mono"
)

// Goals say how much sharing is enough; the first that is met ends it.
type Goals struct {
	// Ratio is how many times its size a torrent is given to others; 0 is no goal.
	Ratio float64
	// SeedTime is for how long it is shared; 0 is no goal.
	SeedTime time.Duration
}

// The errors of Check.
var (
	ErrRatio    = errors.New("the ratio is no number from 0 on")
	ErrSeedTime = errors.New("the seed time is below 0")
)

// Check says what is wrong with goals, nil where nothing is.
func (g Goals) Check() error {
	switch {
	case math.IsNaN(g.Ratio) || math.IsInf(g.Ratio, 0) || g.Ratio < 0:
		return ErrRatio
	case g.SeedTime < 0:
		return ErrSeedTime
	}
	return nil
}

// State says how far a torrent is from its goals.
type State uint8

// The states.
const (
	None        State = iota // there are no goals
	Ahead                    // none is met
	RatioMet                 // the ratio was met first
	SeedTimeMet              // the time was
)

// IsMet says whether it was shared enough.
func (s State) IsMet() bool { return s >= RatioMet }

// Amounts are bytes: given to others, and of what is stored.
type Amounts struct{ Uploaded, Stored int64 }

// Core is the goals of one torrent. The zero Core has none.
type Core struct {
	goals  Goals
	state  State
	shared time.Duration // before since
	since  mono.Instant  // when it began to be shared; Never while it is not
}

// Set has other goals count. Those that are the same change nothing.
func (c *Core) Set(g Goals) {
	if g == c.goals {
		return
	}
	c.goals, c.state = g, Ahead
	if g == (Goals{}) {
		c.state = None
	}
}

// State is what was last found.
func (c *Core) State() State { return c.state }

// Share says that the torrent is shared from now on, if it was not already.
func (c *Core) Share(now mono.Instant) {
	if c.since == mono.Never {
		c.since = now
	}
}

// Rest says that it is not shared any more.
func (c *Core) Rest(now mono.Instant) {
	c.shared, c.since = c.Shared(now), mono.Never
}

// Shared is for how long it was shared.
func (c *Core) Shared(now mono.Instant) time.Duration {
	if c.since == mono.Never {
		return c.shared
	}
	return c.shared + now.Sub(c.since)
}

// View compares what was shared with the goals. Nothing is met while the torrent is not
// shared.
func (c *Core) View(now mono.Instant, a Amounts) State {
	switch {
	case c.state != Ahead, c.since == mono.Never:
	case c.goals.Ratio > 0 && a.Stored > 0 && float64(a.Uploaded) >= c.goals.Ratio*float64(a.Stored):
		c.state = RatioMet
	case c.goals.SeedTime > 0 && c.Shared(now) >= c.goals.SeedTime:
		c.state = SeedTimeMet
	}
	return c.state
}

// Deadline is when the time will be met, if the torrent goes on being shared.
func (c *Core) Deadline() mono.Instant {
	if c.state != Ahead || c.since == mono.Never || c.goals.SeedTime == 0 {
		return mono.Never
	}
	return c.since.Add(min(c.goals.SeedTime-c.shared, longest))
}

// longest is how far away a deadline is at most, so that no instant overflows.
const longest = 100 * 365 * 24 * time.Hour

// Watch says whether the amounts have to be looked at again and again.
type Watch uint8

// What a goal that is ahead needs.
const (
	NoWatch Watch = iota
	WatchAmounts
)

// ViewWatch says so.
func (c *Core) ViewWatch() Watch {
	if c.state == Ahead && c.since != mono.Never && c.goals.Ratio > 0 {
		return WatchAmounts
	}
	return NoWatch
}
