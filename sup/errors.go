package sup

import (
	"errors"
	"fmt"
	"strings"
)

var (
	// ErrKilled is the error of a process that did not stop by its deadline and
	// was killed.
	ErrKilled = errors.New("sup: killed at its deadline")
	// ErrKilledByName is the error of a process that Tree.Kill killed.
	ErrKilledByName = errors.New("sup: killed by its name")
	// ErrNameTaken is the error of a start through a Pool whose name a child of
	// that pool still has.
	ErrNameTaken = errors.New("sup: a child of this name runs")
	// ErrPoolClosed is the error of a start through a Pool whose supervisor has
	// ended for good.
	ErrPoolClosed = errors.New("sup: the pool's supervisor has ended")
	// ErrPoolServed is the error of a Dynamic supervisor whose Pool another
	// running supervisor has.
	ErrPoolServed = errors.New("sup: another supervisor runs with this pool")
	// ErrGoexit is the error of a goroutine that ended by runtime.Goexit.
	ErrGoexit = errors.New("sup: ended by runtime.Goexit")
)

// SpecError says what is wrong with the description of a tree.
type SpecError struct{ Path, Fault string }

// Error names the place and the fault.
func (e *SpecError) Error() string { return fmt.Sprintf("sup: %s: %s", e.Path, e.Fault) }

// StartError says which process's start failed, and why. Path is the deepest
// process concerned, not each supervisor above it.
type StartError struct {
	Path string
	Err  error
}

// Error names the process and the reason.
func (e *StartError) Error() string { return fmt.Sprintf("sup: start %s: %v", e.Path, e.Err) }

// Unwrap is the reason.
func (e *StartError) Unwrap() error { return e.Err }

// UnkillableError says why Tree.Kill killed nothing.
type UnkillableError struct {
	Path string
	Why  Unkillable
}

// Unkillable is a reason that a process cannot be killed by its name.
type Unkillable int

// The reasons.
const (
	// NotThere is a path at which no process runs.
	NotThere Unkillable = iota
	// IsRoot is the path of the root, which nobody would start again.
	IsRoot
)

// Error names the path and the reason.
func (e *UnkillableError) Error() string {
	switch e.Why {
	case IsRoot:
		return "sup: " + e.Path + " is the root, which nobody would start again"
	case NotThere:
	}
	return "sup: no process runs at " + e.Path
}

// EscalatedError is the error of a supervisor that gave up because its children
// needed more restarts than its intensity allows. Path is the supervisor, Child
// the path of the child whose exit was one too many, Exit that exit.
type EscalatedError struct {
	Path  string
	Child string
	Exit  Exit
}

// Error names the supervisor, the child and its exit.
func (e *EscalatedError) Error() string {
	return fmt.Sprintf("sup: %s gave up: %s %v", e.Path, e.Child, e.Exit)
}

// Unwrap is the error that the child's exit carries.
func (e *EscalatedError) Unwrap() error { return errorOf(e.Exit) }

// LinkedError is the error of a process that was killed because a process it
// was linked to ended abnormally.
type LinkedError struct {
	Path string
	Exit Exit
}

// Error names the linked process and its exit.
func (e *LinkedError) Error() string { return fmt.Sprintf("sup: linked to %s: %v", e.Path, e.Exit) }

// Unwrap is the error that the linked process's exit carries.
func (e *LinkedError) Unwrap() error { return errorOf(e.Exit) }

// DownError is the error of a Call whose server went down before it answered.
// Path is the server; Call is the row's name.
type DownError struct {
	Call string
	Path string
	Exit Exit
}

// Error names the call, the server and its exit.
func (e *DownError) Error() string {
	return fmt.Sprintf("sup: call %s: %s is down: %v", e.Call, e.Path, e.Exit)
}

// Unwrap is the error that the server's exit carries.
func (e *DownError) Unwrap() error { return errorOf(e.Exit) }

// PanicError is a panic where an error is wanted.
type PanicError struct {
	Value any
	Stack []byte
}

// Error is the panic's value.
func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v", e.Value) }

// Unwrap is the panic's value if that is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// StuckError lists what had not returned: processes by path (Tree.Stop), or the
// goroutines of one process.
type StuckError struct{ Paths []string }

// Error lists them.
func (e *StuckError) Error() string { return "sup: stuck: " + strings.Join(e.Paths, ", ") }
