package torrent

import (
	"time"

	"github.com/etorrent/etorrent/internal/core/goals"
	"github.com/etorrent/etorrent/internal/vocab/event"
	"github.com/etorrent/etorrent/internal/vocab/mono"
)

// Goals say when a torrent was shared enough, and what happens then. The first that is
// met ends it. What was given to others counts since the torrent was added, and time
// while it shares.
type Goals struct {
	// Ratio is how many times the stored bytes of wanted files are given to others; 0 is
	// no goal.
	Ratio float64
	// SeedTime is for how long the torrent is shared; 0 is no goal.
	SeedTime time.Duration
	Then     Then
}

// Then is what happens to a torrent whose goals are met.
type Then uint8

// A torrent that was shared enough goes on, until somebody retires it, or is retired.
const (
	GoOn Then = iota
	Retire
)

// Check says what is wrong with goals, nil where nothing is.
func (g Goals) Check() error { return g.core().Check() }

func (g Goals) core() goals.Goals { return goals.Goals{Ratio: g.Ratio, SeedTime: g.SeedTime} }

// GoalsState says how far a torrent is from its goals.
type GoalsState = goals.State

// The states.
const (
	NoGoals     = goals.None
	GoalsAhead  = goals.Ahead
	RatioMet    = goals.RatioMet
	SeedTimeMet = goals.SeedTimeMet
)

// lookAtAmountsEvery is how often it is looked whether a ratio is met, while there are
// connections by which it may grow.
const lookAtAmountsEvery = time.Second

// sharing is what control knows of the goals, and leaves to the next one.
type sharing struct {
	core  goals.Core
	goals Goals
	told  GoalsState   // what the host was told
	look  mono.Instant // when the amounts are looked at again; Never: not now
}

func newSharing(g Goals) sharing {
	s := sharing{goals: g}
	s.core.Set(g.core())
	return s
}

// setGoals has other goals count.
func (c *control) setGoals(g Goals) error {
	if err := g.Check(); err != nil {
		return err
	}
	s := &c.t.legacy.sharing
	s.goals = g
	s.core.Set(g.core())
	return nil
}

// judgeSharing compares what was shared with the goals, and tells of the moment at
// which it is enough.
func (c *control) judgeSharing() {
	s, now := &c.t.legacy.sharing, c.now()
	if c.status.Phase == Sharing {
		s.core.Share(now)
	} else {
		s.core.Rest(now)
	}
	_, up := c.t.tally.Read()
	c.status.Goals = s.goals
	c.status.Shared = s.core.View(now, goals.Amounts{Uploaded: up, Stored: c.status.Stored})
	switch {
	case s.core.ViewWatch() == goals.NoWatch || c.swarm.trading() == 0:
		s.look = mono.Never
	case s.look <= now:
		s.look = now.Add(lookAtAmountsEvery)
	}
	before := s.told
	s.told = c.status.Shared
	if s.told.IsMet() && s.told != before {
		c.show()
		c.post(func(h event.Head) event.Event {
			return event.GoalsMet{Head: h, Goal: metOf(c.status.Shared), Uploaded: up, Shared: s.core.Shared(now)}
		})
	}
}

// nextOfGoals is when the goals are to be judged again.
func (s *sharing) nextOfGoals() mono.Instant { return mono.Earliest(s.look, s.core.Deadline()) }

// interrupted notes that no control process is there to share.
func (s *sharing) interrupted(now mono.Instant) {
	s.core.Rest(now)
	s.look = mono.Never
}

func metOf(s GoalsState) event.Goal {
	if s == SeedTimeMet {
		return event.SeedTimeGoal
	}
	return event.RatioGoal
}

// Ending says whether a torrent is to be retired because it was shared enough.
type Ending uint8

// The answers.
const (
	RunsOn Ending = iota
	SharedEnough
)

// ViewEnding says so of a torrent with this status.
func ViewEnding(s Status) Ending {
	if s.Shared.IsMet() && s.Goals.Then == Retire {
		return SharedEnough
	}
	return RunsOn
}
