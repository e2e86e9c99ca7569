package conn

import (
	"time"

	"github.com/etorrent/etorrent/internal/core/utp/cong"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/utpwire"
)

// stampSlack is by how much a stamp may differ from what the last one and the time since then
// make expect: packets wait in queues, seconds where a path is worst.
const stampSlack = 8 * time.Second

// Claim says what a packet is that came from elsewhere than where the remote is known to be, by
// the id of the connection: a NAT may have given the remote another port.
type Claim uint8

// The claims.
const (
	// NoClaim does not know the numbers of the connection: somebody guesses, or repeats what he
	// saw a while ago.
	NoClaim Claim = iota
	// Straggles knows them, and left before what came last: from where the remote was, or it is a
	// copy. It is not to be answered.
	Straggles
	// Claims knows all four: the id, what comes next of either stream, and the remote's clock.
	// It is to be answered by a Challenge, and does not count.
	Claims
	// Contradicted claims too, but the remote has spoken since the challenge from where it was.
	Contradicted
	// Leaves is a Reset by who knows as much. It ends the connection, and needs no proof.
	Leaves
	// Proves answers a challenge: the remote is there, and the packet is one of the connection.
	Proves
)

// String names the claim.
func (c Claim) String() string {
	switch c {
	case NoClaim:
		return "no claim"
	case Straggles:
		return "straggles"
	case Claims:
		return "claims"
	case Contradicted:
		return "contradicted"
	case Leaves:
		return "leaves"
	case Proves:
		return "proves"
	}
	return "unknown claim"
}

// Challenge is a packet that went to where a claim came from.
type Challenge struct {
	At    mono.Instant
	Sent  utpwire.Stamp // its own
	Claim utpwire.Stamp // that of the claim
}

// ViewClaim says what a packet from elsewhere is. asked is the last challenge that went there, the
// zero one if none did. It changes nothing.
//
// Who sees no packet of the connection has to guess 16 bits of the id, at least 5 of each number
// and 8 of the stamp; of a connection that is idle 14 of what is acknowledged. An answer to a
// challenge says when that was sent, by the difference of stamps.
func (c *Conn) ViewClaim(now mono.Instant, p *utpwire.Packet, asked Challenge) Claim {
	if c.phase != Connected && c.phase != Lingering || p.Kind == utpwire.Syn || p.ID != c.id.recv || !c.fitsNumbers(p) || !c.heard.fitsStamp(now, p.Stamp) {
		return NoClaim
	}
	switch {
	case c.heard.stamp.Over(p.Stamp) > 0:
		return Straggles
	case p.Kind == utpwire.Reset:
		return Leaves
	case asked.At == mono.Never:
		return Claims
	case c.heard.stamp.Over(asked.Claim) > 0:
		return Contradicted
	case p.Delay == utpwire.NoDelay:
		return Claims
	}
	// The remote's clock when the last packet had come, less how long that took by both clocks, is
	// what our clock was when it was sent.
	if since := (p.Stamp - utpwire.Stamp(p.Delay)).Over(asked.Sent); since >= 0 && since <= now.Sub(asked.At)+stampSlack {
		return Proves
	}
	return Claims
}

// fitsNumbers says whether a packet of the remote could have these numbers now.
func (c *Conn) fitsNumbers(p *utpwire.Packet) bool {
	ahead, acked := p.Seq.Diff(c.queue.Ack().Next()), p.Ack.Diff(c.flight.Unacknowledged().Previous())
	return -c.cfg.Slots <= ahead && ahead <= c.cfg.Slots && -max(c.out.peak, leastBehind) <= acked && acked <= c.flight.Span()
}

// fitsStamp says whether a stamp is one of now, by the time that passed since the last one.
func (h *hearing) fitsStamp(now mono.Instant, s utpwire.Stamp) bool {
	passed := now.Sub(h.at)
	known := h.stamp != utpwire.NoStamp && s != utpwire.NoStamp && passed <= stampsCompare
	return known && (s.Over(h.stamp)-passed).Abs() <= stampSlack
}

// Challenge is what is to be sent to where a claim came from: a Data that the remote has, without
// a byte, which it acknowledges again.
func (c *Conn) Challenge(now mono.Instant, claim *utpwire.Packet) (utpwire.Header, Challenge) {
	stamp := utpwire.StampAt(now)
	h := utpwire.Header{
		Kind: utpwire.Data, ID: c.id.send, Stamp: stamp, Delay: stamp.Since(claim.Stamp), Window: c.queue.Advertise(),
		Seq: c.flight.Unacknowledged().Previous(), Ack: c.queue.Ack(),
	}
	return h, Challenge{At: now, Sent: stamp, Claim: claim.Stamp}
}

// Way says how the way to a new place is to the one before.
type Way uint8

// The ways.
const (
	// SameWay leads to the same host, by another port.
	SameWay Way = iota
	// OtherWay leads to another host, and nothing is known of it.
	OtherWay
)

// Moved notes that packets go to another place from now on. What flew is sent again: it went to
// where nobody is, and was not lost on the way.
func (c *Conn) Moved(way Way) {
	if c.phase != Connected {
		return // nothing flies
	}
	if way == OtherWay {
		c.control = c.cfg.Control(cong.Config{Segment: c.cfg.Segment, Most: c.cfg.Flying})
	}
	c.heard.silent = 0
	c.refused()
}
