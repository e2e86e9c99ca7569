package conn

import (
	"time"

	"github.com/etorrent/etorrent/internal/core/utp/send"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/utpwire"
)

// FarRTT is from what round trip on a path holds more than what any remote has slots for, so
// that it is worth it to have more fly. To one that is near, which may acknowledge what has not
// come and drive us on, no more is sent in a round trip than ever.
const FarRTT = 25 * time.Millisecond

// noteWindow takes the remote's window, unless a later packet has told of it.
func (c *Conn) noteWindow(now mono.Instant, p *utpwire.Packet, kind send.AckKind) {
	if kind != send.Advances && c.heard.viewStamp(now, p.Stamp) == older {
		return
	}
	was := c.out.window
	c.out.window = p.Window
	if c.timers.probes == 0 || p.Window <= was || int(p.Window) < min(c.cfg.Segment, c.next().size) {
		return
	}
	// What flies was a probe, and came when there was no room.
	c.timers.probes, c.timers.probe = 0, mono.Never
	c.refused()
}

// room is how many packets more may be on their way.
func (c *Conn) room() int {
	if c.out.window > send.ForeignWindow && c.LeastRTT() >= FarRTT {
		return c.flight.Room()
	}
	return min(c.flight.Room(), send.ForeignPackets-c.flight.Span())
}

// viewRemote says whether the remote has room for a packet. It had for one that is sent
// again, and if it has less now, what came behind that one takes it up.
func (c *Conn) viewRemote(p parcel) hold {
	needs := c.flight.Flying().Bytes + p.size
	switch {
	case p.size == 0, p.fresh == again && needs == p.size && c.out.window > 0:
		return heldByNothing
	case p.fresh == first:
		needs += c.flight.Lost().Bytes
	}
	if uint64(needs) > uint64(c.out.window) {
		return heldByRemote
	}
	return heldByNothing
}

// fit is how long the next packet of the stream is. A window that is smaller than a packet
// has one of its size: beside one that flies there is no room for it anyway.
func (c *Conn) fit() int {
	size := int(min(uint64(c.cfg.Segment), c.out.end-c.out.sent))
	if w := c.out.window; w > 0 && w < uint32(size) {
		return int(w)
	}
	return size
}

// armProbe arms what is to find out whether a window is still closed, while nothing
// else would.
func (c *Conn) armProbe(now mono.Instant) {
	switch {
	case c.out.hold != heldByRemote || c.flight.Flying().Packets > 0:
		c.timers.probe = mono.Never
	case c.timers.probe == mono.Never:
		c.timers.probe = now.Add(min(max(c.flight.RTT().Timeout(0), firstProbe)<<min(c.timers.probes, 4), lastProbe))
	}
}
