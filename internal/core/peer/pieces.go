package peer

import (
	"slices"

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
	// granted is what it allows us while it chokes us.
	granted []pieceset.Index
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
	c.floods.forgive(floodChoke, 2) // we may have wanted nothing until now, and had no slot
	eff.RemoteHas(i)
	c.judgeInterest(eff)
	c.judgeUse(now)
}

// receivePieces takes a bitfield, or what stands for one (BEP 6). BEP 3 and 6 want
// it once and first, but aria2 sends another in place of many haves: what it
// names is added to what is known, and what it leaves out changes nothing. It is
// counted, since it costs more than a have. Only have none, which could add
// nothing, is out of place later.
func (c *Core) receivePieces(now mono.Instant, m *wire.Message, eff Effects) {
	if c.remote.bitfield == bitfieldPast && m.Kind == wire.HaveNone {
		c.close(Closing{Reason: BitfieldLate}, eff)
		return
	}
	if c.remote.bitfield == bitfieldPast {
		if c.tolerate(now, floodHave, eff); c.life == closed {
			return
		}
	}
	c.remote.bitfield = bitfieldPast
	if k := c.remote.claims; k == nil {
		c.learnPieces(now, m.Kind, m.Payload, eff)
	} else if k.add(m) == claimsContradict {
		c.close(Closing{Reason: BitfieldMalformed}, eff)
	}
}

// agreement says whether all claims can be true of one torrent.
type agreement uint8

const (
	claimsAgree agreement = iota
	claimsContradict
)

// add takes a bitfield, or what stands for one, to the earlier ones.
func (k *claims) add(m *wire.Message) agreement {
	switch {
	case k.first == wire.HaveAll: // there is no more to claim
		return claimsAgree
	case m.Kind != wire.Bitfield:
		k.first = m.Kind
		return claimsAgree
	case k.bits == nil:
		k.bits = append([]byte{}, m.Payload...)
	case len(k.bits) != len(m.Payload):
		return claimsContradict
	}
	for n, b := range m.Payload {
		k.bits[n] |= b
	}
	k.first = wire.Bitfield
	return claimsAgree
}

// learnPieces reports what a bitfield, or what stands for one, adds.
func (c *Core) learnPieces(now mono.Instant, k wire.Kind, bits []byte, eff Effects) {
	before := c.remote.has.Count()
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
	if c.remote.has.Count() > before {
		eff.RemoteHasSet(c.remote.has)
	}
	c.offerAllowed(now, eff)
	c.judgeInterest(eff)
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
	for _, i := range slices.Concat(k.haves, k.granted) {
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
	if c.life == trading {
		for _, i := range k.granted {
			c.grantPiece(i, eff)
		}
		c.reportCredit(eff)
	}
}
