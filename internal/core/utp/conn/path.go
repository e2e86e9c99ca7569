package conn

import (
	"github.com/etorrent/etorrent/internal/core/utp/send"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/utpwire"
)

// Cut says whether a packet may be cut into fragments on its way.
type Cut uint8

// The ways to send a packet.
const (
	// Uncut is with DF: where it is too large it is to be lost.
	Uncut Cut = iota
	// MayBeCut is without. A packet that was made for a wider path is sent so.
	MayBeCut
)

// trial says whether a packet sounds the path for larger ones.
type trial uint8

const (
	ordinary trial = iota
	sounding
)

// sound makes a packet of the stream larger, to see whether the path takes it, where one
// is wanted, there is enough to send, and both windows have room.
func (c *Conn) sound(now mono.Instant, p parcel) parcel {
	if c.path == nil || p.fresh != first || p.kind != utpwire.Data || c.out.push == pushOne {
		return p
	}
	size := c.path.Sounding(now) - utpwire.HeaderBytes
	flying := c.flight.Flying().Bytes + size
	if size > p.size && uint64(size) <= c.out.end-c.out.sent && uint64(flying) <= uint64(c.out.window) && flying <= c.control.Window() {
		p.size, p.trial = size, sounding
	}
	return p
}

// sendNew has the flight know of a packet that was not sent before.
func (c *Conn) sendNew(now mono.Instant, p parcel) send.Packet {
	if p.trial == ordinary {
		return c.flight.Send(now, p.kind, p.size)
	}
	c.path.Sent(p.size + utpwire.HeaderBytes)
	return c.flight.SendSounding(now, p.kind, p.size)
}

// viewCut says how to send a packet.
func (c *Conn) viewCut(p send.Packet, t trial) Cut {
	if c.path == nil || t == ordinary && p.Size+utpwire.HeaderBytes > c.path.Size() {
		return MayBeCut
	}
	return Uncut
}

// noteArrived tells the search for the size of packets what an acknowledgement shows.
func (c *Conn) noteArrived(now mono.Instant, a *send.Acknowledged) {
	if c.path == nil {
		return
	}
	if a.Sounding == send.SoundingArrived {
		c.path.Arrived(now)
	}
	if full := a.Arrived.Packets * c.cfg.Segment; a.Arrived.Packets > 0 && a.Arrived.Bytes >= full-full/16 {
		c.path.Passed(c.path.Size())
	}
	c.noteSounding(now, a.Lost.Sounding)
}

// noteSounding tells the search that a sounding was lost, and goes by what it finds.
func (c *Conn) noteSounding(now mono.Instant, s send.Sounding) {
	if c.path == nil {
		return
	}
	switch s {
	case send.SoundingLost:
		c.path.Lost(now)
	case send.SoundingUndecided:
		c.path.Undecided()
	case send.NoSounding, send.SoundingArrived:
	}
	c.fitPath()
}

// noteSilence tells the search of a timeout.
func (c *Conn) noteSilence() {
	if c.path == nil || c.flight.Lost().Packets == 0 {
		return
	}
	c.path.Silence(c.flight.FirstLost().Size + utpwire.HeaderBytes)
	c.fitPath()
}

// refused has all that flies be sent again: the remote threw it away.
func (c *Conn) refused() {
	c.flight.Refused()
	if c.path != nil {
		c.path.Undecided()
	}
}

// fitPath has full packets be as large as the path takes.
func (c *Conn) fitPath() {
	if size := c.path.Size() - utpwire.HeaderBytes; size != c.cfg.Segment {
		c.resize(size)
	}
}

// resize says how many bytes of payload a full packet has from now on. Packets that were
// sent keep their size: a number is never sent with other bytes.
func (c *Conn) resize(segment int) {
	c.cfg.Segment = segment
	c.control.Resized(segment)
}

// TooLarge says that our own system did not take a packet of this step because of its size
// (EMSGSIZE). It goes with a later Flush, and may be cut.
func (c *Conn) TooLarge(now mono.Instant, o Outgoing) {
	c.NotSent(o)
	if c.path != nil && c.phase == Connected {
		c.path.Refused(now, o.Size+utpwire.HeaderBytes)
		c.fitPath()
	}
}

// TooBig says that a router does not pass packets of ours of more than so many bytes of
// UDP payload (ICMP). That it answers a packet of ours is for the owner to see.
func (c *Conn) TooBig(now mono.Instant, size int) {
	if c.path != nil && c.phase == Connected {
		c.path.TooBig(now, size)
		c.fitPath()
	}
}
