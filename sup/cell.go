package sup

import (
	"fmt"
	"strings"
	"sync/atomic"
	"time"
)

// Cell is a core value that one process owns alone and steps under a guard: where a
// process for each thing would cost a hop for each message, a panic in a step
// discards the thing that was stepped, and the owner and its other cells go on. Its
// death is reported as a process's is, and snapshots show it below its owner. Nobody
// starts it again, so that it counts in no Intensity.
//
// Its methods are for the goroutines of its owner, one at a time.
type Cell struct {
	owner      *Process
	name       string
	started    time.Time
	order      atomic.Int32 // a cellOrder, from any goroutine
	stage      cellStage
	prev, next *Cell // in the owner's list, under its lock
}

// Crash is what is known of the death of a cell: the Report that Options.Observe was
// told. Its Exit is Panicked, with the value and the stack, or Failed{ErrKilledByName};
// Age is how long the cell lived.
type Crash = Report

// cellOrder is what a cell was last told.
type cellOrder = int32

const (
	cellCarriesOn    cellOrder = iota
	cellKilledByName           // it dies at its next step
	cellOwnerIsOver            // so that a step is one of a killed process
)

// cellStage is how far a cell is, for the goroutine that steps it.
type cellStage int

const (
	cellRests cellStage = iota
	cellSteps
	cellIsOver
)

// NewCell makes a cell of the process, which snapshots show below it until it dies,
// ends or the process does. What stands before a bracket in the name is its kind:
// "conn" of "conn[127.0.0.1:4000]". Names need not differ. In a killed process NewCell
// panics, as Receive does.
func (p *Process) NewCell(name string) *Cell {
	c := &Cell{owner: p, name: name, started: time.Now()}
	p.mu.Lock()
	if p.life.order == killed {
		p.mu.Unlock()
		panic(killSignal{})
	}
	p.cells.add(c)
	p.mu.Unlock()
	return c
}

// Step runs f and returns nil, or how the cell died in it: f panicked, or the cell was
// killed by its name, and then f does not run. What the cell is made of must be thrown
// away then; a Step of a cell that is dead or ended is a bug of the owner and panics,
// as does one inside another of the same cell. What ends the whole process goes on to
// it through Step: the panic of a Receive or Go in a killed process, and
// runtime.Goexit. In a killed process Step panics, as Receive does.
//
// A Step without a panic takes no lock and allocates nothing. Options.Hook is called
// before f, under the guard, with the path and kind of the cell.
func (c *Cell) Step(f func()) *Crash {
	if c.stage != cellRests || c.order.Load() != cellCarriesOn {
		return c.stepAnyway()
	}
	c.stage = cellSteps
	e := c.guard(f)
	switch {
	case e != nil:
		return c.die(Panicked{Value: e.value, Stack: e.stack})
	case c.stage == cellSteps: // and did not end itself
		c.stage = cellRests
	}
	return nil
}

// stepAnyway is a step of a cell that should not go on.
func (c *Cell) stepAnyway() *Crash {
	switch {
	case c.order.Load() == cellOwnerIsOver:
		panic(killSignal{})
	case c.stage == cellSteps:
		panic(fmt.Sprintf("sup: a step of the cell %s inside a step of it", c.path()))
	case c.stage == cellIsOver:
		panic(fmt.Sprintf("sup: a step of the cell %s, which is over", c.path()))
	}
	return c.die(Failed{Err: ErrKilledByName})
}

// die takes the cell out of the tree, counts it there and tells of it.
func (c *Cell) die(exit Exit) *Crash {
	p := c.owner
	c.stage = cellIsOver
	crash := &Crash{Scope: OfCell, Path: c.path(), Kind: c.kind(), Exit: exit, Age: time.Since(c.started)}
	p.mu.Lock()
	crash.LastMessage = p.label
	p.cells.remove(c)
	p.cells.died++
	p.cells.lastDeath = crash
	p.mu.Unlock()
	p.tree.observe(*crash)
	return crash
}

// End takes the cell out of the tree without a word. One that is over already is left
// alone.
func (c *Cell) End() {
	c.stage = cellIsOver
	c.owner.mu.Lock()
	defer c.owner.mu.Unlock()
	c.owner.cells.remove(c)
}

func (c *Cell) path() string { return join(c.owner.path, c.name) }

func (c *Cell) kind() string {
	kind, _, _ := strings.Cut(c.name, "[")
	return kind
}

// passHook is the cell's hook point.
func (c *Cell) passHook() {
	hook := c.owner.tree.options.Hook
	if hook == nil {
		return
	}
	c.owner.mu.Lock()
	label := c.owner.label
	c.owner.mu.Unlock()
	hook(Point{Path: c.path(), Kind: c.kind(), At: InStep, Label: label})
}
