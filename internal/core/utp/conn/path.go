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

// sound pads a full packet of the stream, to see whether the path takes a larger one, where
// that is wanted, and both windows have room. It is sent again without: so it is lost at
// most once, on a path too that takes no fragments.
func (c *Conn) sound(now mono.Instant, p parcel) parcel {
	if c.path == nil || p.fresh != first || p.kind != utpwire.Data || p.size < c.cfg.Segment || c.out.push == pushOne {
		return p
	}
	room := min(c.path.Sounding(now)-utpwire.HeaderBytes, p.size+utpwire.MaxPadding)
	flying := c.flight.Flying().Bytes + room
	if room > p.size && uint64(flying) <= uint64(c.out.window) && flying <= c.control.Window() {
		p.size = min(p.size, room-utpwire.MinPadding)
		p.padding = room - p.size
	}
	return p
}

// sendNew has the flight know of a packet that was not sent before.
func (c *Conn) sendNew(now mono.Instant, p parcel) send.Packet {
	if p.padding == 0 {
		return c.flight.Send(now, p.kind, p.size)
	}
	c.path.Sent(utpwire.HeaderBytes + p.padding + p.size)
	return c.flight.SendSounding(now, p.kind, p.size)
}

// viewCut says how to send a packet.
func (c *Conn) viewCut(p send.Packet) Cut {
	if c.path == nil || p.Size+utpwire.HeaderBytes > c.path.Size() {
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
// (EMSGSIZE). It goes with a later Flush, without padding, or may be cut.
func (c *Conn) TooLarge(now mono.Instant, o Outgoing) {
	c.NotSent(o)
	if c.path != nil && c.phase == Connected {
		c.path.Refused(now, utpwire.HeaderBytes+o.Padding+o.Size)
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
