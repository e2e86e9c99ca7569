package sup

import (
	"errors"

	"github.com/etorrent/etorrent/sup/internal/decide"
)

// step gives the core an event, at the present instant, and does what it says.
// Actions cause events only through the inbox, so a step is never inside
// another.
func (s *supervisor) step(e decide.Event) {
	e.At = s.now()
	s.actions = s.core.Step(e, s.actions)
	for _, a := range s.actions {
		s.act(a)
	}
}

func (s *supervisor) act(a decide.Action) {
	switch a.Do {
	case decide.StartChild:
		s.start(s.slots[a.Child])
	case decide.StopChild:
		s.slots[a.Child].proc.askStop()
	case decide.KillChild:
		s.slots[a.Child].proc.kill(Failed{Err: ErrKilled})
	case decide.WriteOff:
		s.slots[a.Child].proc.writeOff()
	case decide.Retire:
		s.retire(s.slots[a.Child])
	case decide.AllStarted:
		s.p.Ready()
	case decide.Escalate:
		s.result = s.escalation(s.slots[a.Child])
	case decide.AllStopped:
		if a.Outcome == decide.StartHasFailed {
			s.result = startError(s.slots[a.Child].proc)
		}
	}
}

// start makes an incarnation.
func (s *supervisor) start(c *slot) {
	p := newProcess(s.p.tree, s, c.id, c.child, join(s.p.path, c.child.Name))
	p.restarts = c.starts
	if c.monitor != nil {
		c.monitor.of = p
		p.bonds.monitors = []*monitor{c.monitor}
	}
	if p.below != nil && c.proc != nil {
		p.below.inherit(c.proc.below)
	}
	s.mu.Lock()
	if c.proc != nil {
		c.lastExit = c.proc.death().exit
	}
	c.starts++
	c.proc, c.monitor = p, nil
	s.mu.Unlock()
	p.run()
}

// inherit takes over from the incarnation before who ran in each slot last, and how
// often: they are to be retired even if no further one comes to run in this
// incarnation.
func (s *supervisor) inherit(before *supervisor) {
	for id, c := range s.slots {
		of := before.slots[id]
		c.proc, c.startsBefore = of.proc, of.startsBefore+of.starts
	}
}

// retire: the child is not to come back by itself.
func (s *supervisor) retire(c *slot) {
	if s.spec.Strategy == Dynamic {
		s.mu.Lock()
		delete(s.slots, c.id)
		s.mu.Unlock()
		delete(s.names, c.child.Name)
	}
	if c.proc != nil {
		c.proc.retire()
	}
}

// retireAll is called after the supervisor's end, when it is not to run again.
func (s *supervisor) retireAll() {
	if s.spec.Pool != nil {
		s.spec.Pool.retire()
	}
	for _, c := range s.slots {
		switch {
		case c.proc != nil:
			c.proc.retire()
		case c.child.Supervisor != nil:
			c.child.Supervisor.retirePools()
		}
	}
}

func (s *supervisor) escalation(c *slot) error {
	return &EscalatedError{Path: s.p.path, Child: c.proc.path, Exit: c.proc.death().exit}
}

// startError names the deepest process whose start failed.
func startError(p *Process) error {
	err := errorOf(p.death().exit)
	var deeper *StartError
	if errors.As(err, &deeper) {
		return deeper
	}
	return &StartError{Path: p.path, Err: err}
}
