package peer

import (
	"crypto/sha1"
	"encoding/binary"
	"net/netip"
	"slices"

	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
	"github.com/etorrent/etorrent/internal/vocab/wire"
)

const (
	// allowedPieces is how many pieces a beginner may fetch while it is choked,
	// and with how many pieces it is none any more (BEP 6's k).
	allowedPieces = 10
	// allowedTimes is how often it may fetch each of them: its first copy may
	// have been lost.
	allowedTimes = 3
)

// allowed is what a remote may fetch while it is choked (BEP 6). The zero
// allowed is nothing.
type allowed struct {
	pieces []pieceset.Index
	left   int64 // bytes that may still be asked for while choked
}

// allowedSet is the canonical set of BEP 6 for an address: the same from every
// peer of a torrent, so that to connect to many of them brings nothing. It is
// made of a v4 address only.
func allowedSet(infoHash [20]byte, to netip.Addr, pieces int) []pieceset.Index {
	to = to.Unmap()
	if !to.Is4() || infoHash == ([20]byte{}) {
		return nil
	}
	network := to.As4()
	network[3] = 0
	seed := append(network[:], infoHash[:]...)
	var set []pieceset.Index
	for want := min(allowedPieces, pieces); len(set) < want; {
		sum := sha1.Sum(seed)
		seed = sum[:]
		for part := seed; len(part) > 0 && len(set) < want; part = part[4:] {
			i := pieceset.Index(binary.BigEndian.Uint32(part) % uint32(pieces))
			if !slices.Contains(set, i) {
				set = append(set, i)
			}
		}
	}
	return set
}

// offerAllowed tells a beginner which pieces it may fetch while it is choked:
// once, however often it says that it begins. One that is shown piece by piece what
// we have may not fetch others.
func (c *Core) offerAllowed(now mono.Instant, eff Effects) {
	if !c.speaksFast() || c.local.goal == SuperSeeding || c.remote.has.Count() >= allowedPieces || len(c.owed.allowed.pieces) > 0 {
		return
	}
	g := c.cfg.Geometry
	for _, i := range allowedSet(c.cfg.InfoHash, c.cfg.RemoteAddr.Addr(), g.Pieces()) {
		if c.remote.has.Has(i) {
			continue
		}
		c.owed.allowed.pieces = append(c.owed.allowed.pieces, i)
		c.owed.allowed.left += allowedTimes * g.PieceSize(i)
		c.send(now, wire.Message{Kind: wire.AllowedFast, Piece: i}, eff)
	}
}

// isAllowed says whether r may be served although the remote is choked.
func (c *Core) isAllowed(r Request) bool {
	return slices.Contains(c.owed.allowed.pieces, r.Piece) && c.remote.has.Count() < allowedPieces
}
