package sup_test

import (
	"bytes"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/etorrent/etorrent/sup"
)

// owner is a tree with one process "root/a" that does what it is given.
type owner struct {
	tree    *sup.Tree
	reports reports
	work    chan func(*sup.Process)
}

func newOwner(t *testing.T) owner {
	t.Helper()
	o := owner{reports: newReports(), work: make(chan func(*sup.Process))}
	o.tree = start(t, one(doing(o.work)), o.reports.options())
	return o
}

// do has the owner do something and waits until it has.
func (o owner) do(f func(*sup.Process)) {
	done := make(chan struct{})
	o.work <- func(p *sup.Process) {
		defer close(done)
		f(p)
	}
	<-done
}

func (o owner) node(t *testing.T) sup.Node {
	t.Helper()
	return node(t, o.tree, "root/a")
}

func nothing() {}

func TestAPanicInACellLeavesItsOwnerAndTheOtherCellsBe(t *testing.T) {
	bubble(t, func(t *testing.T) {
		o := newOwner(t)
		var first, second *sup.Cell
		var crash *sup.Crash
		steps := 0
		o.do(func(p *sup.Process) { first, second = p.NewCell("conn[1]"), p.NewCell("conn[2]") })
		pause(time.Second)
		o.do(func(p *sup.Process) {
			p.Receive("datagram")
			crash = first.Step(func() { steps++; _ = boom() })
			if second.Step(func() { steps++ }) != nil {
				t.Error("the other cell died too")
			}
		})
		if crash == nil || steps != 2 {
			t.Fatalf("%v, steps %d", crash, steps)
		}
		told := o.reports.take()
		if len(told) != 1 || told[0].Path != crash.Path || told[0].Exit.String() != crash.Exit.String() {
			t.Fatalf("told %+v", told)
		}
		e, is := crash.Exit.(sup.Panicked)
		if !is || e.Value != "boom" || !bytes.Contains(e.Stack, []byte("sup_test.boom")) {
			t.Errorf("%v", crash.Exit)
		}
		if crash.Path != "root/a/conn[1]" || crash.Kind != "conn" || crash.Scope != sup.OfCell || crash.LastMessage != "datagram" || crash.Age != time.Second {
			t.Errorf("%+v", crash)
		}
		n := o.node(t)
		if n.State != (sup.Running{}) || n.RestartsInAll != 0 || n.LastExit != nil {
			t.Errorf("the owner: %+v", n)
		}
		if n.Cells.Alive != 1 || n.Cells.Died != 1 || n.Cells.LastDeath.Path != "root/a/conn[1]" {
			t.Errorf("%+v", n.Cells)
		}
	})
}

func TestASnapshotNamesTheOldestCellsAndCountsAll(t *testing.T) {
	bubble(t, func(t *testing.T) {
		o, began := newOwner(t), time.Now()
		var all []*sup.Cell
		o.do(func(p *sup.Process) {
			for i := range 10_000 {
				all = append(all, p.NewCell(fmt.Sprintf("conn[%d]", i)))
			}
			all[0].End()
			all[5_000].End()
			all[9_999].End()
			all[9_999].End() // does nothing
			_ = all[2].Step(func() { panic("x") })
		})
		got := o.node(t).Cells
		if got.Alive != 9_996 || got.Died != 1 || len(got.Oldest) != sup.CellsShown {
			t.Fatalf("%d alive, %d died, %d shown", got.Alive, got.Died, len(got.Oldest))
		}
		want := sup.CellNode{Name: "conn[1]", Kind: "conn", Path: "root/a/conn[1]", State: sup.Running{}, Started: began}
		if got.Oldest[0] != want || got.Oldest[1].Name != "conn[3]" {
			t.Errorf("%+v", got.Oldest[:2])
		}
		drawn := o.tree.Snapshot().String()
		if want := "root  running\n  a  running\n    cell conn[1]  running\n    cell conn[3]  running\n"; !strings.HasPrefix(drawn, want) {
			t.Errorf("drawn\n%s", drawn)
		}
		if want := "    cell conn[11]  running\n    cells besides: 9986\n    cells that died: 1, the last root/a/conn[2] panicked: x\n"; !strings.HasSuffix(drawn, want) {
			t.Errorf("drawn\n%s", drawn)
		}
	})
}

func TestACellThatIsKilledByItsNameDiesAtItsNextStep(t *testing.T) {
	bubble(t, func(t *testing.T) {
		o := newOwner(t)
		var c *sup.Cell
		o.do(func(p *sup.Process) { c = p.NewCell("conn[a/b]"); _ = c.Step(nothing) })
		if err := o.tree.Kill("root/a/conn[a/b]"); err != nil {
			t.Fatal(err)
		}
		if got := o.node(t).Cells.Oldest[0].State; got != (sup.Stopping{}) {
			t.Error(got)
		}
		wantAll(t, o.reports.exits())
		var crash *sup.Crash
		o.do(func(*sup.Process) { crash = c.Step(func() { t.Error("it was stepped") }) })
		if crash == nil || !errors.Is(crash.Exit.(sup.Failed).Err, sup.ErrKilledByName) {
			t.Errorf("%v", crash)
		}
		wantAll(t, o.reports.exits(), "root/a/conn[a/b] failed: sup: killed by its name")
		var unkillable *sup.UnkillableError
		if err := o.tree.Kill("root/a/conn[a/b]"); !errors.As(err, &unkillable) || unkillable.Why != sup.NotThere {
			t.Error(err)
		}
		if n := o.node(t); n.State != (sup.Running{}) || n.Cells.Died != 1 {
			t.Errorf("%+v", n)
		}
	})
}

func TestAHookFailsACellAlone(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r, work := newReports(), make(chan func(*sup.Process))
		options, seen := r.options(), 0
		options.Hook = func(p sup.Point) {
			if p.Path != "root/a/conn[1]" {
				return
			}
			if p.Kind != "conn" || p.At != sup.InStep || p.Label != "datagram" {
				panic(fmt.Sprintf("%+v", p))
			}
			if seen++; seen == 3 {
				panic("third")
			}
		}
		start(t, one(doing(work)), options)
		work <- func(p *sup.Process) {
			c := p.NewCell("conn[1]")
			for p.Receive("datagram"); c.Step(nothing) == nil; {
			}
		}
		wantAll(t, r.exits(), "root/a/conn[1] panicked: third")
	})
}

// The deaths of cells are nothing that their owner's supervisor acts on.
func TestDeathsOfCellsCountInNoIntensity(t *testing.T) {
	bubble(t, func(t *testing.T) {
		o := newOwner(t)
		o.do(func(p *sup.Process) {
			for range 1000 {
				_ = p.NewCell("cell").Step(func() { panic("x") })
			}
		})
		if got := len(o.reports.take()); got != 1000 {
			t.Errorf("told of %d", got)
		}
		if n := o.node(t); n.RestartsInAll != 0 || n.Cells.Died != 1000 || n.Cells.Alive != 0 {
			t.Errorf("%+v", n)
		}
	})
}

// With -race: cells are made, stepped, killed and ended while others look.
func TestCellsAreSeenFromOutsideWhileTheyAreStepped(t *testing.T) {
	o := newOwner(t)
	defer func() { _ = stop(o.tree) }()
	rounds := 2000
	if testing.Short() {
		rounds = 200
	}
	done := make(chan struct{})
	var lookers sync.WaitGroup
	for range 2 {
		lookers.Go(func() {
			for seen := 0; ; seen++ {
				select {
				case <-done:
					return
				default:
				}
				n := find(o.tree.Snapshot().Root, "root/a").Cells
				if n.Alive < len(n.Oldest) || n.Died > 0 && n.LastDeath == nil {
					t.Errorf("%+v", n)
				}
				_ = o.tree.Kill("root/a/conn[3]")
				runtime.Gosched()
			}
		})
	}
	o.do(func(p *sup.Process) {
		for i := range rounds {
			cells := make([]*sup.Cell, 20)
			for j := range cells {
				cells[j] = p.NewCell(fmt.Sprintf("conn[%d]", j))
			}
			for j, c := range cells {
				if c.Step(func() { panicIf(i%50 == 0 && j == 7) }) == nil {
					c.End()
				}
			}
		}
	})
	close(done)
	lookers.Wait()
	if n := o.node(t).Cells; n.Alive != 0 || n.Died < rounds/50 {
		t.Errorf("%+v", n)
	}
}

func panicIf(so bool) {
	if so {
		panic("so")
	}
}

func TestAStepOfACellAllocatesNothing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		o, sum := newOwner(t), 0
		o.do(func(p *sup.Process) {
			c := p.NewCell("cell")
			if got := testing.AllocsPerRun(1000, func() { _ = c.Step(func() { sum++ }) }); got != 0 {
				t.Errorf("%v allocations", got)
			}
		})
	})
}
