package sup

import (
	"fmt"
	"strings"
)

// Exit says how one incarnation of a process ended.
//
//sumtype:decl
type Exit interface {
	fmt.Stringer
	processExit()
}

type (
	// Normal means that the Body returned nil of its own accord.
	Normal struct{}

	// Failed means that the Body or a linked goroutine returned an error; or
	// that the process was killed, by a link (*LinkedError) or at its deadline
	// (ErrKilled); or that a supervisor gave up (*EscalatedError).
	Failed struct{ Err error }

	// Panicked means that a goroutine of the process panicked with Value. Stack is its
	// stack, cut at 16 KiB.
	Panicked struct {
		Value any
		Stack []byte
	}

	// Stopped means that the supervisor asked for it and the process obeyed.
	Stopped struct{}

	// StartFailed means that the process ended abnormally before Ready, or could
	// not be started at all. A panic before Ready is a *PanicError here.
	StartFailed struct{ Err error }

	// Stuck means that the process was over, but these goroutines of its group
	// had not returned by the deadline ("body" is the Body's own). What they hold is
	// written off. Stuck is also a State: a snapshot shows the process until
	// the last of them has returned.
	Stuck struct{ Goroutines []string }
)

func (Normal) processExit()      {}
func (Failed) processExit()      {}
func (Panicked) processExit()    {}
func (Stopped) processExit()     {}
func (StartFailed) processExit() {}
func (Stuck) processExit()       {}

// String is "normal".
func (Normal) String() string { return "normal" }

// String is the error after "failed".
func (e Failed) String() string { return fmt.Sprintf("failed: %v", e.Err) }

// String is the panic's value after "panicked", without the stack.
func (e Panicked) String() string { return fmt.Sprintf("panicked: %v", e.Value) }

// String is "stopped".
func (Stopped) String() string { return "stopped" }

// String is the error after "start failed".
func (e StartFailed) String() string { return fmt.Sprintf("start failed: %v", e.Err) }

// String names the goroutines after "stuck".
func (e Stuck) String() string { return "stuck in " + strings.Join(e.Goroutines, ", ") }

// errorOf is the error that an exit carries, nil if it carries none.
func errorOf(e Exit) error {
	switch e := e.(type) {
	case Failed:
		return e.Err
	case StartFailed:
		return e.Err
	case Panicked:
		return &PanicError{Value: e.Value, Stack: e.Stack}
	case Stuck:
		return &StuckError{Paths: e.Goroutines}
	case Normal, Stopped:
		return nil
	}
	return nil
}

// Down tells a monitor that a process is down: all goroutines of its group have
// returned, or it is Stuck. Tag is what the monitor was given.
type Down struct {
	Path, Kind string
	Exit       Exit
	Tag        any
}
