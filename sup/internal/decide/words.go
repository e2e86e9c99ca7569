// Package decide is the pure core of a supervisor: events go in, actions come
// out. It has no goroutine, channel, lock or clock, so every decision of a tree
// can be tested as a table and simulated by the million.
//
// The life of one child:
//
//	waiting ─StartChild→ starting ─Started→ running
//	starting, running ─StopChild→ stopping ─deadline, KillChild→ killed
//	starting, running ─Ending→ ending      (it ends by itself, not all of it is gone)
//	killed, ending ─deadline, WriteOff→ writtenOff
//	any of these that runs ─Exited→ out or waiting
//
// After WriteOff the owner delivers Exited, as for every other death; so each
// incarnation ends by exactly one StartFailed or Exited, and the next StartChild
// comes after it.
package decide

import (
	"math"
	"time"
)

// ID names a child within its supervisor, over all its incarnations.
type ID int

// Instant is nanoseconds on the owner's monotonic clock, from any origin.
type Instant int64

// Never is the instant of a deadline that is not armed.
const Never Instant = math.MaxInt64

// Unbounded is the StopWithin of a child that is waited for without limit.
const Unbounded time.Duration = math.MaxInt64

func (i Instant) after(d time.Duration) Instant {
	if d == Unbounded {
		return Never
	}
	return i + Instant(d)
}

// Restart is the restart type of a child, in sup's order.
type Restart int

// The restart types.
const (
	Permanent Restart = iota
	Transient
	Temporary
)

// Strategy is the strategy of a supervisor, in sup's order.
type Strategy int

// The strategies.
const (
	OneForOne Strategy = iota
	OneForAll
	RestForOne
	Dynamic
)

// Exit is what a decision needs to know of an exit.
type Exit int

// The two sorts of exit: only an Abnormal one restarts a Transient child.
const (
	Normal Exit = iota
	Abnormal
)

// Spec describes a child.
type Spec struct {
	ID         ID
	Restart    Restart
	StopWithin time.Duration
}

// Intensity is how many restarts a span may hold, both ends of it included.
type Intensity struct {
	Restarts int
	Within   time.Duration
}

// What names an event.
type What int

// The events.
const (
	// Begin starts the static children. It comes first and once.
	Begin What = iota
	// Add brings a new child of a Dynamic supervisor, in Event.Spec.
	Add
	// Started: Child is ready.
	Started
	// StartFailed: Child's incarnation ended before it was ready.
	StartFailed
	// Ending: Child is over, but not all its goroutines have returned. The owner
	// has killed them.
	Ending
	// Exited: Child's incarnation is gone, or was written off.
	Exited
	// Remove asks that Child of a Dynamic supervisor be stopped for good.
	Remove
	// StopAsked asks the supervisor to stop.
	StopAsked
	// DeadlinePassed: the instant that Deadline named has come.
	DeadlinePassed
)

// Event is one event at one instant. Fields that What does not speak of are
// zero.
type Event struct {
	What  What
	Child ID
	Exit  Exit
	Spec  Spec
	At    Instant
}

// Do names an action.
type Do int

// The actions.
const (
	// StartChild: make a new incarnation of Child.
	StartChild Do = iota
	// StopChild: ask Child to stop.
	StopChild
	// KillChild: its deadline has passed; kill it.
	KillChild
	// WriteOff: it outlived its kill; give it up as stuck.
	WriteOff
	// Retire: this supervisor will not start Child again, unless it restarts a
	// group that Child belongs to.
	Retire
	// AllStarted: every static child has started, for the first time.
	AllStarted
	// Escalate: Child's exit was one too many; the supervisor stops everything.
	Escalate
	// AllStopped: no child is left and none will come; Outcome says why, Child
	// whose fault it was. It comes last and once.
	AllStopped
)

// Outcome says why a supervisor ended.
type Outcome int

// The outcomes.
const (
	// AsAsked: it was asked to stop.
	AsAsked Outcome = iota
	// StartHasFailed: a child did not start at the first time.
	StartHasFailed
	// GaveUp: more restarts than the intensity allows.
	GaveUp
)

// Action is one thing to do now. Actions are done in order.
type Action struct {
	Do      Do
	Child   ID
	Outcome Outcome
}
