package utp

import (
	"encoding/binary"
	"errors"
	"math/bits"
	"net"
	"net/netip"
	"time"

	"github.com/etorrent/etorrent/internal/core/utp/conn"
	"github.com/etorrent/etorrent/internal/core/utp/door"
	"github.com/etorrent/etorrent/internal/core/utp/mtu"
	"github.com/etorrent/etorrent/internal/core/utp/recv"
	pnet "github.com/etorrent/etorrent/internal/proc/net"
	"github.com/etorrent/etorrent/internal/vocab/serial"
	"github.com/etorrent/etorrent/internal/vocab/utpwire"
)

const (
	// windowShares is among how many connections the room of a socket is shared at most:
	// not all of them receive as fast as they can at once.
	windowShares = 16
	// leastWindow is what each has in any case, in bytes.
	leastWindow = 32 << 10
	// draws is how often an id is drawn before all are taken for taken.
	draws = 1 << 10
	// stuckFor is how long a connection may hold packets that came early, and get none in
	// order, while others lack the memory. libutp has given up by then itself.
	stuckFor = 10 * time.Second
	// reclaimEvery is how long after each other such ones are looked for.
	reclaimEvery = 100 * time.Millisecond
)

// errNoID is that of a remote with which there are too many connections.
var errNoID = errors.New("too many connections with one remote")

// take gives a datagram to its connection, or to the door. One that fills all the room was
// cut off, and what is left of it is no packet.
func (x *process) take(d *pnet.Datagram) {
	p := &x.step.packet
	if len(d.Payload) >= packetRoom || utpwire.Parse(d.Payload, p) != utpwire.NoFault {
		return
	}
	x.step.lentIn = d.Message
	ids, n := conn.Lookup(p)
	known := false
	for _, id := range ids[:n] {
		c := x.table[door.KeyOf(d.Remote, id)]
		if c == nil {
			continue
		}
		known = true
		c.learnLocal(d.Local)
		if x.deliver(c, p) <= conn.Ends {
			return
		}
	}
	switch {
	case known:
	case p.Kind == utpwire.Syn:
		x.knock(d, p)
	case x.door.ViewStanding(x.now, d.Remote, p.ID) == door.Unknown && x.follow(d, p) == moved:
	default:
		x.enter(d, p)
	}
}

// learnLocal notes to which address of ours the first answer to a dial comes, where the
// socket is on all. Nobody looks at the address before the connection is there.
func (c *cell) learnLocal(at netip.Addr) {
	if u := c.user; at.IsValid() && u.local.Addr().IsUnspecified() && c.core.Phase() == conn.SynSent {
		u.local = netip.AddrPortFrom(at, u.local.Port())
	}
}

// deliver gives a packet to a connection.
func (x *process) deliver(c *cell, p *utpwire.Packet) conn.ArrivalKind {
	a := &x.step.arrival
	*a = conn.Arrival{Kind: conn.Ends} // of one that crashes with it
	c.step(toReceive)
	x.touch(c)
	if a.Kind > conn.Ends {
		return a.Kind
	}
	c.heard.any, c.heard.last = x.now, p.Header
	c.counts.received++
	if a.Kind == conn.Carries {
		x.viewMemory(c, a.Receipt.Kind)
	}
	return a.Kind
}

// viewMemory looks at what became of a packet of a stream: when there was no memory to hold it
// until its turn, one ends that has held packets for long, and does not get on.
func (x *process) viewMemory(c *cell, kind recv.ReceiptKind) {
	switch kind {
	case recv.InOrder:
		c.heard.inOrder = x.now
	case recv.NoMemory:
		if x.now.Sub(x.shared.reclaimed) >= reclaimEvery {
			x.shared.reclaimed = x.now
			x.reclaim()
		}
	case recv.Held, recv.Repeated, recv.BeyondWindow, recv.TooFar, recv.Strange, recv.BehindEnd, recv.EndElsewhere:
	}
}

// reclaim ends the connection that holds the most of those that are stuck. Its remote would
// have sent what is missing, unless it is gone or hoards on purpose.
func (x *process) reclaim() {
	var worst *cell
	most := 0
	for _, c := range x.table {
		if x.now.Sub(c.heard.inOrder) < stuckFor {
			continue
		}
		if n := c.core.Status().Early; n > most {
			worst, most = c, n
		}
	}
	if worst != nil {
		worst.why = &EndError{Reason: Silent}
		worst.step(toAbort)
		x.touch(worst)
	}
}

// view says what is made of who asks for a connection now.
func (x *process) view(d *pnet.Datagram) Reception {
	reception := Welcome
	if x.m.cfg.View != nil {
		reception = x.m.cfg.View(d.Remote.Addr())
	}
	full := x.m.cfg.Accepted == nil && len(x.m.accepted) == cap(x.m.accepted)
	if reception == Welcome && (x.entry == shut || full) {
		return TurnedAway
	}
	return reception
}

// knock answers who asks for a connection.
func (x *process) knock(d *pnet.Datagram, p *utpwire.Packet) {
	switch x.view(d) {
	case Unheard:
		return
	case TurnedAway:
		x.turnAway(d, p)
		return
	case Welcome:
	}
	switch k := x.door.Knock(x.now, d.Remote, &p.Header); k.Kind {
	case door.Answered, door.AnsweredAgain, door.AnsweredUnwritten:
		x.out.post(d.Remote, d.Local, &k.Answer)
	case door.AnsweredEnough, door.AnsweredAnother:
	}
}

// turnAway refuses who asks for a connection, or has asked.
func (x *process) turnAway(d *pnet.Datagram, p *utpwire.Packet) {
	if e := x.door.TurnAway(x.now, &p.Header); e.Kind == door.Stray {
		x.out.post(d.Remote, d.Local, &e.Reset)
	}
}

// enter takes a packet of no connection, which may be the first of one.
func (x *process) enter(d *pnet.Datagram, p *utpwire.Packet) {
	switch e := x.door.Enter(x.now, d.Remote, &p.Header); e.Kind {
	case door.Admitted:
		switch x.view(d) {
		case Unheard:
		case TurnedAway:
			x.turnAway(d, p)
		case Welcome:
			x.accept(d, e.Guest, p)
		}
	case door.Stray:
		x.out.post(d.Remote, d.Local, &e.Reset)
	case door.Left, door.Premature, door.StrayReset, door.StrayUnanswered:
	}
}

// accept makes the connection of a guest.
func (x *process) accept(d *pnet.Datagram, g door.Guest, p *utpwire.Packet) {
	remote := netip.AddrPortFrom(d.Remote.Addr().Unmap(), d.Remote.Port())
	local := x.link.LocalAddr(remote)
	if d.Local.IsValid() {
		local = netip.AddrPortFrom(d.Local, local.Port())
	}
	u := newConn(x.m, local, remote)
	if x.m.roll.enter(u) != open {
		x.turnAway(d, p)
		return
	}
	c := x.admit(u, func() *conn.Conn { return conn.Accept(x.config(remote), x.shared.Shared, conn.Opening(g), x.now) })
	if c.isOver() {
		return
	}
	c.from = d.Local
	x.own(c, g.ID)
	x.places.enlist(c)
	x.deliver(c, p)
	switch {
	case c.isOver():
	case x.m.cfg.Accepted != nil:
		x.m.cfg.Accepted(u)
	default:
		x.m.accepted <- u // view has looked
	}
}

// dial asks a remote for a connection.
func (x *process) dial(u *Conn) {
	u.mu.Lock()
	notice, wants := u.notice, u.wants
	u.mu.Unlock()
	switch {
	case notice == over:
		return
	case wants >= closes:
		u.finish(net.ErrClosed)
		return
	}
	var i conn.Invitation
	i.Seq = serial.Number(x.draw())
	for n := range i.IDs {
		id, err := x.drawID(u.remote, i.IDs[:n])
		if err != nil {
			u.finish(&EndError{Reason: Unreachable, Err: err})
			return
		}
		i.IDs[n] = id
	}
	c := x.admit(u, func() *conn.Conn { return conn.Dial(x.config(u.remote), x.shared.Shared, i, x.now) })
	if c.isOver() {
		return
	}
	for _, id := range i.IDs {
		x.own(c, id)
	}
	x.touch(c)
}

// draw is a number that nobody can guess.
func (x *process) draw() uint16 {
	var b [2]byte
	_, _ = x.random.Read(b[:]) // it never fails
	return binary.LittleEndian.Uint16(b[:])
}

// drawID draws an id that is free with a remote, and next to none that is not or that was
// drawn before.
func (x *process) drawID(remote netip.AddrPort, before []utpwire.ConnID) (utpwire.ConnID, error) {
	for range draws {
		if id := utpwire.ConnID(x.draw()); x.isFree(remote, id) && !isNextTo(id, before) {
			return id, nil
		}
	}
	return 0, errNoID
}

// isFree says whether no connection with the remote has an id or one beside it.
func (x *process) isFree(remote netip.AddrPort, id utpwire.ConnID) bool {
	for _, near := range [...]utpwire.ConnID{id.Previous(), id, id.Next()} {
		if x.table[door.KeyOf(remote, near)] != nil {
			return false
		}
	}
	return true
}

// isNextTo says whether an id is one of others, or beside one.
func isNextTo(id utpwire.ConnID, others []utpwire.ConnID) bool {
	for _, o := range others {
		if id == o || id == o.Next() || id == o.Previous() {
			return true
		}
	}
	return false
}

// config is that of a connection that begins now.
func (x *process) config(remote netip.AddrPort) conn.Config {
	cfg := x.m.cfg.Core
	if pnet.FamilyOf(remote.Addr()) == pnet.V6 && cfg.Path == mtu.IPv4() {
		cfg.Path = mtu.IPv6()
	}
	cfg.Window = x.first()
	return cfg
}

// divide has each connection have no more than its share of the socket's room and of what may
// wait unsent, when that is another one.
func (x *process) divide() {
	x.m.chunks.allow(unsentOf(x.living))
	share := x.window(max(1, x.living))
	if share == x.room.share {
		return
	}
	x.room.share = share
	for _, c := range x.table {
		if x.room.share != share { // one crashed, and all have been given another
			return
		}
		c.limit(share)
	}
}

// window is the window of one of so many connections, in bytes. All together have no more
// than the socket holds: what is beyond that is lost in bursts.
func (x *process) window(connections int) int {
	room := x.link.Room()
	if room == 0 {
		return x.m.cfg.Core.Window
	}
	shares := 1 << bits.Len(uint(connections-1))
	return min(x.m.cfg.Core.Window, max(room/min(shares, windowShares), leastWindow))
}
