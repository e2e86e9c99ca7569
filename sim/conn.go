package sim

import (
	"net/netip"
	"time"

	"github.com/etorrent/etorrent/internal/core/assign"
	"github.com/etorrent/etorrent/internal/core/handshake"
	"github.com/etorrent/etorrent/internal/core/peer"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/wire"
)

const (
	capabilities    = wire.FastExtension | wire.ExtensionProtocol
	handshakeLimit  = 20 * time.Second
	haveDelay       = 100 * time.Millisecond
	reasonDuplicate = "duplicate"
	reasonLiar      = "sent wrong bytes"
	reasonEOF       = "EOF"
	reasonReset     = "reset"
)

// conn is one end of a connection, with the peer process that owns it.
type conn struct {
	w         *World
	l         *life
	far       *conn
	id        assign.HolderID
	addr      netip.AddrPort // the remote's
	direction handshake.Direction
	phase     connPhase
	shaker    shaker
	remoteID  [20]byte
	doors     []netip.AddrPort // endpoints of the book that lead to it
	core      *peer.Core
	carry     []byte // bytes that came and make no whole message yet
	batch     batch
	out       outgoing
	box       *mailbox
	news      haveNews
	up        uploads
	alarm     mono.Instant
	flow      flow
}

// connPhase is how far a connection has come.
type connPhase uint8

const (
	connShaking connPhase = iota
	connTrading           // admitted
	connOver
)

// shaker is the machine of either side of a handshake.
type shaker interface {
	Feed(b []byte) (handshake.Evidence, int)
}

// haveNews is how far the remote was told of our pieces.
type haveNews struct {
	log    *log
	cursor int
	due    mono.Instant
}

// uploads is what is being read for the remote.
type uploads struct{ reading, runs int }

// connect joins two nodes.
func connect(from, to *control) {
	dialler, acceptor := newConn(from, to.l.n, handshake.Dialled), newConn(to, from.l.n, handshake.Accepted)
	dialler.far, acceptor.far = acceptor, dialler
	dialler.doors = append(dialler.doors, to.l.n.addr)
	from.l.w.note(from.l, "connects to %s", to.l.n.name)
	i := handshake.NewInitiator(from.l.w.content.infoHash, dialler.hello())
	dialler.shaker = i
	acceptor.shaker = &handshake.Acceptor{}
	dialler.out.add(i.Hello(nil))
	dialler.pump()
	for _, c := range []*conn{dialler, acceptor} {
		c.l.after(handshakeLimit, func() {
			if c.phase == connShaking {
				c.end("handshake timed out")
			}
		})
	}
}

func newConn(c *control, to *node, d handshake.Direction) *conn {
	c.counted++
	k := &conn{w: c.l.w, l: c.l, id: c.counted, addr: to.addr, direction: d, flow: newFlow()}
	k.box = &mailbox{l: c.l}
	c.l.conns = append(c.l.conns, k)
	c.l.senders[k.id] = to
	return k
}

func (c *conn) hello() handshake.Hello {
	return handshake.Hello{Capabilities: capabilities, PeerID: c.l.peerID}
}

func (c *conn) view() handshake.Connection {
	return handshake.Connection{Local: c.l.peerID, Remote: c.remoteID, Endpoint: c.addr, Direction: c.direction}
}

// shake feeds the handshake with what came.
func (c *conn) shake() {
	for {
		e, taken := c.shaker.Feed(c.carry)
		c.carry = c.carry[taken:]
		switch e := e.(type) {
		case handshake.NeedMore:
			return
		case handshake.InfoHashKnown:
			own, _ := c.shaker.(*handshake.Acceptor).Answer(c.hello(), nil)
			c.out.add(own)
			c.pump()
		case handshake.Finished:
			c.shaker = nil
			k := c.l.control
			k.box.put(func() { k.shook(c, e.Remote) })
			return
		case handshake.WrongInfoHash, handshake.NotBitTorrent, handshake.SelfConnection:
			c.w.fail(c.l, "a handshake ends in %T", e)
			return
		}
	}
}

// trade begins to trade after the admission.
func (c *conn) trade(remote wire.Handshake) {
	if c.phase != connTrading {
		return
	}
	k := c.l.control
	c.news.log = k.sight()
	c.news.cursor = len(c.news.log.order)
	c.core = peer.New(peer.Config{
		Geometry: c.w.content.Geometry, InfoHash: c.w.content.infoHash,
		Capabilities: capabilities.Shared(wire.CapabilitiesOf(remote.Reserved)),
		Held:         c.news.log, Announce: c.news.log.set.Clone(),
		Client: c.l.n.name, RemoteAddr: c.addr, ListenPort: c.l.n.addr.Port(), Goal: k.goal,
	})
	c.join()
	c.step(func() {
		c.core.Open(c.w.now, c)
		c.decode()
	})
}

// join has the picker know of the connection.
func (c *conn) join() {
	c.flow.joins()
	c.batch.tell(c).joins = present
}

// rejoin has a new picker know of it; before it trades it has not joined yet.
func (c *conn) rejoin() {
	if c.phase != connTrading || c.core == nil {
		return
	}
	c.step(func() {
		c.join()
		c.batch.tell(c).past = &assign.Past{}
		c.core.Rejoin(c)
	})
}

// order has the peer process do something in its turn; before it trades the order
// waits.
func (c *conn) order(do func()) {
	c.box.put(func() {
		switch {
		case c.phase == connOver:
		case c.core == nil && c.phase == connTrading: // its trade is in the box
			c.order(do)
		case c.core == nil:
			c.end("told to leave")
		default:
			do()
		}
	})
}

// step gives the core an input, carries out what it decided, and does what
// follows from it.
func (c *conn) step(input func()) {
	if c.phase == connOver {
		return
	}
	input()
	c.announce()
	c.execute()
	if c.phase == connOver {
		return
	}
	c.readAhead()
	c.pump()
	c.arm()
	c.audit()
}

// receive takes bytes of the remote.
func (c *conn) receive(parts ...[]byte) {
	if c.phase == connOver || c.l.isOver() {
		return
	}
	for _, part := range parts {
		c.carry = append(c.carry, part...)
	}
	switch {
	case c.shaker != nil:
		c.shake()
	case c.core != nil:
		c.step(c.decode)
	}
}

// decode gives the core every whole message.
func (c *conn) decode() {
	limits := wire.Limits{Geometry: c.w.content.Geometry}
	var m wire.Message
	rest := c.carry
	for len(rest) > 0 && c.batch.closing == nil {
		d := wire.Decode(rest, &limits, &m)
		if d.Outcome == wire.Incomplete {
			break
		}
		if d.Outcome == wire.Malformed {
			c.core.Malformed(d.Fault, c)
			break
		}
		c.w.answered(c, &m)
		c.core.Receive(c.w.now, &m, c)
		rest = rest[d.Size:]
	}
	c.carry = append(c.carry[:0], rest...)
	c.core.EndOfBatch(c)
}

// wake notes that there is a piece to announce.
func (h *haveNews) wake(c *conn) {
	if h.due == mono.Never && c.core != nil {
		h.due = c.w.now.Add(haveDelay)
		c.arm()
	}
}

// announce sends the HAVEs that are due, or that another message takes along.
func (c *conn) announce() {
	h := &c.news
	if h.due == mono.Never || c.w.now < h.due && len(c.batch.messages) == 0 {
		return
	}
	h.due = mono.Never
	fresh := h.log.order[h.cursor:]
	h.cursor = len(h.log.order)
	c.core.Announce(c.w.now, fresh, c)
}

// isQuiet says whether nothing is read or sent for the remote, or on its way.
func (c *conn) isQuiet() bool {
	return c.up.runs == 0 && len(c.out.parts) == 0 && c.out.arrives < c.w.now && c.far.l.n.down.free < c.w.now
}

// arm has the process ticked when something is due.
func (c *conn) arm() {
	at := mono.Earliest(c.core.NextDeadline(), c.news.due)
	if at == mono.Never || c.phase == connOver {
		return
	}
	c.l.alarm(&c.alarm, at, func() {
		if c.phase == connOver {
			return
		}
		c.step(func() { c.core.Tick(c.w.now, c) })
	})
}

// end ends the connection; the remote sees that after what was sent.
func (c *conn) end(why string) { c.leave(why, inOrder) }

func (c *conn) leave(why string, how departure) {
	if c.phase == connOver {
		return
	}
	c.phase = connOver
	c.w.note(c.l, "leaves %s: %s", c.l.sender(c.id).name, why)
	for k, other := range c.l.conns {
		if other == c {
			c.l.conns = append(c.l.conns[:k:k], c.l.conns[k+1:]...)
			break
		}
	}
	c.w.at(max(c.out.arrives, c.w.now.Add(c.w.within(c.w.cfg.Latency))), func() {
		c.w.at(c.far.l.n.down.free, c.far.eof) // behind the bytes that came before
	})
	k := c.l.control
	k.box.put(func() { k.down(c, how) })
}

// eof notes that the remote has ended the connection.
func (c *conn) eof() {
	if !c.l.isOver() {
		c.end(reasonEOF)
	}
}

// cut breaks the connection, of which this end is gone with its program.
func (c *conn) cut(after time.Duration) {
	c.phase = connOver
	c.w.after(after, func() {
		if !c.far.l.isOver() {
			c.far.end(reasonReset)
		}
	})
}
