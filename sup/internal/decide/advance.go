package decide

import (
	"maps"
	"slices"
)

// advance carries the present phase on as far as it goes without news. In a
// static supervisor at most one child at a time is asked to stop, and in a fill
// each start waits for the one before.
func (s *Supervisor) advance(now Instant) {
	if s.phase == Draining && s.drained(now) == nothingLeft {
		s.revive()
		s.phase = Filling
	}
	if s.phase == Filling && s.filled() == nothingLeft {
		s.phase = Settled
		if s.opening == firstStart {
			s.opening = open
			s.say(AllStarted, 0)
		}
	}
	if s.phase == Closing && s.drained(now) == nothingLeft {
		s.phase = Closed
		s.out = append(s.out, Action{Do: AllStopped, Child: s.culprit, Outcome: s.outcome})
	}
}

// progress says whether a phase has more to do.
type progress int

const (
	underWay progress = iota
	nothingLeft
)

// drained stops the last child that is up, from the place `from` on.
func (s *Supervisor) drained(now Instant) progress {
	if s.strategy == Dynamic {
		if len(s.children) > 0 {
			return underWay
		}
		return nothingLeft
	}
	for i := len(s.order) - 1; i >= s.from; i-- {
		c := s.order[i]
		switch c.state {
		case out, waiting:
			continue
		case starting, running:
			s.stop(c, now)
			return underWay
		case ending, stopping, killed, writtenOff:
			return underWay
		}
	}
	return nothingLeft
}

// filled starts the first child that waits, unless one before it is not ready
// or is about to be down.
func (s *Supervisor) filled() progress {
	for _, c := range s.order {
		switch c.state {
		case out, running:
			continue
		case waiting:
			s.start(c)
			return underWay
		case starting, ending, stopping, killed, writtenOff:
			return underWay
		}
	}
	return nothingLeft
}

// revive makes the drained children wait for their start, also those that had
// ended before; temporary ones stay out.
func (s *Supervisor) revive() {
	for _, c := range s.order[s.from:] {
		if c.state == out && c.spec.Restart != Temporary {
			c.state = waiting
		}
	}
}

// closeDynamic asks every child to stop at once, for they have no order.
func (s *Supervisor) closeDynamic(now Instant) {
	for _, id := range slices.Sorted(maps.Keys(s.children)) {
		c := s.children[id]
		switch c.state {
		case starting, running:
			s.stop(c, now)
		case out:
			s.retire(c)
		case waiting, ending, stopping, killed, writtenOff:
		}
	}
}
