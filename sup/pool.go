package sup

import (
	"slices"
	"sync"
)

// Pool is the handle of a Dynamic supervisor: through it children are started
// and stopped. All its methods are casts: they never block, and what is cast
// while the supervisor is not running is done when it runs again. Once the
// supervisor has ended for good, starts fail with ErrPoolClosed. Children do
// not outlive their supervisor's restart, but for those of Keep; casts that it had
// not yet taken do.
type Pool struct {
	box *Mailbox[command]

	mu    sync.Mutex
	state poolState
	path  string   // of the supervisor that ran last
	kept  []*Child // that each incarnation of it begins with
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

// Keep is Start of a child that belongs to the pool: each incarnation of the
// supervisor begins with it, whatever its restart type, until Stop.
func (o *Pool) Keep(c Child) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.state != poolClosed && o.keeps(c.Name) < 0 {
		o.kept = append(o.kept, &c)
	}
	if o.state != poolWaiting {
		o.put(command{child: &c})
	}
}

// Stop casts the stop of the child of this name, for good. A name that is not
// there is ignored.
func (o *Pool) Stop(name string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if i := o.keeps(name); i >= 0 {
		o.kept = slices.Delete(o.kept, i, i+1)
	}
	o.put(command{stop: name})
}

// keeps is the place of a name among the kept children, below 0 if there is none.
func (o *Pool) keeps(name string) int {
	return slices.IndexFunc(o.kept, func(k *Child) bool { return k.Name == name })
}

func (o *Pool) cast(c command) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.put(c)
}

// put is cast under the lock.
func (o *Pool) put(c command) {
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
	for _, k := range o.kept {
		o.box.Put(command{child: k})
	}
	return nil
}

// release is called by a supervisor that ends. What it had not taken waits for the
// next, but for kept children, which that one begins with in any case.
func (o *Pool) release() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.state = poolWaiting
	for _, c := range o.box.Take(nil) {
		if c.child == nil || !slices.Contains(o.kept, c.child) {
			o.box.Put(c)
		}
	}
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
	o.state, o.kept = poolClosed, nil
	for _, c := range o.box.Take(nil) {
		c.refuse(o.path, ErrPoolClosed)
	}
}
