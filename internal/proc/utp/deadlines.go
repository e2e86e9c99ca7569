package utp

import "github.com/etorrent/etorrent/internal/vocab/mono"

// due is the place of a connection among the deadlines.
type due struct {
	at    mono.Instant
	place int // one more than the index in the heap; 0: it is in none
}

// deadlines has the connections that have one, the earliest first: a binary heap in which
// each knows its place, so that one that moves is not looked for.
type deadlines struct{ heap []*cell }

// first is the earliest deadline, mono.Never where there is none.
func (d *deadlines) first() mono.Instant {
	if len(d.heap) == 0 {
		return mono.Never
	}
	return d.heap[0].due.at
}

// set gives a connection a deadline; mono.Never is none.
func (d *deadlines) set(c *cell, at mono.Instant) {
	was := c.due.at
	switch {
	case c.due.place > 0 && at == mono.Never:
		d.remove(c)
	case at == mono.Never || c.due.place > 0 && at == was:
	case c.due.place == 0:
		c.due.at = at
		d.heap = append(d.heap, nil)
		d.up(len(d.heap)-1, c)
	case at < was:
		c.due.at = at
		d.up(c.due.place-1, c)
	default:
		c.due.at = at
		d.down(c.due.place-1, c)
	}
}

func (d *deadlines) remove(c *cell) {
	i, end := c.due.place-1, len(d.heap)-1
	last := d.heap[end]
	d.heap[end] = nil
	d.heap = d.heap[:end]
	c.due = due{}
	switch {
	case last == c:
	case i > 0 && last.due.at < d.heap[(i-1)/2].due.at:
		d.up(i, last)
	default:
		d.down(i, last)
	}
}

// put has a connection stand at an index.
func (d *deadlines) put(i int, c *cell) {
	d.heap[i] = c
	c.due.place = i + 1
}

// up puts a connection at an index or nearer to the first.
func (d *deadlines) up(i int, c *cell) {
	for i > 0 && c.due.at < d.heap[(i-1)/2].due.at {
		d.put(i, d.heap[(i-1)/2])
		i = (i - 1) / 2
	}
	d.put(i, c)
}

// down puts a connection at an index or further from the first.
func (d *deadlines) down(i int, c *cell) {
	for {
		next := 2*i + 1
		if next+1 < len(d.heap) && d.heap[next+1].due.at < d.heap[next].due.at {
			next++
		}
		if next >= len(d.heap) || c.due.at <= d.heap[next].due.at {
			break
		}
		d.put(i, d.heap[next])
		i = next
	}
	d.put(i, c)
}
