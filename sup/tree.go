package sup

import (
	"context"
	"slices"
	"sync"
	"time"
)

// Tree is a running tree of supervisors.
type Tree struct {
	options Options
	root    *Process
	ready   chan struct{}
	done    chan struct{}

	mu    sync.Mutex
	exit  Exit       // of the root; nil while it runs
	stuck []*Process // written off, not yet returned
}

// Start starts a tree whose root is the supervisor s, and returns when all
// static children have acknowledged their start, in order. If one fails to, those
// before it are stopped in reverse order and the error is a *StartError. ctx
// bounds the start only; when it ends first, what was started is stopped and
// the error is ctx's; when it has ended nothing is started.
func Start(ctx context.Context, name string, s Supervisor, o Options) (*Tree, error) {
	child := &Child{Name: name, Supervisor: &s}
	if err := s.check(name); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err // nothing is started in vain
	}
	t := &Tree{options: o, ready: make(chan struct{}), done: make(chan struct{})}
	t.root = newProcess(t, nil, 0, child, name)
	t.root.run()
	select {
	case <-t.ready:
		return t, nil
	case <-t.done:
		return t.startedOrNot()
	case <-ctx.Done():
		t.root.askStop()
		<-t.done
		return nil, ctx.Err()
	}
}

// startedOrNot tells a tree that ended right after its start from one whose
// start failed.
func (t *Tree) startedOrNot() (*Tree, error) {
	select {
	case <-t.ready:
		return t, nil
	default:
		return nil, errorOf(t.rootExit())
	}
}

func (t *Tree) rootExit() Exit {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.exit
}

// Stop stops the tree, last child first, and waits until all is down or written
// off, which the children's deadlines bound. It returns nil when every
// goroutine has returned, a *StuckError when some were written off and run on,
// ctx's error when ctx ends before; the stop then goes on by itself.
func (t *Tree) Stop(ctx context.Context) error {
	t.root.askStop()
	select {
	case <-t.done:
	case <-ctx.Done():
		return ctx.Err()
	}
	if left := t.stuckProcesses(); len(left) > 0 {
		paths := make([]string, 0, len(left))
		for _, p := range left {
			paths = append(paths, p.path)
		}
		return &StuckError{Paths: paths}
	}
	return nil
}

// Done is closed when the root is down: after Stop, or because it gave up.
func (t *Tree) Done() <-chan struct{} { return t.done }

// Err is nil while the tree runs and after Stop, an *EscalatedError when the
// root has given up.
func (t *Tree) Err() error {
	exit := t.rootExit()
	if exit == nil {
		return nil
	}
	return errorOf(exit)
}

// finish is the root's death.
func (t *Tree) finish(exit Exit) {
	t.report(t.root, t.root.death())
	t.root.retire()
	t.mu.Lock()
	t.exit = exit
	t.mu.Unlock()
	close(t.done)
}

// death is what is to be known of a process that is down.
type death struct {
	exit  Exit
	start startState
	label string
}

func (p *Process) death() death {
	p.mu.Lock()
	defer p.mu.Unlock()
	return death{exit: p.life.exit, start: p.life.start, label: p.label}
}

// report tells the observer of an abnormal exit.
func (t *Tree) report(p *Process, d death) {
	if natureOf(d.exit) == orderly {
		return
	}
	t.observe(Report{
		Path: p.path, Kind: p.child.kind(), Exit: d.exit,
		Restarts: p.restarts, LastMessage: d.label, Age: time.Since(p.started),
	})
}

func (t *Tree) observe(r Report) {
	if t.options.Observe != nil {
		t.options.Observe(r)
	}
}

func (t *Tree) stuckNow(p *Process) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.stuck = append(t.stuck, p)
}

func (t *Tree) unstuck(p *Process) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.stuck = without(t.stuck, p)
}

func (t *Tree) stuckProcesses() []*Process {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.stuck)
}
