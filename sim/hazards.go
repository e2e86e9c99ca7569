package sim

import (
	"time"

	"github.com/etorrent/etorrent/internal/core/peer"
	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/wire"
)

// defect is a way in which a world can be built wrong, to prove that it notices.
type defect uint8

const (
	noDefect                defect = iota
	defectClaimsUnsynced           // Synced without a sync
	defectTrustsAnyHash            // HashRight whatever the bytes are
	defectForgetsDepartures        // the picker is not told who left
	defectBlamesAnybody            // another than the liar is convicted
	defectDoublesCredit            // the picker deals twice of what the window takes
	defectForgetsReturns           // the picker is not told what was given back
	defectForgetsFlying            // a new picker is not told what is in flight
	defectKeepsMemory              // memory that is given back stays reserved
	defectAnswersTwice             // every block is sent twice
	defectForgetsRequests          // of what was read one block in ten is not sent
)

// threaten plans what goes wrong with a node.
func (w *World) threaten(n *node) {
	h := &w.cfg.Hazards
	w.often(n, h.Kill, func() {
		if n.life != nil {
			w.totals.Kills++
			n.killed()
			w.after(w.within(h.Away), n.wake)
		}
	})
	w.often(n, h.PowerCut, func() {
		if n.life != nil {
			w.totals.PowerCuts++
			n.powerCut()
			w.after(w.within(h.Away), n.wake)
		}
	})
	w.often(n, h.Crash, func() { n.crashProcess() })
	w.often(n, h.Reset, func() { n.resetOne() })
	w.often(n, h.Choke, func() { n.chokeOne() })
	if n.role == Leech {
		w.often(n, h.Leave, func() { n.leave() })
	}
}

// often lets something happen to a node again and again, as long as it belongs to
// the swarm and the world runs.
func (w *World) often(n *node, mean time.Duration, do func()) {
	if mean == 0 {
		return
	}
	w.after(w.gap(mean), func() {
		if n.state == nodeLeft || w.isCalm() {
			return
		}
		do()
		w.often(n, mean, do)
	})
}

// isCalm says whether nothing goes wrong any more.
func (w *World) isCalm() bool {
	until := w.cfg.Hazards.Until
	return w.state != worldRuns || until > 0 && w.now > begins.Add(until)
}

// crashProcess ends one of the processes of a node.
func (n *node) crashProcess() {
	l := n.life
	if l == nil {
		return
	}
	n.w.totals.Crashes++
	switch k := n.w.rnd.IntN(4); {
	case k == 0 && len(l.conns) > 0:
		l.conns[n.w.rnd.IntN(len(l.conns))].leave("crashed", inACrash)
	case k <= 1:
		l.crashDisk()
	case k == 2:
		l.crashAssign()
		for n.w.happens(500) { // and the next one too, whom nobody knows yet, or some
			l.after(n.w.within(time.Millisecond), l.crashAssign)
		}
	default:
		l.crashControl()
	}
}

// crashes draws whether a peer crashes between two actions of a batch.
func (n *node) crashes() bool {
	w := n.w
	return w.cfg.Hazards.Crash > 0 && !w.isCalm() && w.happens(2)
}

// resetOne breaks a connection of a node: what is on its way is lost.
func (n *node) resetOne() {
	l := n.life
	if l == nil || len(l.conns) == 0 {
		return
	}
	n.w.totals.Resets++
	c := l.conns[n.w.rnd.IntN(len(l.conns))]
	far := c.far
	c.end(reasonReset)
	if !far.l.isOver() {
		far.end(reasonReset)
	}
}

// chokeOne chokes a remote that is unchoked, and lets the choker's word hold again
// after a moment.
func (n *node) chokeOne() {
	l := n.life
	if l == nil || len(l.conns) == 0 {
		return
	}
	c := l.conns[n.w.rnd.IntN(len(l.conns))]
	if c.flow.slot == peer.Choked {
		return
	}
	n.w.totals.Chokes++
	set := func(state func() peer.Choke) {
		c.order(func() { c.step(func() { c.core.SetChoke(c.w.now, state(), c) }) })
	}
	set(func() peer.Choke { return peer.Choked })
	l.after(n.w.within(2*time.Second), func() { set(func() peer.Choke { return c.flow.slot }) })
}

// leave takes a node out for good, and brings a new one.
func (n *node) leave() {
	w := n.w
	n.depart()
	w.totals.Left++
	fresh := w.newNode(Leech)
	for _, other := range w.nodes {
		if l := other.life; l != nil {
			l.control.box.put(func() { l.control.hears(fresh.addr) })
		}
	}
	w.after(w.within(5*time.Second), fresh.wake)
	w.threaten(fresh)
}

// asked and answered keep count of the requests on a connection.
func (w *World) asked(c *conn, m *wire.Message) {
	if m.Kind != wire.Request {
		return
	}
	if c.flow.asked++; c.flow.asked > peer.LocalReqq {
		w.fail(c.l, "%d requests are out to %s (credit %d, waiting %d there)", c.flow.asked, c.l.sender(c.id).name, c.core.Credit(), c.far.core.Waiting())
	}
}

func (w *World) answered(c *conn, m *wire.Message) {
	if m.Kind != wire.Piece && m.Kind != wire.Reject {
		return
	}
	if c.flow.asked--; c.flow.asked < 0 {
		w.fail(c.l, "%s answers what was not asked", c.l.sender(c.id).name)
	}
}

// answers is how many blocks answer a request.
func (w *World) answers() int {
	switch {
	case w.cfg.defect == defectAnswersTwice:
		return 2
	case w.cfg.defect == defectForgetsRequests && w.happens(100):
		return 0
	}
	return 1
}

// serves fails the world if a block that is about to be served is not right.
func (w *World) serves(c *conn, b geometry.Block, data []byte) {
	if !w.content.isRight(b, w.content.copyOf(b, data)) {
		w.fail(c.l, "serves wrong bytes for block %v", b)
	}
}

// judgeClosing fails the world if a node finds fault with how another speaks: all
// of them are ours.
func (w *World) judgeClosing(c *conn, why peer.Closing) {
	if why.Reason == peer.Silent {
		return
	}
	if why.Reason != peer.NothingToTrade {
		w.fail(c.l, "leaves %s for %v", c.l.sender(c.id).name, why)
	}
	if c.flow.asked > 0 && c.far.phase == connTrading && c.isQuiet() && c.far.isQuiet() {
		w.fail(c.l, "%d requests are never answered by %s", c.flow.asked, c.l.sender(c.id).name)
	}
}
