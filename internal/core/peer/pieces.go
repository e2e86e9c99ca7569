package peer

import (
	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
	"github.com/etorrent/etorrent/internal/vocab/wire"
)

// claims is what a remote says that it has while we do not know how many pieces
// there are (BEP 9): as it came, to be judged by Learn.
type claims struct {
	first wire.Kind // Bitfield, HaveAll or HaveNone; KeepAlive: none of them
	bits  []byte    // of Bitfield
	haves []pieceset.Index
}

// claimsBound is how many haves are kept while the metadata is unknown.
const claimsBound = 10_000

func (c *Core) receiveHave(now mono.Instant, i pieceset.Index, eff Effects) {
	if k := c.remote.claims; k != nil {
		if k.haves = append(k.haves, i); len(k.haves) > claimsBound {
			c.close(Closing{Reason: HaveFlood}, eff)
		}
		return
	}
	if c.remote.has.Has(i) {
		c.tolerate(now, floodHave, eff)
		return
	}
	c.remote.has.Add(i)
	eff.RemoteHas(i)
	c.judgeUse(now)
}

// receivePieces takes a bitfield, or what stands for one (BEP 6). BEP 3 and 6 want
// it once and first, but aria2 sends another in place of many haves: what it
// names is added to what is known, and what it leaves out changes nothing. Only
// have none, which could add nothing, is out of place later.
func (c *Core) receivePieces(now mono.Instant, m *wire.Message, eff Effects) {
	if c.remote.bitfield == bitfieldPast && m.Kind == wire.HaveNone {
		c.close(Closing{Reason: BitfieldLate}, eff)
		return
	}
	first := c.remote.bitfield
	c.remote.bitfield = bitfieldPast
	if k := c.remote.claims; k != nil {
		k.first, k.bits = m.Kind, append([]byte(nil), m.Payload...)
		return
	}
	before := c.remote.has.Count()
	c.learnPieces(now, m.Kind, m.Payload, eff)
	if first == bitfieldPast && c.remote.has.Count() == before {
		c.tolerate(now, floodHave, eff)
	}
}

// learnPieces reports what a bitfield, or what stands for one, says.
func (c *Core) learnPieces(now mono.Instant, k wire.Kind, bits []byte, eff Effects) {
	if k == wire.HaveAll {
		c.remote.has.Fill()
	}
	if k == wire.Bitfield {
		seen, ok := pieceset.ViewBitfield(bits, c.cfg.Geometry.Pieces()).(pieceset.BitfieldWellFormed)
		if !ok {
			c.close(Closing{Reason: BitfieldMalformed}, eff)
			return
		}
		seen.Pieces.AddAll(c.remote.has)
		c.remote.has = seen.Pieces
	}
	if !c.remote.has.IsEmpty() {
		eff.RemoteHasSet(c.remote.has)
	}
	c.offerAllowed(now, eff)
	c.judgeUse(now)
}

// Learn gives a connection that began without metadata the shape of its torrent
// and the pieces that may be served. What the remote claimed before is judged
// now. Its owner gives the decoder the same shape between the same messages.
func (c *Core) Learn(now mono.Instant, g geometry.Geometry, held Held, eff Effects) {
	k := c.remote.claims
	if k == nil || c.life == closed {
		return
	}
	c.cfg.Geometry, c.held = g, held
	c.remote.claims, c.remote.has = nil, pieceset.New(g.Pieces())
	for _, i := range k.haves {
		if int64(i) >= int64(g.Pieces()) {
			c.Malformed(wire.PieceOutOfRange, eff)
			return
		}
	}
	c.learnPieces(now, k.first, k.bits, eff)
	for _, i := range k.haves {
		if c.life == trading {
			c.receiveHave(now, i, eff)
		}
	}
}
