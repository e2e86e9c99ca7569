package utp

import (
	"github.com/etorrent/etorrent/internal/core/utp/conn"
	"github.com/etorrent/etorrent/internal/vocab/utpwire"
)

// This file is what the core of a connection has the process do, inside a step: it only
// appends.

// Deliver takes bytes of the remote's stream.
func (c *cell) Deliver(b []byte) {
	c.counts.delivered += uint64(len(b))
	c.due.relief = c.x.now.Add(reliefAfter)
	c.user.in.write(b, c.x.lentIn(b), &c.x.m.chunks)
}

// Send has a packet be among those that leave next.
func (c *cell) Send(o conn.Outgoing) {
	k := &c.user.out.kept
	k.sent = max(k.sent, o.Begin+uint64(o.Size))
	c.counts.sent++
	if o.Times > 1 {
		c.counts.again++
	}
	c.x.out.add(c, o)
}

// takeBack has a packet not count that was not sent.
func (n *counts) takeBack(o conn.Outgoing) {
	n.sent--
	if o.Times > 1 {
		n.again--
	}
}

// Released gives back what the remote has acknowledged.
func (c *cell) Released(to uint64) {
	c.due.relief = c.x.now.Add(reliefAfter)
	c.user.out.free(to, &c.x.m.chunks)
}

// Connected is told to who dialled.
func (c *cell) Connected() {
	c.news.answered = hasAnswered
	c.x.places.enlist(c)
}

// Ended is told to who reads.
func (c *cell) Ended() { c.news.theirs = ended }

// Forget has an id be free again.
func (c *cell) Forget(id utpwire.ConnID) { c.x.disclaim(c, id) }

// Closed notes why.
func (c *cell) Closed(why conn.Reason) { c.news.reason = why }
