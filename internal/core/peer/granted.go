package peer

import (
	"slices"

	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

const (
	// grantedBound is how many of the pieces are kept that a remote allows us while
	// it chokes us: BEP 6 has ten, and none is told before it was announced.
	grantedBound = 32
	// grantedWindow is how many blocks are in flight to a remote that chokes us: it
	// does us a favour.
	grantedWindow = 8
)

// Scope says which pieces a credit is for.
type Scope uint8

// AnyPiece is the scope while the remote does not choke us; AllowedPieces that
// while it does (BEP 6, allowed fast).
const (
	AnyPiece Scope = iota
	AllowedPieces
)

// receiveGrant takes the remote's word that a piece may be fetched while it chokes
// us. It need not have the piece (BEP 6). One that we have is of no use.
func (c *Core) receiveGrant(now mono.Instant, i pieceset.Index, eff Effects) {
	if c.tolerate(now, floodHint, eff); c.life == closed {
		return
	}
	if k := c.remote.claims; k != nil {
		k.granted = addGrant(k.granted, i)
		return
	}
	c.grantPiece(i, eff)
}

func (c *Core) grantPiece(i pieceset.Index, eff Effects) {
	before := len(c.remote.granted)
	if c.held.Has(i) {
		return
	}
	if c.remote.granted = addGrant(c.remote.granted, i); len(c.remote.granted) > before {
		eff.Allowed(i)
	}
}

func addGrant(to []pieceset.Index, i pieceset.Index) []pieceset.Index {
	if len(to) == grantedBound || slices.Contains(to, i) {
		return to
	}
	return append(to, i)
}

// revoke drops a piece from those that may be fetched while the remote chokes us: it
// rejects it, or we have it.
func (c *Core) revoke(i pieceset.Index, eff Effects) {
	if k := slices.Index(c.remote.granted, i); k >= 0 {
		c.remote.granted = slices.Delete(c.remote.granted, k, k+1)
		eff.Disallowed(i)
	}
}

// isGranted says whether piece i may be fetched though the remote chokes us.
func (c *Core) isGranted(i pieceset.Index) bool { return slices.Contains(c.remote.granted, i) }

// servesGranted says whether the remote has a piece that it allows us.
func (c *Core) servesGranted() bool {
	return slices.ContainsFunc(c.remote.granted, c.remote.has.Has)
}

// awaitsGranted says whether a block is in flight that the remote answers though it
// chokes us.
func (c *Core) awaitsGranted() bool {
	a := &c.pipe.asked
	for at := a.flying.first; at != 0; at = a.slots[at].next {
		if c.isGranted(a.slots[at].block.Piece) {
			return true
		}
	}
	return false
}

// roomFor is how many more blocks of piece i may be asked for.
func (c *Core) roomFor(i pieceset.Index) int {
	switch {
	case c.remote.choke == Unchoked:
		return c.pipe.room()
	case c.isGranted(i):
		return min(c.pipe.room(), grantedWindow-c.pipe.asked.flying.count)
	default:
		return 0
	}
}
