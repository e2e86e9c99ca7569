package control

import (
	"context"
	"fmt"
	"testing"

	"github.com/etorrent/etorrent/cmd/etorrent/internal/jsonl"
	"github.com/etorrent/etorrent/sup"
)

func TestCellsTakeTheRoomOfProcesses(t *testing.T) {
	owner := func(name string) sup.Node {
		return sup.Node{Name: name, State: sup.Running{}, Cells: sup.Cells{Alive: 2, Oldest: []sup.CellNode{{Name: "a", State: sup.Running{}}, {Name: "b", State: sup.Running{}}}}}
	}
	told := telling{room: 5}
	root := told.process(&sup.Node{State: sup.Running{}, Children: []sup.Node{owner("1"), owner("2"), owner("3")}})
	if len(root.Children) != 2 || len(root.Children[0].Cells.Oldest) != 2 || told.leftOut != 1 {
		t.Fatalf("%d left out of %+v", told.leftOut, root)
	}
	if c := root.Children[1].Cells; c.Alive != 2 || len(c.Oldest) != 0 {
		t.Errorf("%+v", c)
	}
}

// A process with ten thousand cells is one whose tree stays readable, and its cells may
// be killed as processes may.
func TestOfManyCellsTheOldestAreTold(t *testing.T) {
	w := newWorld(t, 1, usualPatience)
	step := make(chan struct{})
	tree, err := sup.Start(t.Context(), "client", sup.Supervisor{Children: []sup.Child{{Name: "udp", Run: func(p *sup.Process) error {
		var cells []*sup.Cell
		for i := range 10_000 {
			cells = append(cells, p.NewCell(fmt.Sprintf("conn[%d]", i)))
		}
		p.Ready()
		for range step {
			p.Receive("datagrams")
			for _, c := range cells[:3] {
				_ = c.Step(func() {})
			}
			step <- struct{}{}
		}
		return nil
	}}}}, sup.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tree.Stop(context.Background()) }()
	defer close(step)
	w.tree, w.state = tree, t.TempDir()
	w.opened(w.serve(8, usualPatience))
	g := w.programs()[0]
	if err := g.Kill("client/udp/conn[2]"); err != nil {
		t.Fatal(err)
	}
	cells := func() *jsonl.Cells {
		at, err := g.Tree()
		if err != nil {
			t.Fatal(err)
		}
		return at.Root.Children[0].Cells
	}
	if c := cells(); c.Alive != 10_000 || len(c.Oldest) != 10 || c.Oldest[2].State != "stopping" || c.Oldest[3].Path != "client/udp/conn[3]" || c.Died != 0 || c.LastDeath != nil {
		t.Errorf("%+v", c)
	}
	step <- struct{}{}
	<-step
	want := jsonl.CellDeath{Path: "client/udp/conn[2]", Exit: "failed: sup: killed by its name", LastMessage: "datagrams"}
	if c := cells(); c.Alive != 9_999 || c.Died != 1 || *c.LastDeath != want || c.Oldest[2].Name != "conn[3]" {
		t.Errorf("%+v", c)
	}
}
