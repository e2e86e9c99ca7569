package sup

import "strings"

// Kill kills the process at a path, as a link or a deadline would: its context is
// cancelled, what it registered with Closes is closed, its next Receive or Go
// panics, and it ends as Failed{ErrKilledByName}. What follows is its supervisor's
// to decide, as after any crash. A supervisor's children are stopped in order
// first. Kill does not wait for the end, and one that is being killed already is
// left alone.
//
// A cell's path leads to it where no process has that path. It dies at its next Step,
// in which nothing of it runs any more, as one that panicked, with the same error.
//
// It is for demonstrations and for people who look at a program: code that wants a
// process to end has other ways.
//
// The error is an *UnkillableError for the root, and where neither a process nor a cell
// is at the path.
func (t *Tree) Kill(path string) error {
	if path == t.root.path {
		return &UnkillableError{Path: path, Why: IsRoot}
	}
	switch p := t.root.lookUp(path); {
	case p != nil && p.death().exit == nil:
		p.kill(Failed{Err: ErrKilledByName})
		return nil
	case p == nil && t.root.killCell(path) == isThere:
		return nil
	}
	return &UnkillableError{Path: path, Why: NotThere}
}

// killCell has the cell at a path below p die at its next step.
func (p *Process) killCell(path string) found {
	name, below := strings.CutPrefix(path, p.path+"/")
	if !below {
		return notThere
	}
	p.mu.Lock()
	is := p.cells.kill(name)
	p.mu.Unlock()
	if is == isThere || p.below == nil {
		return is
	}
	slots := p.below.seen()
	for i := range slots {
		if c := &slots[i]; c.proc != nil && c.proc.killCell(path) == isThere {
			return isThere
		}
	}
	return notThere
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
