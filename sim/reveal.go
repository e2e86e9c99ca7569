package sim

import (
	"math/rand/v2"

	"github.com/etorrent/etorrent/internal/core/assign"
	"github.com/etorrent/etorrent/internal/core/peer"
	"github.com/etorrent/etorrent/internal/core/reveal"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// veil says whether a program keeps back what it has (BEP 16).
type veil uint8

const (
	unveiled veil = iota
	veiled
)

// goal is what one says of itself that has everything.
func (v veil) goal() peer.Goal {
	if v == veiled {
		return peer.SuperSeeding
	}
	return peer.UploadOnly
}

// copies is what the first seed has sent, in copies of the torrent.
func (w *World) copies() float64 {
	for _, n := range w.nodes {
		if n.role == Seed {
			return float64(n.sent) / float64(w.content.TotalLength)
		}
	}
	return 0
}

// sight is the list of pieces that a new connection sees: while we super seed one of
// its own, which is empty.
func (c *control) sight() *log {
	if c.goal == peer.SuperSeeding {
		return newLog(pieceset.New(c.l.n.platter.Pieces()))
	}
	return c.log
}

func (w *World) newReveal() *reveal.Core {
	return reveal.New(reveal.Config{Geometry: w.content.Geometry, Random: rand.New(rand.NewPCG(w.rnd.Uint64(), 1))})
}

// revealed gives the core that super seeds an input, audits it, and has it ticked
// when it is due.
func (a *assigner) revealed(input func(*reveal.Core)) {
	if a.reveal == nil {
		return
	}
	input(a.reveal)
	if a.reveal == nil {
		return
	}
	l := a.l
	l.w.audit("reveal", l, a.reveal.Audit())
	if at := a.reveal.NextDeadline(); at != mono.Never {
		l.alarm(&l.alarms.reveal, at, func() { l.assign.box.put(l.assign.tick) })
	}
}

// tick has it judge what remotes do.
func (a *assigner) tick() {
	if a.isOver() {
		return
	}
	a.revealed(func(r *reveal.Core) {
		now := a.l.w.now
		for _, c := range a.l.conns {
			r.RemoteMeasured(now, reveal.RemoteID(c.id), c.sight())
		}
		r.Tick(now, a)
	})
}

// sight is what the core is told of a connection.
func (c *conn) sight() reveal.Reading {
	m := reveal.Reading{Sent: c.flow.sent}
	if c.flow.wants == peer.Interested {
		m.Interest = reveal.Interested
	}
	if c.flow.slot == peer.Unchoked {
		m.Slot = reveal.HasSlot
	}
	return m
}

// meets has it know of a connection that joins.
func (a *assigner) meets(c *conn) {
	own := c.news.log != a.l.control.log
	switch {
	case own && a.reveal == nil: // it came when this was not decided yet
		a.showAll(c)
	case own:
		a.revealed(func(r *reveal.Core) {
			r.RemoteJoined(a.l.w.now, reveal.RemoteID(c.id), reveal.SeesShown, c.news.log.set)
		})
	default:
		a.revealed(func(r *reveal.Core) { r.RemoteJoined(a.l.w.now, reveal.RemoteID(c.id), reveal.SeesAll, nil) })
	}
}

// sees has it know what a remote has.
func (a *assigner) sees(b *pickerNews) {
	a.revealed(func(r *reveal.Core) {
		id, now := reveal.RemoteID(b.conn.id), a.l.w.now
		r.RemoteHasSet(now, id, b.hasSet)
		for _, i := range b.has {
			r.RemoteHas(now, id, i)
		}
	})
}

// The assigner as the Effects of the core that super seeds.

// Reveal shows a piece to a remote.
func (a *assigner) Reveal(id reveal.RemoteID, i pieceset.Index) {
	c := a.conns[assign.HolderID(id)]
	if c.news.log.Has(i) {
		a.l.w.fail(a.l, "piece %d is shown to %s a second time", i, a.l.sender(c.id).name)
	}
	c.news.log.add(i)
	c.news.wake(c)
}

// Unveil shows everything to all.
func (a *assigner) Unveil(why reveal.Ending) {
	a.l.w.note(a.l, "shows everything: %T", why)
	a.l.veil, a.reveal = unveiled, nil
	for _, c := range a.l.conns {
		if a.conns[c.id] == c && c.news.log != a.l.control.log {
			a.showAll(c)
		}
	}
	a.l.control.box.put(a.l.control.unveil)
}

func (a *assigner) showAll(c *conn) {
	for k := range a.l.n.platter.Pieces() {
		c.news.log.add(pieceset.Index(k))
	}
	c.news.wake(c)
}

// unveil tells all what we are here for.
func (c *control) unveil() {
	if !c.isOver() {
		c.judgeGoal()
	}
}
