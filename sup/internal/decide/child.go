package decide

import (
	"slices"
	"time"
)

type state int

const (
	out        state = iota // not running and not to be started
	waiting                 // to be started when its turn comes
	starting                // started, not ready yet
	running                 // ready
	ending                  // over by itself, not all of it gone; deadline: written off
	stopping                // asked to stop; deadline: killed
	killed                  // killed; deadline: written off
	writtenOff              // its Exited is on the way
)

// past says whether a child has ever been ready.
type past int

const (
	fresh past = iota
	established
)

// fate says what a child of a dynamic supervisor has before it.
type fate int

const (
	kept fate = iota
	removed
)

type child struct {
	spec     Spec
	place    int // among the static children
	state    state
	past     past
	fate     fate
	deadline Instant
}

func (c *child) started() {
	c.past = established
	if c.state == starting {
		c.state = running
	}
}

// endingState is the state after the owner said Ending: the owner has killed
// what is left, so the next deadline writes it off.
func (c *child) endingState() state {
	switch c.state {
	case starting, running:
		return ending
	case stopping:
		return killed
	case out, waiting, ending, killed, writtenOff:
	}
	return c.state
}

func (s *Supervisor) start(c *child) {
	c.state, c.deadline = starting, Never
	s.say(StartChild, c.spec.ID)
}

func (s *Supervisor) stop(c *child, now Instant) {
	s.arm(c, stopping, now)
	s.say(StopChild, c.spec.ID)
}

// arm moves a child to a state with a deadline.
func (s *Supervisor) arm(c *child, to state, now Instant) {
	if c.state == to {
		return
	}
	c.state = to
	c.deadline = now.after(c.spec.StopWithin)
	s.next = min(s.next, c.deadline)
}

// deadlinePassed kills or writes off what is late, in the order of IDs.
func (s *Supervisor) deadlinePassed(now Instant) {
	if now < s.next {
		return
	}
	var late []*child
	s.next = Never
	for _, c := range s.children {
		if c.deadline <= now {
			late = append(late, c)
		} else {
			s.next = min(s.next, c.deadline)
		}
	}
	slices.SortFunc(late, func(a, b *child) int { return int(a.spec.ID - b.spec.ID) })
	for _, c := range late {
		s.late(c, now)
	}
}

func (s *Supervisor) late(c *child, now Instant) {
	c.deadline = Never
	switch c.state {
	case stopping:
		s.arm(c, killed, now)
		s.say(KillChild, c.spec.ID)
	case ending, killed:
		c.state = writtenOff
		s.say(WriteOff, c.spec.ID)
	case out, waiting, starting, running, writtenOff:
	}
}

// verdict is what the intensity says to one more restart.
type verdict int

const (
	allowed verdict = iota
	tooMany
)

// countRestart adds a restart and forgets those that left the window. As in
// OTP, one exactly Within ago still counts.
func (s *Supervisor) countRestart(now Instant) verdict {
	s.restarts = slices.DeleteFunc(s.restarts, func(then Instant) bool {
		return time.Duration(now-then) > s.intensity.Within
	})
	s.restarts = append(s.restarts, now)
	if len(s.restarts) > s.intensity.Restarts {
		return tooMany
	}
	return allowed
}
