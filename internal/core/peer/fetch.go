package peer

import (
	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/wire"
)

// Request asks the remote for a run of blocks that the picker dealt. What
// cannot be asked for any more goes straight back; what is in flight already
// stays there.
func (c *Core) Request(now mono.Instant, run geometry.Run, eff Effects) {
	if c.life == closed {
		return
	}
	for n := run.First; n < run.First+run.Count; n++ {
		b := geometry.Block{Piece: run.Piece, Number: n}
		if at := c.pipe.asked.find(b); at != 0 && c.pipe.asked.slots[at].place == flying {
			continue
		}
		if c.roomFor(b.Piece) <= 0 {
			eff.Returned(b, ReturnChoked)
			continue
		}
		c.pipe.ask(now, b)
		c.send(now, c.blockMessage(wire.Request, b), eff)
	}
}

// Credit is the number of blocks that may be in flight, as last reported.
func (c *Core) Credit() int { return c.credit }

// InFlight is the number of blocks that were requested and have not come.
func (c *Core) InFlight() int { return c.pipe.asked.flying.count }

// CancelBlock withdraws a request whose block came from elsewhere. A block
// that crosses the CANCEL on the wire is no offence.
func (c *Core) CancelBlock(now mono.Instant, b geometry.Block, eff Effects) {
	if c.life == closed {
		return
	}
	if at := c.pipe.asked.find(b); at != 0 && c.pipe.asked.slots[at].place == flying {
		c.pipe.asked.move(at, late)
		c.send(now, c.blockMessage(wire.Cancel, b), eff)
	}
}

func (c *Core) blockMessage(k wire.Kind, b geometry.Block) wire.Message {
	begin, length := c.cfg.Geometry.BlockBytes(b)
	return wire.Message{Kind: k, Piece: b.Piece, Begin: begin, Length: length}
}

func (c *Core) receiveBlock(now mono.Instant, m *wire.Message, eff Effects) {
	r := Request{Piece: m.Piece, Begin: m.Begin, Length: uint32(len(m.Payload))}
	evidence, at := c.pipe.viewBlock(c.cfg.Geometry, r)
	switch evidence {
	case BlockWanted, BlockLate:
		c.pipe.arrived(now, at, len(m.Payload))
		c.floods.forgive(floodReject, 1)
		eff.Received(r.block())
		eff.StoreBlock(r.block(), m.Payload)
	case BlockMisaligned, BlockUnrequested:
		c.tolerate(now, floodBlock, eff)
	}
}

// receiveReject takes the remote's word that a request will not be answered
// (BEP 6). It answers the oldest request for the block.
func (c *Core) receiveReject(now mono.Instant, r Request, eff Effects) {
	evidence, at := c.pipe.viewBlock(c.cfg.Geometry, r)
	switch evidence {
	case BlockWanted:
		if s := &c.pipe.asked.slots[at]; s.copies > 1 {
			s.copies--
			return
		}
		if c.remote.choke == Choked { // the choke is the reason, not the block
			c.pipe.asked.forget(at)
			c.revoke(r.Piece, eff)
			eff.Returned(r.block(), ReturnChoked)
			return
		}
		c.pipe.rejected(at)
		eff.Returned(r.block(), ReturnRejected)
		c.tolerate(now, floodReject, eff)
	case BlockLate:
		c.pipe.asked.answered(at)
	case BlockMisaligned, BlockUnrequested:
		c.tolerate(now, floodReject, eff)
	}
}

// receiveChoke takes a choke or an unchoke. Without FAST a choke leaves every
// request unanswered, though blocks on their way may still come. With FAST each
// request is answered or rejected, for which the time-out goes on: a remote that
// chokes and unchokes does not hold its blocks any longer.
func (c *Core) receiveChoke(now mono.Instant, k wire.Kind, eff Effects) {
	state := Choked
	if k == wire.Unchoke {
		state = Unchoked
	}
	c.tolerate(now, floodChoke, eff)
	if c.remote.choke == state || c.life == closed {
		return
	}
	c.remote.choke = state
	c.pipe.waits = now
	c.reportCredit(eff)
	if state == Choked && !c.speaksFast() {
		c.returnAll(ReturnChoked, eff)
	}
}

// returnAll gives back what is in flight; the remote may still send it.
func (c *Core) returnAll(why Return, eff Effects) {
	for a := &c.pipe.asked; a.flying.count > 0; {
		at := a.flying.first
		eff.Returned(a.slots[at].block, why)
		a.move(at, late)
	}
}

// expire ends the wait for the requests in flight. A remote that choked us was
// only given time to reject them, unless it allows some. Any other is snubbed: what it has not sent is
// asked for elsewhere and cancelled here, but for the oldest, of which a part
// may have come; and it is asked for one block at a time until it sends one.
func (c *Core) expire(now mono.Instant, eff Effects) {
	if c.remote.choke == Choked && !c.awaitsGranted() {
		c.returnAll(ReturnChoked, eff)
		return
	}
	c.pipe.snub(now)
	a := &c.pipe.asked
	for at := a.slots[a.flying.first].next; at != 0; at = a.slots[at].next {
		c.send(now, c.blockMessage(wire.Cancel, a.slots[at].block), eff)
	}
	c.returnAll(ReturnTimedOut, eff)
	c.reportCredit(eff)
}

// Rejoin tells a picker that knows nothing of this connection what it has to know:
// what was told to the remote and asked of it, what it has, and how many blocks may
// be in flight. The remote notices nothing.
func (c *Core) Rejoin(eff Effects) {
	if c.life == closed {
		return
	}
	eff.Told(c.local.interest)
	a := &c.pipe.asked
	for at := a.flying.first; at != 0; at = a.slots[at].next {
		eff.InFlight(a.slots[at].block)
	}
	if !c.remote.has.IsEmpty() {
		eff.RemoteHasSet(c.remote.has)
	}
	for _, i := range c.remote.granted {
		eff.Allowed(i)
	}
	c.credit, c.scope = c.grant()
	eff.Credit(c.credit, c.scope)
}

// reportCredit tells the picker how many blocks may be in flight, if that
// changed.
func (c *Core) reportCredit(eff Effects) {
	if now, of := c.grant(); now != c.credit || of != c.scope {
		c.credit, c.scope = now, of
		eff.Credit(now, of)
	}
}

// grant is how many blocks may be in flight now, and of which pieces.
func (c *Core) grant() (int, Scope) {
	switch {
	case c.local.interest == NotInterested || c.life == closed:
		return 0, AnyPiece
	case c.remote.choke == Unchoked:
		return c.pipe.limit(), AnyPiece
	case c.servesGranted():
		return min(c.pipe.limit(), grantedWindow), AllowedPieces
	default:
		return 0, AnyPiece
	}
}
