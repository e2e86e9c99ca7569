package sup

import (
	"context"
	"fmt"
	"sync"
)

// CallRow names one Call of a project: who waits on whom. Projects keep all
// their rows in one table, so that it can be read that nobody waits in a
// circle.
type CallRow struct{ Name, From, To string }

// Port is where a process answers Calls. It outlives the incarnations that
// serve it, one at a time.
type Port[Q, R any] struct {
	wake chan struct{}

	mu      sync.Mutex
	server  *Process                    // nil while nobody serves
	gone    *DownError                  // how the last one ended, if none is to come
	open    map[*Request[Q, R]]struct{} // not answered
	waiting []*Request[Q, R]            // not taken
}

// Request is one Call as the server sees it.
type Request[Q, R any] struct {
	// Q is the question.
	Q Q

	row    *CallRow
	port   *Port[Q, R]
	answer chan answer[R]
}

type answer[R any] struct {
	r   R
	err error
}

// served is a Port of any type, as its server holds it.
type served interface {
	serverDown(p *Process, exit Exit)
	retired(p *Process)
}

// NewPort makes a port that nobody serves yet.
func NewPort[Q, R any]() *Port[Q, R] {
	return &Port[Q, R]{
		wake: make(chan struct{}, 1),
		open: make(map[*Request[Q, R]]struct{}),
	}
}

// Call asks q of the process that serves a port and waits for the answer. With
// no incarnation serving it waits for the next; if the incarnation that should
// answer goes down, or none is to come, the error is a *DownError. Otherwise
// the error is ctx's; where ctx has ended already nothing is asked. With the context of a process that is not Ready, Call
// panics: a start that waits on others can be part of a circle of waiting.
func Call[Q, R any](ctx context.Context, row *CallRow, to *Port[Q, R], q Q) (R, error) {
	if p := processOf(ctx); p != nil {
		p.mustBeReady(row)
	}
	if err := ctx.Err(); err != nil {
		var none R
		return none, err // nothing is asked in vain
	}
	r := &Request[Q, R]{Q: q, row: row, port: to, answer: make(chan answer[R], 1)}
	to.put(r)
	select {
	case a := <-r.answer:
		return a.r, a.err
	case <-ctx.Done():
	}
	to.abandon(r)
	select {
	case a := <-r.answer:
		return a.r, a.err
	default:
		var none R
		return none, ctx.Err()
	}
}

func (p *Process) mustBeReady(row *CallRow) {
	p.mu.Lock()
	start := p.life.start
	p.mu.Unlock()
	if start != acknowledged {
		panic(fmt.Sprintf("sup: call %s by %s before its Ready", row.Name, p.path))
	}
}

// Serve makes p the process that answers. To be called from p; the port must
// have no other living server.
func (o *Port[Q, R]) Serve(p *Process) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.life.exit != nil {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	switch o.server {
	case p:
		return
	case nil:
	default:
		panic(fmt.Sprintf("sup: %s serves a port of %s", p.path, o.server.path))
	}
	o.server, o.gone = p, nil
	p.holds.ports = append(p.holds.ports, o)
}

// Wake is a one-place channel that holds a token while requests wait. A token
// received obliges the server to Take.
func (o *Port[Q, R]) Wake() <-chan struct{} { return o.wake }

// Take returns the requests that wait, oldest first, in into[:0].
func (o *Port[Q, R]) Take(into []*Request[Q, R]) []*Request[Q, R] {
	o.mu.Lock()
	defer o.mu.Unlock()
	into = append(into[:0], o.waiting...)
	o.noneWait()
	return into
}

// Depth is how many requests wait to be taken.
func (o *Port[Q, R]) Depth() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.waiting)
}

// Reply answers. Only the first answer counts, and none does after the caller
// has gone or the server was declared down.
func (r *Request[Q, R]) Reply(v R) {
	r.port.mu.Lock()
	defer r.port.mu.Unlock()
	r.port.settle(r, answer[R]{r: v})
}

func (o *Port[Q, R]) put(r *Request[Q, R]) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.open[r] = struct{}{}
	if o.gone != nil {
		o.fail(r, o.gone.Path, o.gone.Exit)
		return
	}
	o.waiting = append(o.waiting, r)
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

func (o *Port[Q, R]) abandon(r *Request[Q, R]) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.open, r)
	o.waiting = without(o.waiting, r)
}

// settle answers an open request. The channel has room: it is used once.
func (o *Port[Q, R]) settle(r *Request[Q, R], a answer[R]) {
	if _, isOpen := o.open[r]; isOpen {
		delete(o.open, r)
		r.answer <- a
	}
}

func (o *Port[Q, R]) fail(r *Request[Q, R], path string, exit Exit) {
	o.settle(r, answer[R]{err: &DownError{Call: r.row.Name, Path: path, Exit: exit}})
}

func (o *Port[Q, R]) noneWait() {
	clear(o.waiting)
	o.waiting = o.waiting[:0]
	select {
	case <-o.wake:
	default:
	}
}

// serverDown fails what p has not answered.
func (o *Port[Q, R]) serverDown(p *Process, exit Exit) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.server != p {
		return
	}
	o.server = nil
	for r := range o.open {
		o.fail(r, p.path, exit)
	}
	o.noneWait()
}

// retired fails what waits for an incarnation that will not come.
func (o *Port[Q, R]) retired(p *Process) {
	exit := p.exitNow()
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.server != nil {
		return
	}
	o.gone = &DownError{Path: p.path, Exit: exit}
	for r := range o.open {
		o.fail(r, p.path, exit)
	}
	o.noneWait()
}

func (p *Process) exitNow() Exit {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.life.exit
}
