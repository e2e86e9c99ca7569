package sup

// Ref refers to one incarnation of a process. It stays good after the death and
// compares with ==. The zero Ref refers to nothing and may not be used.
type Ref struct{ p *Process }

// Path is the process's path.
func (r Ref) Path() string { return r.p.path }

// bonds are what ties a process to others.
type bonds struct {
	monitors []*monitor // who watches this process
	watching []*monitor // whom it watches
	links    []*Process
}

// monitor is one wish to be told of the death of a process. by is nil for one
// that came with the start of its child.
type monitor struct {
	of, by *Process
	into   *Mailbox[Down]
	tag    any
}

func (m *monitor) deliver(path, kind string, exit Exit) {
	m.into.Put(Down{Path: path, Kind: kind, Exit: exit, Tag: m.tag})
}

// Monitor puts one Down with tag into a mailbox when r is down, at once if it
// already is. It ends with p, or when the result is called; a Down may then
// already lie in the mailbox.
func (p *Process) Monitor(r Ref, into *Mailbox[Down], tag any) (demonitor func()) {
	m := &monitor{of: r.p, by: p, into: into, tag: tag}
	// First the watcher's side, so that neither death finds half a monitor.
	p.mu.Lock()
	if p.life.exit != nil {
		p.mu.Unlock()
		return func() {}
	}
	p.bonds.watching = append(p.bonds.watching, m)
	p.mu.Unlock()

	r.p.mu.Lock()
	exit := r.p.life.exit
	if exit == nil {
		r.p.bonds.monitors = append(r.p.bonds.monitors, m)
	}
	r.p.mu.Unlock()
	if exit != nil {
		p.forgetMonitor(m)
		m.deliver(r.p.path, r.p.child.kind(), exit)
	}
	return func() {
		r.p.forgetMonitor(m)
		p.forgetMonitor(m)
	}
}

// forgetMonitor takes m out of whichever side p is.
func (p *Process) forgetMonitor(m *monitor) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if m.of == p {
		p.bonds.monitors = without(p.bonds.monitors, m)
	}
	if m.by == p {
		p.bonds.watching = without(p.bonds.watching, m)
	}
}

// Link ties two processes: when one ends abnormally the other is killed, with
// a *LinkedError. If r has ended abnormally already, p is killed now.
func (p *Process) Link(r Ref) {
	q := r.p
	if q == p || p.linkTo(q) != nil {
		return
	}
	if exit := q.linkTo(p); exit != nil {
		p.unlink(q, exit)
	}
}

// linkTo notes q in p's links; if p is down it returns how p ended instead.
func (p *Process) linkTo(q *Process) Exit {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.life.exit == nil {
		p.bonds.links = append(without(p.bonds.links, q), q)
	}
	return p.life.exit
}

// unlink draws the consequence of q's death for p.
func (p *Process) unlink(q *Process, exit Exit) {
	p.mu.Lock()
	p.bonds.links = without(p.bonds.links, q)
	p.mu.Unlock()
	if natureOf(exit) == abnormal {
		p.kill(Failed{Err: &LinkedError{Path: q.path, Exit: exit}})
	}
}

// unbind tells monitors and links of p's death and ends its own monitors. The
// supervisor calls it after it has dealt with the death, so that a monitor finds
// the name free, and every Down is delivered before the supervisor ends.
func (p *Process) unbind(exit Exit) {
	p.mu.Lock()
	b := p.bonds
	p.bonds = bonds{}
	p.mu.Unlock()
	for _, m := range b.monitors {
		m.deliver(p.path, p.child.kind(), exit)
		if m.by != nil {
			m.by.forgetMonitor(m)
		}
	}
	for _, q := range b.links {
		q.unlink(p, exit)
	}
	for _, m := range b.watching {
		m.of.forgetMonitor(m)
	}
}

// nature says whether an exit restarts a Transient child and spreads by links.
type nature int

const (
	orderly nature = iota
	abnormal
)

func natureOf(e Exit) nature {
	switch e.(type) {
	case Normal, Stopped:
		return orderly
	case Failed, Panicked, StartFailed, Stuck:
		return abnormal
	}
	return abnormal
}
