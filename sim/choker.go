package sim

import (
	"math/rand/v2"

	"github.com/etorrent/etorrent/internal/core/assign"
	"github.com/etorrent/etorrent/internal/core/choke"
	"github.com/etorrent/etorrent/internal/core/peer"
	"github.com/etorrent/etorrent/internal/vocab/mono"
)

// newChoker returns the choker of a node. Its random numbers follow from the
// world's.
func (w *World) newChoker(r Role) *choke.Core {
	cfg := choke.Config{
		Strategy: must(choke.Find(w.cfg.Choker)), Slots: w.cfg.Slots, Random: rand.New(rand.NewPCG(w.rnd.Uint64(), 0)),
	}
	if r == FreeRider {
		cfg.Strategy = choke.None{}
	}
	return choke.New(cfg)
}

// interest takes a change of what a remote wants to the choker.
func (c *control) interest(k *conn, i peer.Interest) {
	switch {
	case c.isOver() || k.phase != connTrading:
		return
	case i == peer.Interested:
		c.choker.PeerInterested(c.l.w.now, choke.PeerID(k.id), c)
	default:
		c.choker.PeerUninterested(c.l.w.now, choke.PeerID(k.id), c)
	}
	c.choked()
}

// choked audits the choker after an input, and has it ticked when it is due.
func (c *control) choked() {
	c.l.w.audit("choke", c.l, c.choker.Audit())
	unchoked := 0
	for _, k := range c.l.conns {
		if k.flow.slot == peer.Unchoked {
			unchoked++
		}
	}
	if unchoked > c.choker.Slots() {
		c.l.w.fail(c.l, "%d remotes are unchoked, with %d slots", unchoked, c.choker.Slots())
	}
	if at := c.choker.NextDeadline(); at != mono.Never {
		c.l.alarm(&c.l.alarms.choker, at, func() { c.box.put(c.round) })
	}
}

// round has the choker judge all slots anew.
func (c *control) round() {
	if c.isOver() {
		return
	}
	for _, k := range c.l.conns {
		c.choker.PeerMeasured(choke.PeerID(k.id), k.reading())
	}
	c.choker.Tick(c.l.w.now, c)
	c.choked()
}

// reading is what was counted on a connection.
func (c *conn) reading() choke.Reading {
	m := choke.Reading{Received: c.flow.received, Sent: c.flow.sent, Piece: c.w.content.PieceLength}
	if c.core != nil {
		m.Unanswered = c.core.Unanswered()
	}
	return m
}

// tellGoal tells the choker whether we still want anything.
func (c *control) tellGoal() {
	g := choke.Fetching
	if c.goal != peer.Fetching {
		g = choke.Sharing
		c.l.n.finish()
	}
	c.choker.SetGoal(g)
}

// Unchoke has a connection unchoke its remote.
func (c *control) Unchoke(id choke.PeerID) { c.choke(id, peer.Unchoked) }

// Choke has it choke it.
func (c *control) Choke(id choke.PeerID) { c.choke(id, peer.Choked) }

func (c *control) choke(id choke.PeerID, state peer.Choke) {
	if k := c.find(assign.HolderID(id)); k != nil {
		k.flow.slot = state
		k.order(func() { k.step(func() { k.core.SetChoke(k.w.now, state, k) }) })
	}
}
