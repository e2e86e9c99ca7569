package sup

import "strings"

// Kill kills the process at a path, as a link or a deadline would: its context is
// cancelled, what it registered with Closes is closed, its next Receive or Go
// panics, and it ends as Failed{ErrKilledByName}. What follows is its supervisor's
// to decide, as after any crash. A supervisor's children are stopped in order
// first. Kill does not wait for the end, and one that is being killed already is
// left alone.
//
// It is for demonstrations and for people who look at a program: code that wants a
// process to end has other ways.
//
// The error is an *UnkillableError for the root, and where nothing runs at the path.
func (t *Tree) Kill(path string) error {
	if path == t.root.path {
		return &UnkillableError{Path: path, Why: IsRoot}
	}
	p := t.root.lookUp(path)
	if p == nil || p.death().exit != nil {
		return &UnkillableError{Path: path, Why: NotThere}
	}
	p.kill(Failed{Err: ErrKilledByName})
	return nil
}

// lookUp is the present incarnation at a path below p, nil if there is none.
func (p *Process) lookUp(path string) *Process {
	if p.below == nil {
		return nil
	}
	slots := p.below.seen()
	for i := range slots {
		c := &slots[i]
		at := join(p.path, c.child.Name)
		switch {
		case c.proc == nil:
		case at == path:
			return c.proc
		case strings.HasPrefix(path, at+"/"):
			if found := c.proc.lookUp(path); found != nil {
				return found
			}
		}
	}
	return nil
}
