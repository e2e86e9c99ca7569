package sup

import (
	"fmt"
	"strings"
	"time"
)

// CellsShown is how many cells of a process a snapshot names.
const CellsShown = 10

// Cells are those of one process in a snapshot.
type Cells struct {
	// Alive is how many there are, Died how many have died since the process's start.
	Alive, Died int
	// LastDeath is the latest of these deaths, nil if none died. It is not to be
	// changed.
	LastDeath *Crash
	// Oldest are those alive in the order in which they were made, CellsShown at most.
	Oldest []CellNode
}

// CellNode is one cell in a snapshot. State is Running, or Stopping in one that was
// killed by its name and not stepped since.
type CellNode struct {
	Name, Kind, Path string
	State            State
	Started          time.Time
}

// cells are those of a process, in the order in which they were made.
type cells struct {
	first, last *Cell
	alive, died int
	lastDeath   *Crash
}

func (s *cells) add(c *Cell) {
	c.prev = s.last
	if s.last == nil {
		s.first = c
	} else {
		s.last.next = c
	}
	s.last = c
	s.alive++
}

// remove does nothing with a cell that is not in the list.
func (s *cells) remove(c *Cell) {
	if c.prev == nil && s.first != c {
		return
	}
	if c.prev == nil {
		s.first = c.next
	} else {
		c.prev.next = c.next
	}
	if c.next == nil {
		s.last = c.prev
	} else {
		c.next.prev = c.prev
	}
	c.prev, c.next = nil, nil
	s.alive--
}

// endAll is the end of the owner.
func (s *cells) endAll() {
	for c := s.first; c != nil; {
		next := c.next
		c.order.Store(cellOwnerIsOver)
		c.prev, c.next = nil, nil
		c = next
	}
	s.first, s.last, s.alive = nil, nil, 0
}

// show is the cells in a snapshot; under the owner's lock.
func (s *cells) show() Cells {
	n := Cells{Alive: s.alive, Died: s.died, LastDeath: s.lastDeath}
	for c := s.first; c != nil && len(n.Oldest) < CellsShown; c = c.next {
		n.Oldest = append(n.Oldest, CellNode{Name: c.name, Kind: c.kind(), Path: c.path(), State: c.state(), Started: c.started})
	}
	return n
}

func (c *Cell) state() State {
	if c.order.Load() == cellCarriesOn {
		return Running{}
	}
	return Stopping{}
}

// kill has the oldest cell of a name that was not killed before die at its next step.
func (s *cells) kill(name string) found {
	for c := s.first; c != nil; c = c.next {
		if c.name == name && c.order.CompareAndSwap(cellCarriesOn, cellKilledByName) {
			return isThere
		}
	}
	return notThere
}

// found says whether something was at a path.
type found uint8

const (
	notThere found = iota
	isThere
)

func (s *Cells) draw(b *strings.Builder, indent string) {
	for _, c := range s.Oldest {
		fmt.Fprintf(b, "%scell %s  %v\n", indent, c.Name, c.State)
	}
	if more := s.Alive - len(s.Oldest); more > 0 {
		fmt.Fprintf(b, "%scells besides: %d\n", indent, more)
	}
	if s.LastDeath != nil {
		fmt.Fprintf(b, "%scells that died: %d, the last %s %v\n", indent, s.Died, s.LastDeath.Path, s.LastDeath.Exit)
	}
}
