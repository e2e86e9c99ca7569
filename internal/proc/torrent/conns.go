package torrent

import (
	"net/netip"

	"github.com/etorrent/etorrent/internal/core/assign"
	"github.com/etorrent/etorrent/internal/core/book"
	"github.com/etorrent/etorrent/internal/core/handshake"
	"github.com/etorrent/etorrent/internal/core/race"
	"github.com/etorrent/etorrent/internal/leaf/crowd"
	pnet "github.com/etorrent/etorrent/internal/proc/net"
	"github.com/etorrent/etorrent/internal/vocab/event"
	"github.com/etorrent/etorrent/internal/vocab/ipfilter"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/text"
	"github.com/etorrent/etorrent/internal/vocab/wire"
	"github.com/etorrent/etorrent/sup"
)

// MaxPeers is how many connections one torrent has at most, whatever is asked for.
const MaxPeers = 4000

// connection is what control knows of one peer process.
type connection struct {
	id        assign.HolderID
	conn      pnet.Conn // the peer's; ours to close where none came to be
	addr      netip.AddrPort
	direction handshake.Direction
	orders    *sup.Mailbox[peerOrder]
	phase     connPhase
	meter     *meter
	attempt   race.Attempt     // of the race that is not over; 0: there is none
	doors     []netip.AddrPort // endpoints of the book that lead to it
	remote    wire.Handshake   // once it is finished
	client    string
	reason    string // why it says it ends
	trade     book.Trade
}

// connPhase is how far a connection has come.
type connPhase uint8

const (
	connShaking connPhase = iota // its handshake is not finished
	connHeld                     // it is, and its dialler is to choose between it and another one
	connTrading                  // admitted: it takes part in the torrent
	connRefused                  // told to leave before it was admitted
	connLeaving                  // told to leave after
)

// swarm is control's table of connections, with the book of endpoints that belongs
// to them.
type swarm struct {
	c         *control
	conns     map[assign.HolderID]*connection
	book      *book.Core
	ways      ways
	names     *book.Names
	gone      gone
	asked     assign.HolderID        // who was asked last to leave if it is idle
	door      *crowd.Crowd           // the accepted connections
	filter    *ipfilter.Table        // that the book knows
	displaces mono.Instant           // until when nobody is displaced
	downs     *sup.Mailbox[sup.Down] // bounded by the connections
}

func newSwarm(c *control) *swarm {
	return &swarm{
		c:     c,
		conns: map[assign.HolderID]*connection{},
		book:  book.NewWith(c.t.legacy.bans),
		ways:  newWays(c.t),
		names: book.NewNames(),
		door:  crowd.New(c.t.doorBounds()),
		downs: sup.NewMailbox[sup.Down](),
	}
}

// opened says what became of a connection that a peer process was to be started for.
type opened uint8

const (
	openStarted opened = iota
	openClosed
)

// open starts a peer process for a connection, or closes the connection. It has an
// acceptor where it was accepted, else the number of its attempt.
func (s *swarm) open(conn pnet.Conn, addr netip.AddrPort, acceptor *handshake.Acceptor, a race.Attempt) opened {
	d := handshake.Dialled
	if acceptor != nil {
		d = handshake.Accepted
	}
	standing := s.book.View(s.c.now(), addr)
	unwelcome := standing == book.Banned || standing == book.Filtered || standing == book.BackedOff && d == handshake.Accepted
	if s.c.phase != phaseRunning || unwelcome || s.enter(addr, d) != crowd.Entered {
		_ = conn.Close()
		return openClosed
	}
	s.c.t.legacy.counted++
	k := &connection{
		id: s.c.t.legacy.counted, conn: conn, addr: addr, direction: d, attempt: a,
		orders: sup.NewMailbox[peerOrder](), meter: &meter{piece: s.c.layout.geometry.PieceLength},
	}
	s.conns[k.id] = k
	s.ways.connected(k)
	s.c.t.roll.put(k, s.namingOf(addr, d))
	log, shown := s.sight()
	s.c.t.peers.StartMonitored(s.c.t.peerChild(candidate{
		id: k.id, conn: conn, addr: addr, direction: d, acceptor: acceptor,
		orders: k.orders, meter: k.meter, infoHash: s.c.row.Keys.V1, disk: s.c.disk, log: log, shown: shown,
		geometry: s.c.layout.geometry, goal: s.c.goal,
	}), s.downs, k)
	return openStarted
}

// doorBounds are those of the accepted connections.
func (t *Torrent) doorBounds() (most, each int) {
	return t.env.Bounds.Peers.Most() + displacedAtOnce, t.env.Bounds.PerAddress.Most()
}

// enter counts a connection in, unless there are too many: accepted ones of one
// address, of the engine, or of the torrent.
func (s *swarm) enter(addr netip.AddrPort, d handshake.Direction) crowd.Evidence {
	if d == handshake.Accepted {
		if e := s.door.Enter(addr.Addr()); e != crowd.Entered {
			return e
		}
	}
	e := s.c.t.env.Crowd.Enter(addr.Addr())
	if e == crowd.Entered {
		if e = s.viewRoom(addr, d); e != crowd.Entered {
			s.c.t.env.Crowd.Leave(addr.Addr())
		}
	}
	if e != crowd.Entered && d == handshake.Accepted {
		s.door.Leave(addr.Addr())
	}
	return e
}

// leave counts a connection out.
func (s *swarm) leave(k *connection) {
	s.c.t.env.Crowd.Leave(k.addr.Addr())
	if k.direction == handshake.Accepted {
		s.door.Leave(k.addr.Addr())
	}
}

// shook judges a connection whose handshake is finished: it is admitted, or one
// of two connections to the same peer leaves.
func (s *swarm) shook(m *peerShook) {
	k := s.conns[m.id]
	if k == nil || k.phase != connShaking {
		return
	}
	k.remote = m.remote
	s.finished(k)
	if s.viewSurplus() != crowd.Entered {
		s.refuse(k, reasonSurplus)
		return
	}
	s.judge(k)
}

// judge admits a connection, unless there is another one with the same peer.
func (s *swarm) judge(k *connection) {
	held := connShaking
	for _, other := range s.conns {
		if other == k || other.phase != connTrading && other.phase != connHeld {
			continue
		}
		switch handshake.ViewDuplicate(s.view(other), s.view(k)).(type) {
		case handshake.NoDuplicate:
		case handshake.KeepExisting:
			s.yield(k, other)
			return
		case handshake.ReplaceExisting:
			s.yield(other, k)
		case handshake.DiallerChooses:
			held = connHeld
		}
	}
	if held == connHeld {
		k.phase = held
		return
	}
	s.admit(k)
}

// release judges anew who was held beside a connection that ended.
func (s *swarm) release(gone *connection) {
	for _, k := range s.conns {
		if k.phase == connHeld && k.remote.PeerID == gone.remote.PeerID {
			s.judge(k)
		}
	}
}

// yield refuses one of two connections to a peer. Its endpoints lead to the
// other one now: they are not dialled while that lasts.
func (s *swarm) yield(from, to *connection) {
	for _, door := range from.doors {
		s.book.Connected(s.c.now(), door)
	}
	to.doors = append(to.doors, from.doors...)
	from.doors = nil
	s.refuse(from, "duplicate")
}

func (s *swarm) view(k *connection) handshake.Connection {
	return handshake.Connection{
		Local: s.c.t.env.PeerID, Remote: k.remote.PeerID, Endpoint: k.addr, Direction: k.direction, Transport: k.conn.Transport(),
	}
}

func (s *swarm) admit(k *connection) {
	k.phase = connTrading
	k.client = text.Printable(wire.ClientName(k.remote.PeerID))
	if k.direction == handshake.Dialled {
		s.book.Connected(s.c.now(), k.addr)
	}
	s.c.t.roll.admit(k, s.c.t.env.Clock.Wall())
	s.c.saveSoon()
	s.c.t.choker.Put(toChoker{joined: s.clientOf(k)})
	k.orders.Put(peerOrder{kind: orderAdmit})
	s.c.post(func(h event.Head) event.Event {
		return event.PeerJoined{Head: h, Addr: k.addr, Transport: k.conn.Transport(), Client: k.client}
	})
}

func (s *swarm) refuse(k *connection, why string) {
	switch k.phase {
	case connShaking, connHeld:
		k.phase = connRefused
	case connTrading:
		k.phase = connLeaving
	case connRefused, connLeaving:
		return
	}
	k.reason = why
	s.c.t.roll.leave(k)
	k.orders.Put(peerOrder{kind: orderLeave})
}

// introduced notes what a remote calls itself.
func (s *swarm) introduced(m *peerIntro) {
	if k := s.conns[m.id]; k != nil && m.client != "" {
		k.client = text.Printable(m.client)
		s.c.t.roll.rename(k)
	}
}

// closing notes why a connection is about to end.
func (s *swarm) closing(m *peerClosing) {
	if k := s.conns[m.id]; k != nil && k.reason == "" {
		k.reason, k.trade = m.reason, m.trade
	}
}
