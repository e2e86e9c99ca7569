package sup

import (
	"fmt"
	"time"
)

// A Body is what a process runs. A nil result is a Normal exit (Stopped if the
// supervisor had asked for the stop), an error is Failed. The process is over
// when its Body returns: goroutines of its group that still run are killed.
type Body func(p *Process) error

// Restart says after which exits a supervisor starts a child again.
type Restart int

// The restart types of OTP.
const (
	// Permanent children are always restarted, also after a Normal exit.
	Permanent Restart = iota
	// Transient children are restarted after an abnormal exit only.
	Transient
	// Temporary children are never restarted, not even when a sibling's crash
	// made the supervisor stop them.
	Temporary
)

// String names the restart type.
func (r Restart) String() string {
	switch r {
	case Permanent:
		return "permanent"
	case Transient:
		return "transient"
	case Temporary:
		return "temporary"
	}
	return fmt.Sprintf("restart %d", int(r))
}

// Strategy says which siblings share a child's fate.
type Strategy int

// The strategies of OTP.
const (
	// OneForOne restarts the child that ended, and no other.
	OneForOne Strategy = iota
	// OneForAll stops every child and starts all of them again.
	OneForAll
	// RestForOne stops the children after the one that ended and starts it and
	// them again.
	RestForOne
	// Dynamic has no children at first; they come and go through a Pool, in no
	// order. Its restarts are OneForOne's.
	Dynamic
)

// String names the strategy as OTP does.
func (s Strategy) String() string {
	switch s {
	case OneForOne:
		return "one_for_one"
	case OneForAll:
		return "one_for_all"
	case RestForOne:
		return "rest_for_one"
	case Dynamic:
		return "dynamic"
	}
	return fmt.Sprintf("strategy %d", int(s))
}

// Intensity bounds restarts: with more than Restarts of them within a span of
// Within (both ends included) the supervisor gives up. The zero value means
// OTP's default, 1 restart within 5 seconds. Restarts: 0 with a Within set
// means that the first restart is one too many.
type Intensity struct {
	Restarts int
	Within   time.Duration
}

// Child describes one child of a supervisor. Exactly one of Run and Supervisor
// is set.
type Child struct {
	// Name is unique among siblings: "control", "peer[127.0.0.1:4000]".
	Name string
	// Kind names the sort of process, for reports and tables: "peer". Empty
	// means Name.
	Kind string
	// Restart says after which exits the child is started again.
	Restart Restart
	// StopWithin is how long the child may take to stop before it is killed,
	// and after that how long it may take to die before it is written off as
	// Stuck. Zero means 5 seconds. It does not bound a Supervisor, whose
	// children have deadlines of their own.
	StopWithin time.Duration
	// Run is what the process does.
	Run Body
	// Supervisor makes the child a supervisor with children of its own.
	Supervisor *Supervisor
}

// Supervisor describes a supervisor. A restart of it starts from this
// description again, so it must not be changed after Start.
type Supervisor struct {
	Strategy  Strategy
	Intensity Intensity
	// Children are started in order and stopped in reverse order. Empty for
	// Dynamic.
	Children []Child
	// Pool is the handle through which a Dynamic supervisor gets its children;
	// nil for the other strategies.
	Pool *Pool
}

const (
	defaultStopWithin = 5 * time.Second
	defaultRestarts   = 1
	defaultWithin     = 5 * time.Second
)

func (c *Child) kind() string {
	if c.Kind == "" {
		return c.Name
	}
	return c.Kind
}

// strategy names that of a supervisor, "" for other children.
func (c *Child) strategy() string {
	if c.Supervisor == nil {
		return ""
	}
	return c.Supervisor.Strategy.String()
}

func (c *Child) stopWithin() time.Duration {
	if c.StopWithin <= 0 {
		return defaultStopWithin
	}
	return c.StopWithin
}

// check says what is wrong with the description of a child below path, and of
// everything below it.
func (c *Child) check(path string) error {
	path = join(path, c.Name)
	switch {
	case c.Name == "":
		return &SpecError{Path: path, Fault: "a child without a name"}
	case c.Run == nil && c.Supervisor == nil:
		return &SpecError{Path: path, Fault: "neither Run nor Supervisor"}
	case c.Run != nil && c.Supervisor != nil:
		return &SpecError{Path: path, Fault: "both Run and Supervisor"}
	case c.Restart < Permanent || c.Restart > Temporary:
		return &SpecError{Path: path, Fault: "unknown restart type"}
	case c.Supervisor != nil:
		return c.Supervisor.check(path)
	}
	return nil
}

func (s *Supervisor) check(path string) error {
	switch {
	case s.Strategy < OneForOne || s.Strategy > Dynamic:
		return &SpecError{Path: path, Fault: "unknown strategy"}
	case s.Strategy == Dynamic && s.Pool == nil:
		return &SpecError{Path: path, Fault: "dynamic without a Pool"}
	case s.Strategy == Dynamic && len(s.Children) > 0:
		return &SpecError{Path: path, Fault: "dynamic with Children"}
	case s.Strategy != Dynamic && s.Pool != nil:
		return &SpecError{Path: path, Fault: "a Pool, but not dynamic"}
	case s.Intensity.Restarts < 0 || s.Intensity.Within < 0:
		return &SpecError{Path: path, Fault: "negative intensity"}
	}
	seen := make(map[string]struct{}, len(s.Children))
	for i := range s.Children {
		c := &s.Children[i]
		if _, twice := seen[c.Name]; twice {
			return &SpecError{Path: join(path, c.Name), Fault: "two siblings of this name"}
		}
		seen[c.Name] = struct{}{}
		if err := c.check(path); err != nil {
			return err
		}
	}
	return nil
}

// join is the path of a child; path is empty for a pool that never ran.
func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "/" + name
}
