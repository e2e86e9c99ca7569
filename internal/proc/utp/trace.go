package utp

import (
	"errors"
	"io"
	"sync"
	"time"

	"github.com/etorrent/etorrent/internal/core/utp/tracer"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/utptrace"
	"github.com/etorrent/etorrent/sup"
)

const (
	// tracedMost is how many bytes of lines a connection keeps that nobody takes.
	tracedMost = 16 << 10
	// queuedMost is how many of all connections wait to be written.
	queuedMost = 256 << 10
)

// Trace writes what the connections of a Mux are up to (package utptrace). They leave their
// lines here, and a process of its own writes them, so that nobody waits for the writer. It
// is a passive leaf: its lock guards lines in memory.
type Trace struct {
	to     io.Writer
	every  time.Duration // between samples
	origin mono.Instant  // when it began
	wake   chan struct{}

	mu     sync.Mutex
	queued []byte           // to be written
	spare  []byte           // the memory of what was written
	left   []*tracer.Tracer // of connections that are over
	flows  int              // that were begun
	state  tracing
	err    error
}

// tracing says whether lines are taken.
type tracing uint8

const (
	tracingGoes tracing = iota
	tracingWrites
	tracingEnded
)

// TraceError says that a trace could not be written, and ends before the connections do.
type TraceError struct{ Err error }

// Error names the cause.
func (e *TraceError) Error() string { return "the trace cannot be written: " + e.Err.Error() }

// Unwrap is Err.
func (e *TraceError) Unwrap() error { return e.Err }

// errUnreturned is that of a Write that panicked, or takes for ever.
var errUnreturned = errors.New("a write has not returned")

// NewTrace returns a trace that begins now; its Child has to run as long as the Mux does.
func NewTrace(to io.Writer, every time.Duration, now mono.Instant) *Trace {
	return &Trace{
		to: to, every: every, origin: now, wake: make(chan struct{}, 1),
		queued: utptrace.Append(nil, utptrace.Head{Title: "recorded uTP connections", Interval: every}),
	}
}

// Child is the process that writes. It has to be stopped after that of the Mux.
func (t *Trace) Child() sup.Child {
	return sup.Child{Name: "trace", Run: t.run, Restart: sup.Temporary, StopWithin: stopSlack}
}

// Err is a *TraceError once the writer has failed.
func (t *Trace) Err() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.err == nil {
		return nil
	}
	return &TraceError{t.err}
}

func (t *Trace) run(p *sup.Process) error {
	p.Closes((*unwritten)(t))
	p.Ready()
	for {
		select {
		case <-p.Stopping():
			p.Receive("stop")
			t.write()
			return nil
		case <-t.wake:
			p.Receive("lines")
			if t.write() == tracingEnded {
				return nil
			}
		}
	}
}

// write writes what waits.
func (t *Trace) write() tracing {
	b := t.take()
	if len(b) == 0 {
		return t.wrote(b, nil)
	}
	n, err := t.to.Write(b)
	if err == nil && n < len(b) {
		err = io.ErrShortWrite
	}
	return t.wrote(b, err)
}

// take is what waits. That a write began is known from here on.
func (t *Trace) take() []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	b := t.queued
	t.queued, t.spare, t.state = t.spare, nil, tracingWrites
	for _, l := range t.left {
		b = append(b, l.Take()...)
	}
	t.left = nil
	return b
}

func (t *Trace) wrote(b []byte, err error) tracing {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.state == tracingEnded:
	case err != nil:
		t.state, t.err, t.queued, t.left = tracingEnded, err, nil, nil
	default:
		t.state = tracingGoes
		if cap(b) <= 2*queuedMost {
			t.spare = b[:0]
		}
	}
	return t.state
}

// unwritten is a trace whose process is over.
type unwritten Trace

// Close has no line be taken any more.
func (u *unwritten) Close() error {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.state == tracingWrites {
		u.err = errUnreturned
	}
	u.state, u.queued, u.spare, u.left = tracingEnded, nil, nil, nil
	return nil
}

// offer takes the lines of a connection, if there is room for them. Otherwise they stay with
// its tracer, which says later how many did not fit there.
func (t *Trace) offer(l *tracer.Tracer) tracing {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.state != tracingEnded && len(t.queued)+l.Waiting() <= queuedMost {
		t.queued = append(t.queued, l.Take()...)
		t.tell()
	}
	return t.state
}

// leave takes the tracer of a connection that is over.
func (t *Trace) leave(l *tracer.Tracer) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.state != tracingEnded {
		t.left = append(t.left, l)
		t.tell()
	}
}

// tell wakes the process.
func (t *Trace) tell() {
	select {
	case t.wake <- struct{}{}:
	default:
	}
}
