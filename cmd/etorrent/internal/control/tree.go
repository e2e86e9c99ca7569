package control

import (
	"strings"
	"time"

	"github.com/etorrent/etorrent/cmd/etorrent/internal/jsonl"
	"github.com/etorrent/etorrent/sup"
)

// treeOf tells a snapshot. Processes beyond those that are told are counted.
func (s *Server) treeOf(at sup.Snapshot) *jsonl.Tree {
	told := telling{taken: at.Taken, room: processesShown}
	t := &jsonl.Tree{
		Head: jsonl.Head{Time: at.Taken}, PID: s.cfg.PID, Version: s.cfg.Version, Command: shorten(s.cfg.Command),
	}
	t.Root = told.process(&at.Root)
	t.LeftOut = told.leftOut
	return t
}

type telling struct {
	taken         time.Time
	room, leftOut int
}

func (x *telling) process(n *sup.Node) jsonl.Process {
	x.room--
	p := jsonl.Process{
		Name: n.Name, Kind: n.Kind, Path: n.Path, Strategy: n.Strategy, Restarts: n.RestartsInAll,
		Mailboxes: n.Mailboxes, Waiting: n.MailboxDepth, LastMessage: shorten(n.LastMessage), Children: []jsonl.Process{},
	}
	stateInto(&p, n.State)
	if !n.Started.IsZero() {
		started := n.Started.UTC().Round(0)
		p.Started, p.Age = &started, max(0, x.taken.Sub(n.Started).Milliseconds())
	}
	if n.LastExit != nil {
		p.LastExit = shorten(n.LastExit.String())
	}
	p.Cells = x.cells(&n.Cells)
	for i := range n.Children {
		if x.room <= 0 {
			x.leftOut += count(&n.Children[i])
			continue
		}
		p.Children = append(p.Children, x.process(&n.Children[i]))
	}
	return p
}

// cells are nil of a process that never had one; those that are told take room.
func (x *telling) cells(c *sup.Cells) *jsonl.Cells {
	if c.Alive == 0 && c.Died == 0 {
		return nil
	}
	out := &jsonl.Cells{Alive: c.Alive, Died: c.Died, Oldest: []jsonl.Cell{}}
	if last := c.LastDeath; last != nil {
		out.LastDeath = &jsonl.CellDeath{Path: last.Path, Exit: shorten(last.Exit.String()), LastMessage: shorten(last.LastMessage)}
	}
	for _, o := range c.Oldest[:max(0, min(len(c.Oldest), x.room))] {
		x.room--
		out.Oldest = append(out.Oldest, jsonl.Cell{
			Name: o.Name, Kind: o.Kind, Path: o.Path, State: o.State.String(),
			Started: o.Started.UTC().Round(0), Age: max(0, x.taken.Sub(o.Started).Milliseconds()),
		})
	}
	return out
}

func count(n *sup.Node) int {
	all := 1
	for i := range n.Children {
		all += count(&n.Children[i])
	}
	return all
}

func stateInto(p *jsonl.Process, s sup.State) {
	switch s := s.(type) {
	case sup.Degraded:
		p.State, p.Reason = "degraded", shorten(s.Err.Error())
	case sup.Stuck:
		p.State, p.Reason = "stuck", shorten(strings.Join(s.Goroutines, ", "))
	case sup.Quarantined:
		until := s.Until.UTC().Round(0)
		p.State, p.Until = "quarantined", &until
	case sup.Starting, sup.Running, sup.Stopping, sup.Idle:
		p.State = s.String()
	}
}
