package sup

import (
	"fmt"
	"time"
)

// Moment is where in a process's life a hook point lies.
type Moment int

// The moments.
const (
	// OnReceive is at Process.Receive.
	OnReceive Moment = iota
	// InStep is at Process.Step, and at each Cell.Step.
	InStep
	// BetweenActions is at Process.Act.
	BetweenActions
)

// String names the moment.
func (m Moment) String() string {
	switch m {
	case OnReceive:
		return "on receive"
	case InStep:
		return "in step"
	case BetweenActions:
		return "between actions"
	}
	return fmt.Sprintf("moment %d", int(m))
}

// Point is a place where a process passes a hook.
type Point struct {
	Path, Kind string
	At         Moment
	Label      string
}

// Hook is called on the goroutine that passes the point, from many goroutines
// at once. Tests inject faults with it: what it panics with, the process panics
// with.
type Hook func(Point)

// Scope is how far an abnormal exit reaches.
type Scope int

// The scopes.
const (
	// OfProcess is the end of a process, which its supervisor acts on.
	OfProcess Scope = iota
	// OfCell is the death of one cell: its owner goes on.
	OfCell
)

// Report tells of one abnormal exit: Failed, Panicked, StartFailed or Stuck.
// Restarts is how often the child had been restarted before, LastMessage the
// label of its last Receive, Age how long the incarnation lived. Of a cell, Restarts
// is 0 and LastMessage its owner's.
type Report struct {
	Scope       Scope
	Path, Kind  string
	Exit        Exit
	Restarts    int
	LastMessage string
	Age         time.Duration
}

// Err is the error that the exit carries, nil if it carries none; a panic is a *PanicError.
func (r Report) Err() error { return errorOf(r.Exit) }

// Options are what a tree is started with.
type Options struct {
	// Hook, if set, is called at every hook point.
	Hook Hook
	// Observe, if set, is told of every abnormal exit, before the supervisor
	// acts on it. Supervisors call it on their own goroutines, several at once, and
	// so do the owners of cells: it must not block, and its panic is the program's
	// or, of a cell, the owner's.
	Observe func(Report)
}
