package conn

import (
	"github.com/etorrent/etorrent/internal/core/utp/cong"
	"github.com/etorrent/etorrent/internal/core/utp/recv"
	"github.com/etorrent/etorrent/internal/core/utp/send"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/serial"
	"github.com/etorrent/etorrent/internal/vocab/utpwire"
)

// outbound is what is kept of our stream beside the flight.
type outbound struct {
	end      uint64 // of what was appended
	sent     uint64 // of what was sent
	released uint64
	window   uint32        // of the remote, in bytes
	small    serial.Number // the last Data that was not full
	peak     int           // packets from the first to the last, at most until now
	hold     hold
	licence  licence
	paced    mono.Instant // until when, where it is heldByPace
	push     push
	fin      fin
	finSeq   serial.Number
}

// fin is how far our end is.
type fin uint8

const (
	finNone fin = iota
	finAsked
	finSent
	finAcknowledged
)

// hold is what keeps a connection from sending more.
type hold uint8

const (
	heldByNothing hold = iota
	heldByOwner        // there is nothing to send
	heldByNumbers      // too many are between the first and the last
	heldByRemote       // it has no room
	heldBySmall        // one that is not full flies, and there may be more for the next
	heldByControl
	heldByPace
)

// limit is what the control is to know of it.
func (h hold) limit() cong.Limit {
	switch h {
	case heldByControl, heldByPace:
		return cong.ByWindow
	case heldByNothing, heldByOwner, heldByNumbers, heldByRemote, heldBySmall:
	}
	return cong.ByOwner
}

// push says whether one packet is sent whatever holds.
type push uint8

const (
	pushNone push = iota
	pushOne
)

// parcel is what is to be sent next.
type parcel struct {
	kind    utpwire.Kind
	size    int
	padding int // of a sounding
	fresh   freshness
	packet  send.Packet // where it is sent again
}

// freshness says whether a packet was sent before.
type freshness uint8

const (
	nothingLeft freshness = iota
	first
	again
)

// Append says that our stream has so many bytes more, which the owner keeps until they
// are Released.
func (c *Conn) Append(bytes int) AppendEvidence {
	if c.out.fin != finNone || c.phase == Closed {
		return BehindFinish
	}
	c.out.end += uint64(max(bytes, 0))
	return Appended
}

// Resize gives the remote another window from now on, in bytes. Of a smaller one it hears
// with the next acknowledgement; what it sent by the larger one, and is too much, is lost.
func (c *Conn) Resize(window int) {
	c.cfg.Window = window
	if c.phase == Connected && c.queue.Resize(window) == recv.WindowReopened {
		c.in.owed = max(c.in.owed, ownOwed)
	}
}

// NotSent says that the network did not take a packet of this step: it is no loss, and
// goes with a later Flush. Of a State nothing need be said.
func (c *Conn) NotSent(o Outgoing) {
	if o.Times > 0 && o.Kind != utpwire.Syn && c.phase == Connected {
		c.flight.NotSent(o.Seq)
	}
}

// Flush sends what may be sent, and acknowledges what has come.
func (c *Conn) Flush(now mono.Instant, fx Effects) {
	switch c.phase {
	case SynSent:
		c.ask(now, fx)
	case Connected:
		c.fill(now, fx)
		c.answer(now, fx)
		c.armProbe(now)
	case Lingering:
		c.answer(now, fx)
	case Closed:
	}
}

// fill sends packets until something holds.
func (c *Conn) fill(now mono.Instant, fx Effects) {
	c.pacer.Set(c.control.Rate(), c.cfg.Segment)
	for {
		p := c.sound(now, c.next())
		c.out.hold = c.viewHold(now, p)
		if c.out.hold == heldByNothing {
			c.license(p)
		}
		c.out.push = pushNone
		if c.out.hold != heldByNothing {
			c.out.paced = c.pacer.Next(now)
			return
		}
		c.transmit(now, p, fx)
	}
}

// next is what is to be sent next: what was lost, then the stream, then its end.
func (c *Conn) next() parcel {
	switch {
	case c.flight.Lost().Packets > 0:
		p := c.flight.FirstLost()
		return parcel{kind: p.Kind, size: p.Size, fresh: again, packet: p}
	case c.out.sent < c.out.end:
		return parcel{kind: utpwire.Data, size: c.fit(), fresh: first}
	case c.out.fin == finAsked:
		return parcel{kind: utpwire.Fin, fresh: first}
	}
	return parcel{}
}

// viewHold says whether a packet may be sent now.
func (c *Conn) viewHold(now mono.Instant, p parcel) hold {
	flying := c.flight.Flying()
	switch {
	case p.fresh == nothingLeft:
		return heldByOwner
	case p.fresh == first && c.room() <= 0:
		return heldByNumbers
	case c.out.push == pushOne:
		return heldByNothing
	case c.viewRemote(p) == heldByRemote:
		return heldByRemote
	case p.fresh == first && c.viewSmall(p) == heldBySmall:
		return heldBySmall
	case flying.Packets > 0 && c.onWay()+p.size > c.control.Window() && !c.isMissing(p):
		return heldByControl
	case c.pacer.Ready(now) <= 0:
		return heldByPace
	}
	return heldByNothing
}

// onWay is how many bytes the path has. What has come to a remote that does not tell of
// it is there no more, or what is missing before it could not be sent.
func (c *Conn) onWay() int { return c.flight.Flying().Bytes - c.flight.Untold().Bytes }

// isMissing says whether a packet is the first that the remote waits for. The window does
// not hold it: those behind it, which the remote cannot tell of, may take that up until
// they time out.
func (c *Conn) isMissing(p parcel) bool {
	return p.fresh == again && p.packet.Seq == c.flight.Unacknowledged()
}

// viewSmall holds back a packet that is not full while another one flies, since the
// application may fill it until then (Nagle's rule as Minshall has it, and libtorrent).
func (c *Conn) viewSmall(p parcel) hold {
	one := c.out.small.Diff(c.flight.Unacknowledged())
	if p.kind == utpwire.Data && p.padding == 0 && p.size < c.cfg.Segment && c.out.fin == finNone && one >= 0 && one < c.flight.Span() {
		return heldBySmall
	}
	return heldByNothing
}

// transmit sends a packet that takes a number.
func (c *Conn) transmit(now mono.Instant, p parcel, fx Effects) {
	if p.fresh == again {
		c.flight.Resent(now, p.packet.Seq)
		p.packet.Times++
		c.carry(now, p.packet, 0, fx)
		return
	}
	sent := c.sendNew(now, p)
	c.out.sent += uint64(p.size)
	c.out.peak = max(c.out.peak, c.flight.Span())
	switch {
	case p.kind == utpwire.Fin:
		c.out.fin, c.out.finSeq = finSent, sent.Seq
	case p.padding == 0 && p.size < c.cfg.Segment:
		c.out.small = sent.Seq
	}
	c.carry(now, sent, p.padding, fx)
}

// carry sends a packet that the flight knows as sent.
func (c *Conn) carry(now mono.Instant, p send.Packet, padding int, fx Effects) {
	c.control.Sent(now, p.Size, c.onWay())
	c.pacer.Sent(now, p.Size)
	c.emit(now, Outgoing{
		Header: utpwire.Header{Kind: p.Kind, Seq: p.Seq, Ack: c.queue.Ack()}, Padding: padding, Begin: p.Begin, Size: p.Size, Times: p.Times, Cut: c.viewCut(p),
	}, fx)
}
