package sup

import (
	"context"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/etorrent/etorrent/sup/internal/decide"
)

// Process is one incarnation of a child: its Body's goroutine and those that it
// started with Go. Its methods are for these goroutines.
type Process struct {
	tree     *Tree
	above    *supervisor // nil at the root
	below    *supervisor // nil unless the process is a supervisor
	id       decide.ID
	child    *Child
	path     string
	restarts int // of the child, before this incarnation
	started  time.Time
	ctx      context.Context
	cancel   context.CancelFunc

	mu       sync.Mutex
	label    string // of the last Receive
	degraded error
	life     life
	bonds    bonds
	holds    holds
	cells    cells
}

// holds is what a process has that others must hear of at its death.
type holds struct {
	closers []*closer
	ports   []served
	depths  []Depth
}

type closer struct{ c io.Closer }

// bodyName is the name of a Body's goroutine in Stuck.
const bodyName = "body"

// newProcess makes an incarnation of a child; nothing runs yet.
func newProcess(t *Tree, above *supervisor, id decide.ID, c *Child, path string) *Process {
	p := &Process{tree: t, above: above, id: id, child: c, path: path, started: time.Now()}
	p.ctx, p.cancel = context.WithCancel(processContext{context.Background(), p})
	p.life.group = []string{bodyName}
	if c.Supervisor != nil {
		p.below = newSupervisor(p, c.Supervisor)
	}
	return p
}

// run starts the body.
func (p *Process) run() {
	if p.below != nil {
		p.launchSupervisor(p.below.run)
		return
	}
	p.launch(bodyName, bodyRole, func() error { return p.child.Run(p) })
}

// processContext is the root of a process's context; it carries the process, so
// that Call knows its caller.
type processContext struct {
	context.Context
	p *Process
}

type processKey struct{}

func (c processContext) Value(key any) any {
	if key == (processKey{}) {
		return c.p
	}
	return nil
}

// processOf is the process whose context ctx is or derives from, nil if none.
func processOf(ctx context.Context) *Process {
	p, _ := ctx.Value(processKey{}).(*Process)
	return p
}

// Ready acknowledges the start: only now the supervisor starts the next
// sibling. Before it a failure is StartFailed, and Call panics. A Body that
// never calls Ready holds up its supervisor's start; one that returns nil
// before it has started and ended. Further calls do nothing.
func (p *Process) Ready() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.life.start == acknowledged || p.life.exit != nil {
		return
	}
	p.life.start = acknowledged
	p.tell(childStarted)
}

// Context is cancelled when the process is asked to stop, is killed or ends.
func (p *Process) Context() context.Context { return p.ctx }

// Stopping is Context().Done().
func (p *Process) Stopping() <-chan struct{} { return p.ctx.Done() }

// PauseEnd says how a Pause ended.
type PauseEnd uint8

// The ends.
const (
	PauseOver PauseEnd = iota
	StopAsked
)

// Pause waits for d, or until the process is asked to stop.
func (p *Process) Pause(d time.Duration) PauseEnd {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-p.Stopping():
		return StopAsked
	case <-t.C:
		return PauseOver
	}
}

// Receive is called at each receive of a message. The label, such as the
// message's type, is kept for reports and snapshots. In a killed process it
// panics, and so ends the goroutine; that panic must not be recovered.
func (p *Process) Receive(label string) {
	p.mu.Lock()
	p.label = label
	order := p.life.order
	p.mu.Unlock()
	if order == killed {
		panic(killSignal{})
	}
	p.pass(OnReceive, label)
}

// Step is called inside the step of a core: a hook point, else nothing.
func (p *Process) Step(label string) { p.pass(InStep, label) }

// Act is called before each action of a batch: a hook point, else nothing.
func (p *Process) Act(label string) { p.pass(BetweenActions, label) }

func (p *Process) pass(at Moment, label string) {
	if hook := p.tree.options.Hook; hook != nil {
		hook(Point{Path: p.path, Kind: p.child.kind(), At: at, Label: label})
	}
}

// Go runs f on a goroutine of the process's group, to be called from one of
// that group. The process is down only when all of them have returned. A panic
// or an error of f ends the whole process; an error no longer does after the
// supervisor asked for the stop. nil just ends f. In a killed process Go
// panics, as Receive does.
func (p *Process) Go(name string, f func() error) {
	p.mu.Lock()
	if p.life.order == killed {
		p.mu.Unlock()
		panic(killSignal{})
	}
	p.life.group = append(p.life.group, name)
	p.mu.Unlock()
	p.launch(name, linkedRole, f)
}

// Closes registers what the process holds: c is closed once, when the process
// is killed or its Body returns, in reverse order of registration, unless
// forget was called before. In a process already killed it is closed at once.
// An error of Close is ignored.
func (p *Process) Closes(c io.Closer) (forget func()) {
	held := &closer{c}
	p.mu.Lock()
	if p.life.order == killed {
		p.mu.Unlock()
		p.closeAll([]*closer{held})
		return func() {}
	}
	p.holds.closers = append(p.holds.closers, held)
	p.mu.Unlock()
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.holds.closers = without(p.holds.closers, held)
	}
}

// Degraded says that the process runs but cannot do its work, because of its
// environment: a taken port, a missing volume. The snapshot shows err until
// Healthy. A nil err is Healthy.
func (p *Process) Degraded(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.degraded = err
}

// Healthy takes back Degraded.
func (p *Process) Healthy() { p.Degraded(nil) }

// Path is the names from the root to the process, joined by slashes:
// "client/net/udp".
func (p *Process) Path() string { return p.path }

// Self is a reference to this incarnation, for Monitor and Link.
func (p *Process) Self() Ref { return Ref{p} }

// Watches adds to the queues whose depth the snapshot adds up for this
// process.
func (p *Process) Watches(all ...Depth) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.holds.depths = append(p.holds.depths, all...)
}

// without removes one element; it does not keep the room at the end alive.
func without[T comparable](all []T, one T) []T {
	if i := slices.Index(all, one); i >= 0 {
		return slices.Delete(all, i, i+1)
	}
	return all
}
