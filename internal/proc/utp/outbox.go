package utp

import (
	"errors"
	"net"
	"net/netip"
	"time"

	"github.com/etorrent/etorrent/internal/core/utp/conn"
	pnet "github.com/etorrent/etorrent/internal/proc/net"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/utpwire"
)

const (
	// runMost is from how many packets on they are written before other connections answer.
	runMost = 64
	// outMost is how many one connection can send at once at the most.
	outMost = 256
	// outRoom is the room for one: a full packet, or one with the longest mask.
	outRoom = 1536
	// restFor is how long nothing is written after the system had no buffers.
	restFor = 5 * time.Millisecond
)

// wire says whether the link takes datagrams.
type wire uint8

const (
	writable wire = iota
	blocked       // until it tells
	resting       // until an instant
)

// outbox is the packets that leave next.
type outbox struct {
	datagrams [outMost]pnet.Datagram
	senders   [outMost]sender
	n         int
	uncut     pnet.Fragmentation // of packets that must not be cut
	wire      wire
	until     mono.Instant
	refused   []refusal
}

// sender is whose packet a datagram is; nobody's is an answer of the door.
type sender struct {
	c *cell
	o conn.Outgoing // without its mask
}

// refusal is a packet that was not sent.
type refusal struct {
	sender
	why refused
	err error // what the link said, of noWay
}

// refused says why.
type refused uint8

const (
	noRoom refused = iota // now
	tooLarge
	noWay // to the remote
)

// add writes a packet behind the others.
func (b *outbox) add(c *cell, o conn.Outgoing) {
	s := sender{c, o}
	s.o.Mask = nil
	if b.n == outMost || b.wire != writable {
		b.refused = append(b.refused, refusal{sender: s, why: noRoom})
		return
	}
	d := b.next(c.remote, c.from)
	d.Payload = c.user.out.bytes(o.AppendHead(d.Payload), o.Begin, o.Size)
	d.Fragmentation = b.uncut
	if o.Cut == conn.MayBeCut {
		d.Fragmentation = pnet.FragmentFreely
	}
	if o.Times > 1 || o.Padding > 0 {
		d.Company = pnet.Alone
	}
	b.senders[b.n-1] = s
}

// post writes an answer of no connection behind the others, if there is room.
func (b *outbox) post(to netip.AddrPort, from netip.Addr, h *utpwire.Header) {
	if b.n == outMost || b.wire != writable {
		return
	}
	d := b.next(to, from)
	d.Payload, d.Fragmentation = h.Append(d.Payload, nil), pnet.FragmentAsSystem
	b.senders[b.n-1] = sender{}
}

// next is the next datagram, whose payload is empty.
func (b *outbox) next(to netip.AddrPort, from netip.Addr) *pnet.Datagram {
	d := &b.datagrams[b.n]
	if d.Payload == nil {
		d.Payload = make([]byte, 0, outRoom)
	}
	d.Payload, d.Remote, d.Local, d.Company = d.Payload[:0], to, from, pnet.MayShare
	b.n++
	return d
}

// forget has what is left of a connection be nobody's.
func (b *outbox) forget(c *cell) {
	for i := range b.senders[:b.n] {
		if b.senders[i].c == c {
			b.senders[i] = sender{}
		}
	}
	for i := range b.refused {
		if b.refused[i].c == c {
			b.refused[i].c = nil
		}
	}
}

// write sends the packets, and tells their connections of those that were not.
func (x *process) write() {
	b := &x.out
	if b.n > 0 {
		x.p.Act("write")
	}
	for at, faults := 0, 0; at < b.n; {
		if b.wire != writable {
			b.refuse(at, noRoom, nil)
			at++
			continue
		}
		n, state, err := x.link.Write(b.datagrams[at:b.n])
		at += n
		if n > 0 {
			faults = 0
		}
		switch {
		case err != nil && at < b.n && faults < faultsInARow:
			faults++
			at += x.fault(at, err)
		case err != nil:
			faults = 0
			at++
		case state == pnet.WriteBlocked:
			b.wire = blocked
		}
	}
	clear(b.senders[:b.n])
	b.n = 0
	x.tellRefused()
}

// refuse notes that a datagram was not sent.
func (b *outbox) refuse(at int, why refused, err error) {
	if s := b.senders[at]; s.c != nil {
		b.refused = append(b.refused, refusal{s, why, err})
	}
}

// fault looks at what kept a datagram from being sent, and says how many are done with: none
// if it is to be tried again.
func (x *process) fault(at int, err error) int {
	b := &x.out
	switch d := &b.datagrams[at]; pnet.ViewWriteFault(err) {
	case pnet.WriteOfEarlier:
		return 0
	case pnet.WriteUncutUnknown:
		if d.Fragmentation == pnet.FragmentAsSystem {
			break
		}
		b.uncut, d.Fragmentation = pnet.FragmentAsSystem, pnet.FragmentAsSystem
		return 0
	case pnet.WriteTooLarge:
		b.refuse(at, tooLarge, nil)
		return 1
	case pnet.WriteNoBuffers:
		b.wire, b.until = resting, x.now.Add(restFor)
		return 0
	case pnet.WriteNoWay:
		b.refuse(at, noWay, err)
		return 1
	}
	return 1
}

// tellRefused tells connections of packets that were not sent: they go with a later flush.
func (x *process) tellRefused() {
	for i := 0; i < len(x.out.refused); i++ { // a step may add to them
		r := x.out.refused[i]
		if r.c == nil || r.c.isOver() {
			continue
		}
		x.step.refused = r
		r.c.counts.takeBack(r.o)
		r.c.step(toRefuse)
		x.touchLate(r.c)
	}
	clear(x.out.refused)
	x.out.refused = x.out.refused[:0]
}

// refuse tells the core of a packet that was not sent.
func (c *cell) refuse(now mono.Instant) {
	switch r := c.x.step.refused; r.why {
	case noRoom:
		c.core.NotSent(r.o)
	case tooLarge:
		c.core.TooLarge(now, r.o)
	case noWay:
		if c.core.Phase() == conn.SynSent {
			c.why = &EndError{Reason: Unreachable, Err: saidBySystem(r.err)}
			c.core.Abort(now, c)
		}
	}
}

// saidBySystem is an error without the addresses, which the connection's own has.
func saidBySystem(err error) error {
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Err
	}
	return err
}
