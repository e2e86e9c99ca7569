package assign

import (
	"math/bits"

	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

const (
	// rareScan is how many of the rarest pieces are looked at one by one.
	rareScan = 128
	// wrongScan is how many pieces that were corrupt are looked at.
	wrongScan = 16
	// sampleSize is how many pieces a holder without any of those is judged by.
	sampleSize = 64
	// assemblyBytes bounds the open pieces from which blocks can be dealt.
	assemblyBytes = 32 << 20
	// fewestOpen is how many of them there may be in any case.
	fewestOpen = 4
	// leadShare is the part of a piece that the credit of a holder must cover
	// so that it draws pieces on its own.
	leadShare = 4
)

// pick is the piece that h is dealt from next, or nil when it has no free
// block. What somebody reads comes first. Then it goes on with the piece that it leads. Pieces that were corrupt come
// next, since a right copy tells who lied. Then the highest priority decides, and
// within it come
//
//  1. an open piece that nobody leads;
//  2. the missing piece that the Picker names, the rarest if it is left to us;
//  3. an open piece that another holder leads;
//
// but 3 before 2 when many pieces are open. Holders with much credit lead what
// they begin, so that a piece mostly has one sender; slow ones share. Pieces
// that h gave back itself come last of all. What another holder fetches alone
// on parole comes when there is nothing else.
func (c *Core) pick(h *holder) *record {
	if c.wantedOf(h) == 0 {
		return nil
	}
	if r := c.pickWindow(h); r != nil {
		return r
	}
	if r := h.lead; r != nil && r.freeBlocks > 0 && c.pieces[r.piece].shunned != h.id {
		return r
	}
	find := c.pickAvoiding
	switch {
	case h.favour.scope == allowedPieces:
		find = c.pickAllowed
	case h.standing == onParole:
		find = c.pickAlone
	}
	if r := find(h, h.id); r != nil || h.shuns == 0 {
		return r
	}
	return find(h, unborn)
}

// pickAvoiding picks for h among the pieces that avoid did not give back.
func (c *Core) pickAvoiding(h *holder, avoid HolderID) *record {
	if r := c.findWrong(h, avoid); r != nil {
		return r
	}
	crowded := c.openPieces() >= c.openLimit()
	for p := High; p > Unwanted; p-- {
		s := &c.shelves[p]
		if r := c.findOpen(s, h, avoid, unled); r != nil {
			return r
		}
		if crowded {
			if r := c.findOpen(s, h, avoid, anyLead); r != nil {
				return r
			}
		}
		if r := c.begin(s, h, avoid); r != nil {
			return r
		}
		if r := c.findOpen(s, h, avoid, anyLead); r != nil {
			return r
		}
	}
	if r := c.lastRead(h, avoid); r != nil {
		return r
	}
	return c.findLone(h, avoid)
}

// findWrong is a piece that was corrupt and of which a block is free.
func (c *Core) findWrong(h *holder, avoid HolderID) *record {
	for _, i := range c.doubt.wrongs[:min(len(c.doubt.wrongs), wrongScan)] {
		p := &c.pieces[i]
		switch {
		case !h.hasPiece(i) || p.shunned == avoid:
		case p.state == PieceMissing:
			return c.recordOf(i)
		case p.state == PieceOpen && p.record.freeBlocks > 0 && p.record.loner == nil:
			return p.record
		}
	}
	return nil
}

// openLimit is how many open pieces with free blocks there may be before
// holders share them rather than begin others: as many as draw, if they fit
// into the memory for assembly.
func (c *Core) openLimit() int {
	fit := int(assemblyBytes / max(1, c.geometry.PieceLength))
	return max(fewestOpen, min(c.drawing, fit))
}

func (c *Core) openPieces() int {
	n := 0
	for p := range c.shelves {
		n += len(c.shelves[p].open)
	}
	return n
}

// company says which open pieces are looked at.
type company uint8

const (
	unled   company = iota // those that nobody leads
	anyLead                // all
)

func (c *Core) findOpen(s *shelf, h *holder, avoid HolderID, who company) *record {
	for _, r := range s.open {
		if who == unled && r.lead != nil || r.loner != nil {
			continue
		}
		if h.hasPiece(r.piece) && c.pieces[r.piece].shunned != avoid {
			return r
		}
	}
	return nil
}

// begin opens the piece that the picker names among those that h has.
func (c *Core) begin(s *shelf, h *holder, avoid HolderID) *record {
	c.choice.missing = Missing{core: c, shelf: s, holder: h, avoid: avoid}
	i, found := c.choice.picker.Pick(&c.choice.missing)
	if found == NothingMissing {
		return nil
	}
	if c.at(i).state != PieceMissing || !h.hasPiece(i) {
		panic("assign: the picker names a piece that is not among those it may")
	}
	return c.recordOf(i)
}

// rarest is the rarest of them. Among the rareScan rarest of all pieces it is exact.
// A holder that has none of those gets the rarest of a sample of what it has: nearly
// as good, and bounded whatever it has.
func (m *Missing) rarest() (pieceset.Index, Pick) {
	seq := m.shelf.rarity.seq
	if m.holder.has != nil {
		seq = seq[m.shelf.rarity.start[1]:] // what it has is at level 1 or above
	}
	for _, i := range seq[:min(len(seq), rareScan)] {
		if m.holder.hasPiece(i) && m.core.pieces[i].shunned != m.avoid {
			return i, Picked
		}
	}
	if len(seq) <= rareScan {
		return 0, NothingMissing
	}
	return m.sampled()
}

func (m *Missing) sampled() (pieceset.Index, Pick) {
	s, h, c := m.shelf, m.holder, m.core
	best, seen := nowhere, 0
	for range s.missing {
		for w := s.common(h, h.cursor); w != 0; w &= w - 1 {
			i := h.cursor*64 + bits.TrailingZeros64(w)
			if c.pieces[i].shunned == m.avoid {
				continue
			}
			if seen++; best == nowhere || c.pieces[i].avail < c.pieces[best].avail {
				best = i
			}
		}
		h.cursor = (h.cursor + 1) % len(s.missing)
		if seen >= sampleSize {
			break
		}
	}
	if best == nowhere {
		return 0, NothingMissing
	}
	return pieceset.Index(best), Picked
}

// common is word k of the missing pieces that h has.
func (s *shelf) common(h *holder, k int) uint64 {
	if h.has == nil {
		return s.missing[k]
	}
	return s.missing[k] & h.has[k]
}

// leadCredit is the credit that a holder needs to lead r.
func (r *record) leadCredit() uint32 { return (r.blocks() + leadShare - 1) / leadShare }

// follow makes h the lead of r if nobody is and h can be.
func (c *Core) follow(h *holder, r *record) {
	if r.lead != nil || c.pieces[r.piece].rank() > High || h.standing == onParole || h.favour.scope == allowedPieces || h.credit < r.leadCredit() {
		return
	}
	if h.lead != nil {
		h.lead.unlead()
	}
	r.lead, h.lead = h, r
}
