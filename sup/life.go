package sup

import (
	"context"
	"errors"
	"slices"
)

// The life of an incarnation:
//
//	group runs ──body returned, a goroutine failed, or killed──▶ order is killed:
//	    context cancelled, closers closed, Receive and Go panic
//	           ──the last goroutine returned──▶ down, with the first cause
//	           ──the supervisor's deadline────▶ down as Stuck, written off
//
// Down happens once, whoever comes first. A written-off process stays in the
// tree's list of stuck ones until its last goroutine returns.
type life struct {
	start startState
	order order
	cause Exit     // why the process is over; nil while it is not
	exit  Exit     // how it ended; nil until it is down
	group []string // names of the goroutines that have not returned
}

type startState int

const (
	unacknowledged startState = iota
	acknowledged
)

// order is what the process was last told.
type order int

const (
	carryOn order = iota
	stopAsked
	killed
)

// Error lets the signal be recognised where it ends up in a trace.
func (killSignal) Error() string { return "sup: this process was killed" }

// tell sends news of the process to its supervisor. Under p.mu, so that nothing
// is told after the death.
func (p *Process) tell(n news) {
	if p.above != nil {
		p.above.inbox.Put(event{news: n, of: p})
	} else if n == childStarted {
		close(p.tree.ready)
	}
}

// conclude draws the consequence of a goroutine's end, on that goroutine and
// before it leaves the group.
func (p *Process) conclude(r role, e ending) {
	p.mu.Lock()
	cause := p.causeOf(r, e)
	if cause == nil {
		p.mu.Unlock()
		return
	}
	held := p.end(cause, 1)
	p.mu.Unlock()
	p.cancel()
	p.closeAll(held)
}

// causeOf is the exit that a goroutine's end means for the process, nil if it
// goes on.
func (p *Process) causeOf(r role, e ending) Exit {
	switch e := e.(type) {
	case killedAtReceive:
		return nil
	case panicked:
		return Panicked{Value: e.value, Stack: e.stack}
	case returned:
		if r == linkedRole {
			return p.causeOfLinked(e.err)
		}
		return p.causeOfBody(e.err)
	}
	return nil
}

// causeOfLinked: after the stop was asked for, a connection closed under a
// reader is the usual course of things.
func (p *Process) causeOfLinked(err error) Exit {
	if err == nil || p.life.order == stopAsked {
		return nil
	}
	return Failed{Err: err}
}

func (p *Process) causeOfBody(err error) Exit {
	switch {
	case p.life.order == stopAsked && (err == nil || errors.Is(err, context.Canceled)):
		return Stopped{}
	case err == nil:
		return Normal{}
	}
	return Failed{Err: err}
}

// end makes the process over and hands what it holds to the caller, who cancels
// and closes it without the lock. own is how many goroutines of the group are
// the caller's. Of several causes the first counts, but no panic is hidden by
// anything but a panic.
func (p *Process) end(cause Exit, own int) []*closer {
	if p.life.cause == nil {
		p.life.cause = cause
	} else if _, hidden := p.life.cause.(Panicked); !hidden {
		if later, bug := cause.(Panicked); bug {
			p.life.cause = later
		}
	}
	held := p.holds.closers
	p.holds.closers = nil
	if p.life.order != killed {
		p.life.order = killed
		p.cells.endAll()
		if len(p.life.group) > own || len(held) > 0 {
			p.tell(childEnding)
		}
	}
	return held
}

// kill ends the process from outside.
func (p *Process) kill(cause Exit) {
	p.mu.Lock()
	if p.life.exit != nil || p.life.order == killed {
		p.mu.Unlock()
		return
	}
	held := p.end(cause, 0)
	if len(held) > 0 {
		p.life.group = append(p.life.group, "close")
	}
	p.mu.Unlock()
	p.cancel()
	if len(held) > 0 {
		// Close may block; the killer is a supervisor or another process.
		p.launch("close", linkedRole, func() error { p.closeAll(held); return nil })
	}
}

// askStop asks the process to stop.
func (p *Process) askStop() {
	p.mu.Lock()
	if p.life.order == carryOn {
		p.life.order = stopAsked
	}
	p.mu.Unlock()
	p.cancel()
}

// closeAll closes what the process held, the youngest first. The panic of a
// Close is the process's.
func (p *Process) closeAll(held []*closer) {
	for _, h := range slices.Backward(held) {
		guard(h.c.Close, func(e ending) {
			if _, bug := e.(panicked); bug {
				p.conclude(linkedRole, e)
			}
		})
	}
}

// leave takes a goroutine out of the group; the last one brings the process
// down.
func (p *Process) leave(name string) {
	p.mu.Lock()
	p.life.group = without(p.life.group, name)
	switch {
	case len(p.life.group) > 0:
		p.mu.Unlock()
	case p.life.exit != nil:
		p.mu.Unlock()
		p.tree.unstuck(p)
	default:
		exit := p.exitOf(p.life.cause)
		p.life.exit = exit
		p.mu.Unlock()
		p.buried(exit)
	}
}

// exitOf is the exit that a cause makes, which depends on the acknowledgement.
func (p *Process) exitOf(cause Exit) Exit {
	if p.life.start == acknowledged {
		return cause
	}
	switch cause := cause.(type) {
	case Failed:
		return StartFailed(cause)
	case Panicked:
		return StartFailed{Err: &PanicError{Value: cause.Value, Stack: cause.Stack}}
	case Normal, Stopped, StartFailed, Stuck:
		return cause
	}
	return cause
}

// writeOff gives the process up as Stuck, unless it is down.
func (p *Process) writeOff() {
	p.mu.Lock()
	if p.life.exit != nil {
		p.mu.Unlock()
		return
	}
	exit := Stuck{Goroutines: slices.Clone(p.life.group)}
	p.life.exit = exit
	p.tree.stuckNow(p)
	p.mu.Unlock()
	p.buried(exit)
}

// buried tells of the death. Unanswered calls fail before the supervisor hears
// of it, since the next incarnation may serve the same ports.
func (p *Process) buried(exit Exit) {
	p.cancel()
	for _, port := range p.heldPorts() {
		port.serverDown(p, exit)
	}
	if p.above == nil {
		p.tree.finish(exit)
	} else {
		p.above.inbox.Put(event{news: childDown, of: p})
	}
}

func (p *Process) heldPorts() []served {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.holds.ports
}

// retire is told when no further incarnation is to be expected: calls and
// starts that wait for one fail.
func (p *Process) retire() {
	for _, port := range p.heldPorts() {
		port.retired(p)
	}
	if p.below != nil {
		p.below.retireAll()
	}
}
