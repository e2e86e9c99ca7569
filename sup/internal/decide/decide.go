package decide

// Phase is what a supervisor as a whole is busy with.
type Phase int

// The phases. Draining and Filling are the two halves of a restart of several
// children; Filling is also the first start.
const (
	// Filling starts waiting children in order, each after the one before.
	Filling Phase = iota
	// Settled: nothing is to be done.
	Settled
	// Draining stops children in reverse order, to fill again.
	Draining
	// Closing stops all children, for good.
	Closing
	// Closed: AllStopped has been said.
	Closed
)

// opening tells the first start from all that follows.
type opening int

const (
	firstStart opening = iota
	open
)

// Supervisor is the state of one supervisor. Static children are in order; a
// Dynamic supervisor has only the table.
type Supervisor struct {
	strategy  Strategy
	intensity Intensity

	order    []*child
	children map[ID]*child

	phase    Phase
	opening  opening
	from     int // Draining: the place of the first child to stop
	outcome  Outcome
	culprit  ID
	restarts []Instant
	next     Instant // no deadline is earlier
	out      []Action
}

// New makes a supervisor whose static children are specs, in order.
func New(strategy Strategy, intensity Intensity, specs []Spec) *Supervisor {
	s := &Supervisor{
		strategy:  strategy,
		intensity: intensity,
		order:     make([]*child, 0, len(specs)),
		children:  make(map[ID]*child, len(specs)),
		next:      Never,
	}
	for i, spec := range specs {
		c := &child{spec: spec, place: i, state: waiting, deadline: Never}
		s.order = append(s.order, c)
		s.children[spec.ID] = c
	}
	return s
}

// Step takes one event and appends what is to be done to into[:0].
func (s *Supervisor) Step(e Event, into []Action) []Action {
	s.out = into[:0]
	switch e.What {
	case Begin:
	case Add:
		s.add(e.Spec)
	case StopAsked:
		s.close(AsAsked, 0, e.At)
	case DeadlinePassed:
		s.deadlinePassed(e.At)
	case Started, StartFailed, Ending, Exited, Remove:
		if c, known := s.children[e.Child]; known {
			s.heard(c, e)
		}
	}
	s.advance(e.At)
	out := s.out
	s.out = nil
	return out
}

// Deadline is the instant at which DeadlinePassed is due, Never if none is. It
// may come before any child's deadline, never after it.
func (s *Supervisor) Deadline() Instant { return s.next }

// Phase is what the supervisor is busy with.
func (s *Supervisor) Phase() Phase { return s.phase }

func (s *Supervisor) say(do Do, id ID) { s.out = append(s.out, Action{Do: do, Child: id}) }

// heard is an event about a child.
func (s *Supervisor) heard(c *child, e Event) {
	switch e.What {
	case Started:
		c.started()
	case Ending:
		s.arm(c, c.endingState(), e.At)
	case StartFailed:
		s.startFailed(c, e.At)
	case Exited:
		s.exited(c, e)
	case Remove:
		s.remove(c, e.At)
	case Begin, Add, StopAsked, DeadlinePassed:
	}
}

// add takes a child of a dynamic supervisor. Its start waits for no other.
func (s *Supervisor) add(spec Spec) {
	if s.phase == Closing || s.phase == Closed {
		s.say(Retire, spec.ID)
		return
	}
	c := &child{spec: spec, state: waiting, deadline: Never}
	s.children[spec.ID] = c
	s.start(c)
}

func (s *Supervisor) remove(c *child, now Instant) {
	c.fate = removed
	switch c.state {
	case starting, running:
		s.stop(c, now)
	case out, waiting, ending, stopping, killed, writtenOff:
	}
}

func (s *Supervisor) startFailed(c *child, now Instant) {
	c.state, c.deadline = out, Never
	switch s.claimOn(c) {
	case toBeStopped:
		s.stopped(c)
	case itsOwn:
		switch {
		case s.strategy == Dynamic && c.past == fresh:
			s.retire(c)
		case s.strategy != Dynamic && s.opening == firstStart:
			s.close(StartHasFailed, c.spec.ID, now)
		default:
			s.restart(c, now)
		}
	}
}

func (s *Supervisor) exited(c *child, e Event) {
	c.state, c.deadline = out, Never
	switch s.claimOn(c) {
	case toBeStopped:
		s.stopped(c)
	case itsOwn:
		if c.spec.Restart == Permanent || c.spec.Restart == Transient && e.Exit == Abnormal {
			s.restart(c, e.At)
		} else {
			s.retire(c)
		}
	}
}

// claim says whose decision a child's end was.
type claim int

const (
	itsOwn      claim = iota // the restart type decides what follows
	toBeStopped              // it was stopped, or would have been next
)

func (s *Supervisor) claimOn(c *child) claim {
	switch {
	case s.phase == Closing, c.fate == removed:
		return toBeStopped
	case s.phase == Draining && c.place >= s.from:
		return toBeStopped
	}
	return itsOwn
}

// stopped settles a child that ended while the supervisor wanted it down.
func (s *Supervisor) stopped(c *child) {
	switch {
	case s.phase == Closing && s.strategy != Dynamic:
		// The supervisor's own restart may start it again.
	case s.phase == Draining && c.spec.Restart != Temporary:
		c.state = waiting
	default:
		s.retire(c)
	}
}

func (s *Supervisor) retire(c *child) {
	s.say(Retire, c.spec.ID)
	if s.strategy == Dynamic {
		delete(s.children, c.spec.ID)
	}
}

// restart counts one restart and begins it, or gives up.
func (s *Supervisor) restart(c *child, now Instant) {
	if s.countRestart(now) == tooMany {
		s.close(GaveUp, c.spec.ID, now)
		return
	}
	c.state = waiting
	switch s.strategy {
	case OneForOne, Dynamic:
		s.start(c)
	case OneForAll:
		s.drain(0)
	case RestForOne:
		s.drain(c.place)
	}
}

// drain begins to stop the children from a place on. While one is on its way
// only a child before its place can ask for another, so this widens it.
func (s *Supervisor) drain(from int) { s.phase, s.from = Draining, from }

// close begins the end. The first reason stands.
func (s *Supervisor) close(outcome Outcome, culprit ID, now Instant) {
	if s.phase == Closing || s.phase == Closed {
		return
	}
	s.phase, s.from = Closing, 0
	s.outcome, s.culprit = outcome, culprit
	if outcome == GaveUp {
		s.say(Escalate, culprit)
	}
	if s.strategy == Dynamic {
		s.closeDynamic(now)
	}
}
