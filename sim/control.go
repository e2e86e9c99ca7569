package sim

import (
	"net/netip"
	"time"

	"github.com/etorrent/etorrent/internal/core/assign"
	"github.com/etorrent/etorrent/internal/core/book"
	"github.com/etorrent/etorrent/internal/core/choke"
	"github.com/etorrent/etorrent/internal/core/handshake"
	"github.com/etorrent/etorrent/internal/core/peer"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
	"github.com/etorrent/etorrent/internal/vocab/wire"
)

const (
	recoverAfter  = time.Second
	recoverAtMost = time.Minute
)

// fromTracker is how a node knows the others: of a tracker in their own network.
var fromTracker = book.TrackerAt("sim", netip.AddrFrom4([4]byte{10}))

// control is the control process of a node: the Effects of its book and of its
// choker.
type control struct {
	l        *life
	box      *mailbox
	book     *book.Core
	bans     *book.Bans
	choker   *choke.Core
	phase    phase
	log      *log
	written  *pieceset.Set // written or more
	durable  *pieceset.Set
	goal     peer.Goal
	counted  assign.HolderID // the last number that a connection got
	patience time.Duration   // before the next try to go on
}

// phase says whether the torrent may be traded.
type phase uint8

const (
	opening phase = iota
	running
	halted
)

// log is the list of written pieces that may be served and announced.
type log struct {
	set   *pieceset.Set
	order []pieceset.Index
}

func newLog(held *pieceset.Set) *log {
	g := &log{set: pieceset.New(held.Size())}
	for i := range held.All() {
		g.add(i)
	}
	return g
}

// add appends a piece, once.
func (g *log) add(i pieceset.Index) {
	if !g.set.Has(i) {
		g.set.Add(i)
		g.order = append(g.order, i)
	}
}

// Has says whether piece i may be served.
func (g *log) Has(i pieceset.Index) bool { return g.set.Has(i) }

// Count is how many may.
func (g *log) Count() int { return g.set.Count() }

func newControl(l *life, bans *book.Bans) *control {
	n := l.n.platter.Pieces()
	c := &control{
		l: l, bans: bans, book: book.NewWith(bans),
		written: pieceset.New(n), durable: l.n.platter.row.claims.Clone(), patience: recoverAfter,
	}
	c.choker = l.w.newChoker(l.n.role)
	c.log = newLog(c.durable)
	c.box = &mailbox{l: l, then: c.dial}
	return c
}

// isOver says whether the process has ended.
func (c *control) isOver() bool { return c.l.isOver() || c.l.control != c }

// begin lets the torrent be traded. The other nodes are known from a tracker.
func (c *control) begin() {
	if c.isOver() {
		return
	}
	c.phase = running
	for _, n := range c.l.w.nodes {
		if n != c.l.n && n.state == nodeThere {
			c.book.Add(n.addr, fromTracker)
		}
	}
	c.judgeGoal()
}

// snapshot learns what the disk has, also where its reports were lost.
func (c *control) snapshot(written, durable *pieceset.Set) {
	if c.isOver() {
		return
	}
	c.written.Clear()
	c.written.AddAll(written)
	c.durable.Clear()
	c.durable.AddAll(durable)
	c.renewLog()
	c.judgeGoal()
}

// renewLog makes the log say what is written. If that is less than was announced
// every connection ends: a HAVE cannot be withdrawn.
func (c *control) renewLog() {
	held := c.durable.Clone()
	held.AddAll(c.written)
	if held.Overlap(c.log.set) < c.log.Count() {
		c.dismiss("pieces lost")
		c.log = newLog(held)
	}
	for i := range held.All() {
		c.announce(i)
	}
}

func (c *control) announce(i pieceset.Index) {
	if c.log.Has(i) {
		return
	}
	c.log.add(i)
	for _, k := range c.l.conns {
		k.news.wake(k)
	}
}

func (c *control) pieceWritten(i pieceset.Index) {
	if c.isOver() {
		return
	}
	c.written.Add(i)
	c.announce(i)
}

func (c *control) piecesDurable(s *pieceset.Set) {
	if c.isOver() {
		return
	}
	c.durable.AddAll(s)
	c.patience = recoverAfter
	for i := range s.All() {
		c.announce(i)
	}
	c.judgeGoal()
}

func (c *control) piecesLost(s *pieceset.Set) {
	if c.isOver() {
		return
	}
	c.durable.RemoveAll(s)
	c.written.RemoveAll(s)
	c.renewLog()
	c.judgeGoal()
}

// judgeGoal tells the remotes whether we still want anything.
func (c *control) judgeGoal() {
	before := c.goal
	c.goal = peer.Fetching
	if c.durable.IsFull() {
		c.goal = c.l.veil.goal()
	}
	if c.goal == before {
		return
	}
	c.tellGoal()
	goal := c.goal
	for _, k := range c.l.conns {
		if k.phase == connTrading {
			k.order(func() { k.step(func() { k.core.SetGoal(k.w.now, goal, k) }) })
		}
	}
}

// halt ends all trading after a fault, and tries to go on after a while.
func (c *control) halt() {
	if c.isOver() {
		return
	}
	c.phase = halted
	c.dismiss("paused")
	wait := c.patience
	c.patience = min(2*wait, recoverAtMost)
	c.l.after(wait, c.goOn)
}

func (c *control) goOn() {
	if c.isOver() || c.phase != halted {
		return
	}
	c.phase = running
	c.l.disk.resume()
	c.box.put(func() {})
}

// dial asks for connections while there is room.
func (c *control) dial() {
	if c.isOver() || c.phase != running {
		return
	}
	c.book.Next(c.l.w.now, len(c.l.w.nodes), c)
	if at := c.book.NextDeadline(); at != mono.Never {
		c.l.alarm(&c.l.alarms.control, at, func() { c.box.put(func() {}) })
	}
}

// Dial reaches for a node; an answer never takes as long as it may.
func (c *control) Dial(to netip.AddrPort, _ time.Duration) {
	w := c.l.w
	w.after(w.within(w.cfg.Latency)+w.within(w.cfg.Latency), func() {
		if c.isOver() {
			return
		}
		far := w.nodeAt(to)
		if far == nil || far.life == nil || c.phase != running || far.life.control.welcomes(c.l.n.addr) == unwelcome {
			c.box.put(func() { c.book.Failed(w.now, to) })
			return
		}
		connect(c, far.life.control)
	})
}

// welcome says whether a remote may connect.
type welcome uint8

const (
	welcomed welcome = iota
	unwelcome
)

func (c *control) welcomes(from netip.AddrPort) welcome {
	if c.phase == running && c.book.View(c.l.w.now, from) == book.Welcome {
		return welcomed
	}
	return unwelcome
}

// shook judges a connection whose handshake is finished: it is admitted, or one of
// two connections to the same peer leaves.
func (c *control) shook(k *conn, remote wire.Handshake) {
	if c.isOver() || k.phase != connShaking {
		return
	}
	k.remoteID = remote.PeerID
	for _, other := range c.l.conns {
		if other == k || other.phase != connTrading {
			continue
		}
		switch handshake.ViewDuplicate(other.view(), k.view()).(type) {
		case handshake.NoDuplicate:
		case handshake.KeepExisting, handshake.DiallerChooses: // there is one transport
			c.yield(k, other)
			return
		case handshake.ReplaceExisting:
			c.yield(other, k)
		}
	}
	k.phase = connTrading
	c.choker.PeerJoined(choke.PeerID(k.id), k.reading())
	if k.direction == handshake.Dialled {
		c.book.Connected(c.l.w.now, k.addr)
	}
	k.box.put(func() { k.trade(remote) })
}

// yield ends one of two connections to a peer; its endpoints lead to the other.
func (c *control) yield(from, to *conn) {
	for _, door := range from.doors {
		c.book.Connected(c.l.w.now, door)
	}
	to.doors = append(to.doors, from.doors...)
	from.doors = nil
	from.order(func() { from.end(reasonDuplicate) })
}

func (c *control) find(id assign.HolderID) *conn {
	for _, k := range c.l.conns {
		if k.id == id {
			return k
		}
	}
	return nil
}

// anybody is a living holder, mostly another than the one named.
func (c *control) anybody(than assign.HolderID) assign.HolderID {
	for _, k := range c.l.conns {
		if k.id != than && k.phase == connTrading {
			return k.id
		}
	}
	return than
}

// expose keeps the address of a holder that sent wrong bytes out.
func (c *control) expose(id assign.HolderID) {
	if c.isOver() {
		return
	}
	n := c.l.sender(id)
	c.l.w.note(c.l, "bans %s", n.name)
	c.l.w.totals.Bans++
	if n.role != Liar {
		c.l.w.fail(c.l, "%s is banned, and never lied", n.name)
	}
	c.book.Ban(c.l.w.now, n.addr.Addr())
	for _, k := range c.l.conns {
		if c.book.View(c.l.w.now, k.addr) == book.Banned {
			k.order(func() { k.end(reasonLiar) })
		}
	}
}

// down takes a connection that ended out of everything.
func (c *control) down(k *conn, how departure) {
	if c.isOver() {
		return
	}
	c.choker.PeerLeft(c.l.w.now, choke.PeerID(k.id), c)
	c.choked()
	for _, door := range k.doors {
		c.book.Ended(c.l.w.now, door, k.flow.trade)
	}
	if how == inACrash {
		c.book.Crashed(c.l.w.now, k.addr, 1+c.l.w.rnd.Uint64N(1000))
	}
	a := c.l.assign
	a.input(func() {
		k.flow.end = pickerTold
		a.left(k, how)
	})
}

// dismiss ends every connection.
func (c *control) dismiss(why string) {
	for _, k := range c.l.conns {
		k.order(func() { k.end(why) })
	}
}

// hears takes note of a node that came to the swarm.
func (c *control) hears(of netip.AddrPort) {
	if !c.isOver() {
		c.book.Add(of, fromTracker)
	}
}
