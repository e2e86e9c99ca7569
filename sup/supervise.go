package sup

import (
	"sync"
	"time"

	"github.com/etorrent/etorrent/sup/internal/decide"
)

// news is what a process tells its supervisor.
type news int

const (
	childStarted news = iota
	childEnding       // over and killed, but goroutines remain
	childDown         // the last word of an incarnation
)

type event struct {
	news news
	of   *Process
}

// supervisor is one incarnation of a supervisor: a loop that owns the state,
// hears events and carries out what the core decides.
type supervisor struct {
	p      *Process
	spec   *Supervisor
	core   *decide.Supervisor
	inbox  *Mailbox[event]
	origin time.Time
	clock  alarm

	events   []event
	commands []command
	actions  []decide.Action
	lastID   decide.ID
	names    map[string]decide.ID // of a dynamic supervisor's children
	result   error

	mu    sync.Mutex // the loop writes slots under it, snapshots read
	slots map[decide.ID]*slot
}

// slot is a child over all its incarnations.
type slot struct {
	id      decide.ID
	child   *Child
	monitor *monitor // for the first incarnation, until it is made
	starts  int      // in this incarnation of the supervisor
	// startsBefore are those in the incarnations before it.
	startsBefore int
	proc         *Process // the present incarnation or the last; nil before the first
	lastExit     Exit     // of the one before proc
}

func newSupervisor(p *Process, spec *Supervisor) *supervisor {
	s := &supervisor{
		p: p, spec: spec,
		inbox:  NewMailbox[event](),
		origin: time.Now(),
		clock:  alarm{at: decide.Never},
		slots:  make(map[decide.ID]*slot, len(spec.Children)),
	}
	specs := make([]decide.Spec, 0, len(spec.Children))
	for i := range spec.Children {
		specs = append(specs, s.take(&spec.Children[i], nil))
	}
	s.core = decide.New(decide.Strategy(spec.Strategy), spec.Intensity.orDefault(), specs)
	if spec.Strategy == Dynamic {
		s.names = make(map[string]decide.ID)
	}
	return s
}

func (i Intensity) orDefault() decide.Intensity {
	if i == (Intensity{}) {
		return decide.Intensity{Restarts: defaultRestarts, Within: defaultWithin}
	}
	return decide.Intensity{Restarts: i.Restarts, Within: i.Within}
}

// take makes a slot for a child and describes it to the core.
func (s *supervisor) take(c *Child, m *monitor) decide.Spec {
	s.lastID++
	s.mu.Lock()
	s.slots[s.lastID] = &slot{id: s.lastID, child: c, monitor: m}
	s.mu.Unlock()
	spec := decide.Spec{ID: s.lastID, Restart: decide.Restart(c.Restart), StopWithin: decide.Unbounded}
	if c.Supervisor == nil {
		spec.StopWithin = c.stopWithin()
	}
	return spec
}

// run is the supervisor's body.
func (s *supervisor) run() error {
	var casts <-chan struct{}
	if pool := s.spec.Pool; pool != nil {
		if err := pool.serve(s.p.path); err != nil {
			return &StartError{Path: s.p.path, Err: err}
		}
		casts = pool.box.Wake()
		defer pool.release()
	}
	stop := s.p.ctx.Done()
	s.step(decide.Event{What: decide.Begin})
	for s.core.Phase() != decide.Closed {
		select {
		case <-s.inbox.Wake():
		case <-casts:
		case <-s.clock.c:
			s.clock.at = decide.Never
			s.step(decide.Event{What: decide.DeadlinePassed})
		case <-stop:
			stop = nil
			s.step(decide.Event{What: decide.StopAsked})
		}
		s.hear()
		s.clock.set(s.core.Deadline(), s.now())
	}
	s.clock.set(decide.Never, s.now())
	return s.result
}

// hear deals with what has come in. Casts stay where they are once the
// supervisor closes: they are for its next incarnation.
func (s *supervisor) hear() {
	s.events = s.inbox.Take(s.events)
	for _, e := range s.events {
		s.heard(e)
	}
	clear(s.events)
	if s.spec.Pool == nil || s.core.Phase() != decide.Settled {
		return
	}
	s.commands = s.spec.Pool.box.Take(s.commands)
	for _, c := range s.commands {
		s.obey(c)
	}
	clear(s.commands)
}

func (s *supervisor) heard(e event) {
	id := e.of.id
	switch e.news {
	case childStarted:
		s.step(decide.Event{What: decide.Started, Child: id})
	case childEnding:
		s.step(decide.Event{What: decide.Ending, Child: id})
	case childDown:
		s.heardDown(e.of)
	}
}

// heardDown: an incarnation has ended. One that ended well without Ready counts
// as started and ended.
func (s *supervisor) heardDown(p *Process) {
	d := p.death()
	s.p.tree.report(p, d)
	what, exit := decide.Exited, decide.Abnormal
	if natureOf(d.exit) == orderly {
		exit = decide.Normal
	}
	if d.start == unacknowledged {
		if exit == decide.Abnormal {
			what = decide.StartFailed
		} else {
			s.step(decide.Event{What: decide.Started, Child: p.id})
		}
	}
	s.step(decide.Event{What: what, Child: p.id, Exit: exit})
	p.unbind(d.exit)
}

// obey carries out one cast of the pool.
func (s *supervisor) obey(c command) {
	if c.child == nil {
		if id, there := s.names[c.stop]; there {
			s.step(decide.Event{What: decide.Remove, Child: id})
		}
		return
	}
	if err := s.startable(c.child); err != nil {
		s.p.tree.observe(Report{
			Path: join(s.p.path, c.child.Name), Kind: c.child.kind(), Exit: StartFailed{Err: err},
		})
		c.refuse(s.p.path, err)
		return
	}
	spec := s.take(c.child, c.monitor)
	s.names[c.child.Name] = spec.ID
	s.step(decide.Event{What: decide.Add, Spec: spec})
}

func (s *supervisor) startable(c *Child) error {
	if _, taken := s.names[c.Name]; taken {
		return ErrNameTaken
	}
	return c.check(s.p.path)
}

func (s *supervisor) now() decide.Instant { return decide.Instant(time.Since(s.origin)) }

// alarm is a timer made when first needed.
type alarm struct {
	timer *time.Timer
	c     <-chan time.Time
	at    decide.Instant
}

func (a *alarm) set(at, now decide.Instant) {
	if a.at == at {
		return
	}
	a.at = at
	switch {
	case at == decide.Never:
		a.timer.Stop()
	case a.timer == nil:
		a.timer = time.NewTimer(time.Duration(at - now))
		a.c = a.timer.C
	default:
		a.timer.Reset(time.Duration(at - now))
	}
}
