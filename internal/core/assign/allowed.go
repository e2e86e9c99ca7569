package assign

import (
	"slices"

	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// favour is what a holder that chokes us lets us fetch all the same (BEP 6, allowed
// fast).
type favour struct {
	scope  scope
	pieces []pieceset.Index
}

// scope says of which pieces a credit is.
type scope uint8

const (
	anyPiece scope = iota
	allowedPieces
)

// SetAllowedCredit is SetCredit of a holder that chokes us: only pieces that it
// allows are dealt to it. What was dealt to it of others it has or gives back.
func (c *Core) SetAllowedCredit(id HolderID, blocks uint32) {
	c.setCredit(id, blocks, allowedPieces)
}

// Allow says that a holder lets us fetch piece i while it chokes us. It need not
// have it.
func (c *Core) Allow(id HolderID, i pieceset.Index) {
	c.at(i)
	h := c.holders[id]
	if h == nil || slices.Contains(h.favour.pieces, i) {
		return
	}
	h.favour.pieces = append(h.favour.pieces, i)
	c.due(h)
}

// Disallow says that it does so no more.
func (c *Core) Disallow(id HolderID, i pieceset.Index) {
	h := c.holders[id]
	if h == nil {
		return
	}
	if k := slices.Index(h.favour.pieces, i); k >= 0 {
		h.favour.pieces = slices.Delete(h.favour.pieces, k, k+1)
	}
}

// serves says whether h has piece i, and may be asked for it.
func (h *holder) serves(i pieceset.Index) bool {
	return h.hasPiece(i) && (h.favour.scope == anyPiece || slices.Contains(h.favour.pieces, i))
}

// pickAllowed picks for a holder that chokes us: of what it allows, pieces that were
// corrupt, then by priority what is open, then what is missing.
func (c *Core) pickAllowed(h *holder, avoid HolderID) *record {
	best, rank := nowhere, 0
	for _, i := range h.favour.pieces {
		if !h.hasPiece(i) || c.pieces[i].shunned == avoid {
			continue
		}
		if r := c.rankAllowed(h, i); r > rank {
			best, rank = int(i), r
		}
	}
	if best == nowhere {
		return nil
	}
	fresh := c.pieces[best].record == nil
	r := c.recordOf(pieceset.Index(best))
	switch {
	case fresh && h.standing == onParole:
		r.lone(h)
	case r.loner != h:
		c.share(r)
	}
	return r
}

// rankAllowed is how soon h should be dealt piece i; 0 is not at all. One on parole
// shares a piece only where nobody else could fetch it.
func (c *Core) rankAllowed(h *holder, i pieceset.Index) int {
	p := &c.pieces[i]
	if c.dealable(i) == 0 {
		return 0
	}
	if r := p.record; h.standing == onParole && (r == nil || r.loner != h) {
		if r == nil && len(h.alone) >= paroleBound || r != nil && c.othersFor(h, i) == somebodyElse {
			return 0
		}
	}
	rank := 3*int(p.rank()) + 1 // missing
	switch {
	case slices.Contains(c.doubt.wrongs, i):
		rank = 3 * int(soon)
	case p.record != nil && (p.record.loner == nil || p.record.loner == h):
		rank++
	case p.record != nil:
		rank-- // another fetches it alone
	}
	return rank
}
