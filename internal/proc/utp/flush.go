package utp

import "github.com/etorrent/etorrent/internal/vocab/mono"

// turns are the connections that are to be flushed, in the order in which they are.
type turns struct {
	touched []*cell
	late    []*cell      // that have had their turn, and come behind those
	spare   []*cell      // the memory of those before
	roused  []bell       // of users who are to look again
	off     []*cell      // whose users wait for more than the little that there is
	since   mono.Instant // the first of those does
}

// touch has a connection be flushed.
func (x *process) touch(c *cell) {
	if c.mark == unmarked {
		c.mark = marked
		x.turns.touched = append(x.turns.touched, c)
	}
}

// touchLate has a connection be flushed behind all that wait: it has had its turn, and the link did
// not take all that it sent.
func (x *process) touchLate(c *cell) {
	if c.mark == unmarked {
		c.mark = marked
		x.turns.late = append(x.turns.late, c)
	}
}

// flush has all connections that something came for answer, and sends the answers. What
// the link does not take now is answered when it does.
func (x *process) flush() {
	x.tick()
	for {
		round := x.turns.touched
		x.turns.touched, x.turns.spare = x.turns.spare[:0], round
		for _, c := range round {
			c.mark = unmarked
			x.look(c)
		}
		clear(round)
		x.write()
		x.tellRoused()
		x.turns.touched = append(x.turns.touched, x.turns.late...)
		clear(x.turns.late)
		x.turns.late = x.turns.late[:0]
		if len(x.turns.touched) == 0 || x.out.wire != writable {
			return
		}
	}
}

// look does for one connection what all came to.
func (x *process) look(c *cell) {
	c.meet()
	if c.isOver() {
		return
	}
	if x.out.wire != writable {
		x.touch(c)
		return
	}
	c.step(toFlush)
	if c.isOver() {
		return
	}
	c.meetWriter()
	x.due.set(c, mono.Earliest(c.due.core, c.due.relief))
	if x.out.n >= runMost {
		x.write()
	}
}

// tellRoused wakes users.
func (x *process) tellRoused() {
	for _, b := range x.turns.roused {
		b.tell()
	}
	clear(x.turns.roused)
	x.turns.roused = x.turns.roused[:0]
}

// putOff has who reads be woken later.
func (t *turns) putOff(c *cell, now mono.Instant) {
	if len(t.off) == 0 {
		t.since = now
	}
	if c.putOff == unmarked {
		c.putOff = marked
		t.off = append(t.off, c)
	}
}

// rouseOff has those look again who were put off.
func (x *process) rouseOff() {
	for _, c := range x.turns.off {
		c.putOff = unmarked
		c.user.mu.Lock()
		x.rouse(&c.user.reads)
		c.user.mu.Unlock()
	}
	clear(x.turns.off)
	x.turns.off = x.turns.off[:0]
	x.tellRoused()
}
