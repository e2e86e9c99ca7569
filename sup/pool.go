package sup

import "sync"

// Pool is the handle of a Dynamic supervisor: through it children are started
// and stopped. All its methods are casts: they never block, and what is cast
// while the supervisor is not running is done when it runs again. Once the
// supervisor has ended for good, starts fail with ErrPoolClosed. Children do
// not outlive their supervisor's restart; casts that it had not yet taken do.
type Pool struct {
	box *Mailbox[command]

	mu    sync.Mutex
	state poolState
	path  string // of the supervisor that ran last
}

type poolState int

const (
	poolWaiting poolState = iota // for its supervisor to run, or to run again
	poolServed
	poolClosed
)

// command is one cast, decided by its fields: a start if child is set.
type command struct {
	child   *Child
	monitor *monitor // may be nil
	stop    string
}

// NewPool makes the handle of one Dynamic supervisor.
func NewPool() *Pool { return &Pool{box: NewMailbox[command]()} }

// Start casts the start of a child. A failure is reported as StartFailed, also
// that a child of this name is still there.
func (o *Pool) Start(c Child) { o.cast(command{child: &c}) }

// StartMonitored casts the start of a child with a monitor on its first
// incarnation: exactly one Down with tag will be put into the mailbox, a
// StartFailed if it never ran.
func (o *Pool) StartMonitored(c Child, into *Mailbox[Down], tag any) {
	o.cast(command{child: &c, monitor: &monitor{into: into, tag: tag}})
}

// Stop casts the stop of the child of this name, for good. A name that is not
// there is ignored.
func (o *Pool) Stop(name string) { o.cast(command{stop: name}) }

func (o *Pool) cast(c command) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.state == poolClosed {
		c.refuse(o.path, ErrPoolClosed)
		return
	}
	o.box.Put(c)
}

// refuse tells the monitor of a start that will not be.
func (c command) refuse(path string, err error) {
	if c.monitor != nil {
		c.monitor.deliver(join(path, c.child.Name), c.child.kind(), StartFailed{Err: err})
	}
}

// serve is called by a supervisor that begins.
func (o *Pool) serve(path string) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.state == poolServed {
		return ErrPoolServed
	}
	o.state, o.path = poolServed, path
	return nil
}

// release is called by a supervisor that ends.
func (o *Pool) release() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.state = poolWaiting
	o.box.remind()
}

// retirePools closes the pools of a supervisor that never ran and never will.
func (s *Supervisor) retirePools() {
	if s.Pool != nil {
		s.Pool.retire()
	}
	for i := range s.Children {
		if below := s.Children[i].Supervisor; below != nil {
			below.retirePools()
		}
	}
}

// retire is called when the supervisor will not run again.
func (o *Pool) retire() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.state == poolServed {
		return
	}
	o.state = poolClosed
	for _, c := range o.box.Take(nil) {
		c.refuse(o.path, ErrPoolClosed)
	}
}
