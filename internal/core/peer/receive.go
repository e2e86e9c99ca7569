package peer

import (
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/wire"
)

// Receive takes one decoded message. Blocks alias the decoder's buffer, which
// the owner keeps until it has carried out the effects.
func (c *Core) Receive(now mono.Instant, m *wire.Message, eff Effects) {
	if c.life == closed {
		return
	}
	c.lastHeard = now
	switch m.Kind {
	case wire.Piece:
		c.receiveBlock(now, m, eff)
	case wire.Request:
		c.executeRequest(now, requestOf(m), eff)
	case wire.Cancel:
		c.executeCancel(now, requestOf(m), eff)
	case wire.Have:
		c.receiveHave(now, m.Piece, eff)
	case wire.Choke, wire.Unchoke:
		c.receiveChoke(now, m.Kind, eff)
	case wire.Interested, wire.NotInterested:
		c.receiveInterest(now, m.Kind, eff)
	case wire.Bitfield:
		c.receivePieces(now, m, eff)
	case wire.HaveAll, wire.HaveNone:
		if c.demandFast(eff) == trading {
			c.receivePieces(now, m, eff)
		}
	case wire.Reject:
		if c.demandFast(eff) == trading {
			c.receiveReject(now, requestOf(m), eff)
		}
	case wire.AllowedFast:
		if c.demandFast(eff) == trading {
			c.receiveGrant(now, m.Piece, eff)
		}
	case wire.Suggest: // a hint that we make no use of
		if c.demandFast(eff) == trading {
			c.tolerate(now, floodHint, eff)
		}
	case wire.Extended:
		c.receiveExtended(now, m, eff)
	case wire.KeepAlive, wire.Port, wire.Unknown:
		c.tolerate(now, floodIdle, eff)
	}
}

// Malformed ends the connection for a frame that does not decode.
func (c *Core) Malformed(f wire.Fault, eff Effects) {
	c.close(Closing{Reason: MalformedMessage, Fault: f}, eff)
}

// EndOfBatch is called after all messages of one read: it reports the credit
// once for all of them.
func (c *Core) EndOfBatch(eff Effects) {
	if c.life == trading {
		c.reportCredit(eff)
	}
}

func requestOf(m *wire.Message) Request {
	return Request{Piece: m.Piece, Begin: m.Begin, Length: m.Length}
}

func (c *Core) receiveInterest(now mono.Instant, k wire.Kind, eff Effects) {
	i := NotInterested
	if k == wire.Interested {
		i = Interested
	}
	c.tolerate(now, floodInterest, eff)
	if c.remote.interest == i || c.life == closed {
		return
	}
	c.remote.interest = i
	c.judgeInterest(eff)
}

// judgeInterest reports a change of whether the remote wants to fetch and could. One
// that has everything, or says that it only uploads (BEP 21), could not, whatever
// else it says.
func (c *Core) judgeInterest(eff Effects) {
	i := c.remote.interest
	if c.remote.goal == UploadOnly || c.remote.has.IsFull() && c.remote.claims == nil {
		i = NotInterested
	}
	if i != c.remote.told {
		c.remote.told = i
		eff.RemoteInterest(i)
	}
}

// demandFast ends the connection if not both sides named FAST (BEP 6), and says
// whether it goes on.
func (c *Core) demandFast(eff Effects) life {
	if !c.speaksFast() {
		c.close(Closing{Reason: FastWithoutFast}, eff)
	}
	return c.life
}
