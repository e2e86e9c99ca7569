package utp

import (
	"github.com/etorrent/etorrent/internal/proc/clock"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/ordered"
)

// due is the place of a connection among the deadlines.
type due struct {
	at     mono.Instant // the earlier one of core and relief
	place  int          // 0: it is not among them
	core   mono.Instant // the deadline of its core
	relief mono.Instant // when memory is given back that it may not need any more
}

// Before is the order in which connections are due.
func (c *cell) Before(o *cell) bool { return c.due.at < o.due.at }

// Place is for the heap.
func (c *cell) Place() *int { return &c.due.place }

// deadlines has the connections that have one, the earliest first.
type deadlines struct {
	heap  ordered.Heap[*cell]
	alarm *clock.Alarm // of the process
}

// first is the earliest deadline, mono.Never where there is none.
func (d *deadlines) first() mono.Instant {
	if c := d.heap.First(); c != nil {
		return (*c).due.at
	}
	return mono.Never
}

// set gives a connection a deadline; mono.Never is none.
func (d *deadlines) set(c *cell, at mono.Instant) {
	switch {
	case at == mono.Never:
		d.remove(c)
	case c.due.place == 0:
		c.due.at = at
		d.heap.Add(c)
	case at != c.due.at:
		c.due.at = at
		d.heap.Moved(c)
	}
}

func (d *deadlines) remove(c *cell) {
	d.heap.Remove(c)
	c.due.at = mono.Never
}
