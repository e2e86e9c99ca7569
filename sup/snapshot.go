package sup

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// State is what an incarnation is busy with, as a snapshot shows it.
//
//sumtype:decl
type State interface {
	fmt.Stringer
	processState()
}

type (
	// Starting is a process that is not Ready yet.
	Starting struct{}
	// Running is a process that is Ready, and nothing else is to be said.
	Running struct{}
	// Degraded is a process that runs, but that its environment keeps from its
	// work.
	Degraded struct{ Err error }
	// Stopping is a process that was asked to stop, was killed or has ended, but
	// is not down yet.
	Stopping struct{}
	// Idle is a child of which no incarnation runs: it ended for good, or waits
	// for its turn in a start or restart.
	Idle struct{}
	// Quarantined is a child that its owner put aside until then, and of which
	// nothing runs. Only the owner knows: sup never says so, and who shows the
	// owner's knowledge in a snapshot does.
	Quarantined struct{ Until time.Time }
)

func (Starting) processState()    {}
func (Running) processState()     {}
func (Degraded) processState()    {}
func (Stopping) processState()    {}
func (Idle) processState()        {}
func (Stuck) processState()       {}
func (Quarantined) processState() {}

// String is "starting".
func (Starting) String() string { return "starting" }

// String is "running".
func (Running) String() string { return "running" }

// String is the error after "degraded".
func (s Degraded) String() string { return fmt.Sprintf("degraded: %v", s.Err) }

// String is "stopping".
func (Stopping) String() string { return "stopping" }

// String is "idle".
func (Idle) String() string { return "idle" }

// String is the end of it after "quarantined until".
func (s Quarantined) String() string { return "quarantined until " + s.Until.Format(time.TimeOnly) }

// Snapshot is the tree as it was at one moment; each process is seen at a
// moment of its own, close to it.
type Snapshot struct {
	Taken time.Time
	Root  Node
}

// Node is one process in a snapshot.
type Node struct {
	Name, Kind, Path string
	State            State
	// Strategy is that of a supervisor, by its name in OTP; "" for a process that
	// is none.
	Strategy string
	// Restarts is how often the child was started again since its supervisor's
	// start.
	Restarts int
	// RestartsInAll is how often it was started again since the tree's start, also
	// because its supervisor was. A child of a pool begins anew with each start by
	// its owner.
	RestartsInAll int
	// Started is when this incarnation was; zero for one that never was.
	Started time.Time
	// LastExit is how the incarnation before this one ended, or this one if it
	// is down; nil if none has.
	LastExit Exit
	// LastMessage is the label of the last Receive.
	LastMessage string
	// MailboxDepth is the sum over the queues named to Watches, Mailboxes how many
	// they are.
	MailboxDepth, Mailboxes int
	// Cells are the process's; they are no Children.
	Cells Cells
	// Children are in the order of their first start; a child that was written
	// off stands after them, beside its new incarnation if it has one.
	Children []Node
}

// Snapshot looks at the whole tree. It blocks no process and waits for none. A
// stuck process whose supervisor is gone stands under the nearest one above
// that is there.
func (t *Tree) Snapshot() Snapshot {
	v := view{shown: make(map[*Process]struct{})}
	root := v.node(&slot{child: t.root.child, proc: t.root}, t.root.path)
	// Read after the tree: what became stuck meanwhile has been shown or is here.
	for _, p := range t.stuckProcesses() {
		if _, twice := v.shown[p]; !twice {
			home := nearest(&root, p.above)
			home.Children = append(home.Children, p.node())
		}
	}
	return Snapshot{Taken: time.Now(), Root: root}
}

// nearest is the node of a supervisor, or of the nearest one above it.
func nearest(root *Node, s *supervisor) *Node {
	for ; s != nil; s = s.p.above {
		if n := root.find(s.p.path); n != nil {
			return n
		}
	}
	return root
}

func (n *Node) find(path string) *Node {
	if n.Path == path {
		return n
	}
	for i := range n.Children {
		if found := n.Children[i].find(path); found != nil {
			return found
		}
	}
	return nil
}

// view is a walk over the tree.
type view struct{ shown map[*Process]struct{} }

func (v view) node(c *slot, path string) Node {
	p := c.proc
	if p == nil {
		return Node{Name: c.child.Name, Kind: c.child.kind(), Path: path, State: Idle{}, Strategy: c.child.strategy()}
	}
	v.shown[p] = struct{}{}
	n := p.node()
	n.Restarts, n.RestartsInAll = max(0, c.starts-1), max(0, c.startsBefore+c.starts-1)
	if n.LastExit == nil {
		n.LastExit = c.lastExit
	}
	if p.below != nil {
		n.Children = v.children(p.below)
	}
	return n
}

func (v view) children(s *supervisor) []Node {
	slots := s.seen()
	nodes := make([]Node, 0, len(slots))
	for i := range slots {
		c := &slots[i]
		nodes = append(nodes, v.node(c, join(s.p.path, c.child.Name)))
	}
	return nodes
}

// seen copies the slots, in the order of their first start.
func (s *supervisor) seen() []slot {
	s.mu.Lock()
	slots := make([]slot, 0, len(s.slots))
	for _, c := range s.slots {
		slots = append(slots, *c)
	}
	s.mu.Unlock()
	slices.SortFunc(slots, func(a, b slot) int { return cmp.Compare(a.id, b.id) })
	return slots
}

// node shows one process, without its children.
func (p *Process) node() Node {
	p.mu.Lock()
	n := Node{
		Name: p.child.Name, Kind: p.child.kind(), Path: p.path,
		State: p.state(), Strategy: p.child.strategy(), Restarts: p.restarts, RestartsInAll: p.restarts, Started: p.started,
		LastExit: p.life.exit, LastMessage: p.label, Cells: p.cells.show(),
	}
	depths := slices.Clone(p.holds.depths)
	p.mu.Unlock()
	n.Mailboxes = len(depths)
	for _, d := range depths {
		n.MailboxDepth += d.Depth()
	}
	return n
}

func (p *Process) state() State {
	switch {
	case p.life.exit != nil && len(p.life.group) == 0:
		return Idle{}
	case p.life.exit != nil:
		return Stuck{Goroutines: slices.Clone(p.life.group)}
	case p.life.order != carryOn:
		return Stopping{}
	case p.life.start == unacknowledged:
		return Starting{}
	case p.degraded != nil:
		return Degraded{Err: p.degraded}
	}
	return Running{}
}

// String draws the tree, one process a line.
func (s Snapshot) String() string {
	var b strings.Builder
	s.Root.draw(&b, "")
	return b.String()
}

func (n *Node) draw(b *strings.Builder, indent string) {
	fmt.Fprintf(b, "%s%s  %v", indent, n.Name, n.State)
	if n.Restarts > 0 {
		fmt.Fprintf(b, ", restarts %d", n.Restarts)
	}
	if n.LastExit != nil {
		fmt.Fprintf(b, ", last exit %v", n.LastExit)
	}
	b.WriteByte('\n')
	n.Cells.draw(b, indent+"  ")
	for i := range n.Children {
		n.Children[i].draw(b, indent+"  ")
	}
}
