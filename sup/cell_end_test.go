package sup_test

import (
	"runtime"
	"testing"

	"github.com/etorrent/etorrent/sup"
)

func TestAStepOfACellThatIsOverPanics(t *testing.T) {
	for name, end := range map[string]func(*sup.Cell){
		"dead":     func(c *sup.Cell) { _ = c.Step(func() { panic("x") }); c.End() },
		"ended":    (*sup.Cell).End,
		"by step":  func(c *sup.Cell) { _ = c.Step(c.End) },
		"in steps": func(c *sup.Cell) { _ = c.Step(func() { c.End(); panic("x") }) },
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				o := newOwner(t)
				o.do(func(p *sup.Process) {
					c := p.NewCell("cell")
					end(c)
					_ = o.reports.take()
					_ = c.Step(nothing)
				})
				wantAll(t, o.reports.exits(), "root/a panicked: sup: a step of the cell root/a/cell, which is over")
			})
		})
	}
}

func TestAStepInsideAStepOfTheSameCellKillsItAndOneOfAnotherDoesNot(t *testing.T) {
	bubble(t, func(t *testing.T) {
		o := newOwner(t)
		o.do(func(p *sup.Process) {
			c, d := p.NewCell("c"), p.NewCell("d")
			_ = c.Step(func() { _ = d.Step(nothing) })
			_ = c.Step(func() { _ = c.Step(nothing) })
			_ = d.Step(nothing)
		})
		wantAll(t, o.reports.exits(), "root/a/c panicked: sup: a step of the cell root/a/c inside a step of it")
	})
}

func TestWhatEndsAProcessGoesThroughAStep(t *testing.T) {
	killed := func(t *testing.T, o owner) {
		t.Helper()
		if err := o.tree.Kill("root/a"); err != nil {
			t.Error(err)
		}
	}
	for name, test := range map[string]struct {
		step func(t *testing.T, o owner, p *sup.Process, c *sup.Cell)
		want string
	}{
		"a receive after the kill": {func(t *testing.T, o owner, p *sup.Process, c *sup.Cell) {
			_ = c.Step(func() { killed(t, o); p.Receive("never") })
		}, "root/a failed: sup: killed by its name"},
		"a goroutine after the kill": {func(t *testing.T, o owner, p *sup.Process, c *sup.Cell) {
			_ = c.Step(func() { killed(t, o); p.Go("never", fail) })
		}, "root/a failed: sup: killed by its name"},
		"a step after the kill": {func(t *testing.T, o owner, _ *sup.Process, c *sup.Cell) {
			killed(t, o)
			_ = c.Step(nothing)
		}, "root/a failed: sup: killed by its name"},
		"a cell after the kill": {func(t *testing.T, o owner, p *sup.Process, _ *sup.Cell) {
			killed(t, o)
			p.NewCell("never")
		}, "root/a failed: sup: killed by its name"},
		"Goexit": {func(_ *testing.T, _ owner, _ *sup.Process, c *sup.Cell) {
			_ = c.Step(runtime.Goexit)
		}, "root/a failed: sup: ended by runtime.Goexit"},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				o := newOwner(t)
				o.do(func(p *sup.Process) {
					test.step(t, o, p, p.NewCell("cell"))
					t.Error("the process went on")
				})
				wantAll(t, o.reports.exits(), test.want)
				if n := o.node(t); n.Cells.Alive != 0 || n.Cells.Died != 0 {
					t.Errorf("%+v", n.Cells)
				}
			})
		})
	}
}

func TestTheEndOfAProcessEndsItsCellsWithoutAWord(t *testing.T) {
	for want, end := range map[string]func(o owner){
		"stopped":                              func(o owner) { _ = stop(o.tree) },
		"panicked: boom":                       func(o owner) { o.work <- func(*sup.Process) { _ = boom() } },
		"failed: sup: killed by its name":      func(o owner) { _ = o.tree.Kill("root/a") },
		"failed: sup: ended by runtime.Goexit": func(o owner) { o.work <- func(*sup.Process) { runtime.Goexit() } },
	} {
		t.Run(want, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				o := newOwner(t)
				var c *sup.Cell
				o.do(func(p *sup.Process) {
					c = p.NewCell("alive")
					_ = p.NewCell("dead").Step(func() { panic("x") })
				})
				_ = o.reports.take()
				end(o)
				for _, e := range o.reports.exits() {
					if e != "root/a "+want {
						t.Error(e)
					}
				}
				n := o.node(t)
				if n.LastExit.String() != want || n.Cells.Alive != 0 || len(n.Cells.Oldest) != 0 || n.Cells.Died != 1 {
					t.Errorf("last exit %v, cells %+v", n.LastExit, n.Cells)
				}
				c.End() // of one whose owner is gone does nothing
			})
		})
	}
}
