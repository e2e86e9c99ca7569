package assign

import "github.com/etorrent/etorrent/internal/vocab/pieceset"

// paroleBound is how many pieces a holder on parole has out alone, from the
// first block dealt to the verdict.
const paroleBound = 4

// doubt is what corrupt pieces leave behind.
type doubt struct {
	parolees []*holder
	wrongs   []pieceset.Index // were corrupt and not verified since
}

// standing says how far a holder is trusted.
type standing uint8

const (
	trusted  standing = iota
	onParole          // it gets pieces of its own, so that a corrupt one names it
)

// Parole has a holder that had a part in a corrupt piece fetch pieces alone:
// the next corrupt one is then its own. It shares a piece only where no other
// holder could fetch it. Trust ends that.
func (c *Core) Parole(id HolderID) {
	h := c.holders[id]
	if h == nil || h.standing == onParole {
		return
	}
	h.standing = onParole
	h.lead.end()
	c.doubt.parolees = append(c.doubt.parolees, h)
	c.rouse()
}

// Trust ends the parole of a holder.
func (c *Core) Trust(id HolderID) {
	if h := c.holders[id]; h != nil {
		c.endParole(h)
		c.due(h)
	}
}

func (c *Core) endParole(h *holder) {
	if h.standing == trusted {
		return
	}
	h.standing = trusted
	for len(h.alone) > 0 {
		c.share(h.alone[0])
	}
	for k, other := range c.doubt.parolees {
		if other == h {
			c.doubt.parolees = append(c.doubt.parolees[:k], c.doubt.parolees[k+1:]...)
			break
		}
	}
}

// share lets others fetch from a piece that one holder had to itself.
func (c *Core) share(r *record) {
	if r.loner == nil {
		return
	}
	r.unlone()
	if r.freeBlocks > 0 {
		c.touch(r.piece)
	}
}

// lone gives a piece to h alone.
func (r *record) lone(h *holder) {
	r.loner = h
	h.alone = append(h.alone, r)
}

// unlone ends that.
func (r *record) unlone() {
	h := r.loner
	if h == nil {
		return
	}
	r.loner = nil
	for k, other := range h.alone {
		if other == r {
			h.alone = append(h.alone[:k], h.alone[k+1:]...)
			return
		}
	}
}

// pickAlone picks for a holder on parole: what it has begun alone, then a
// missing piece, then an open piece that nobody else could fetch from.
func (c *Core) pickAlone(h *holder, avoid HolderID) *record {
	for _, r := range h.alone {
		if r.freeBlocks > 0 && c.pieces[r.piece].state == PieceOpen {
			return r
		}
	}
	for p := High; p > Unwanted; p-- {
		if r := c.openAlone(&c.shelves[p], h, avoid); r != nil {
			return r
		}
		for _, r := range c.shelves[p].open {
			if h.hasPiece(r.piece) && c.pieces[r.piece].shunned != avoid && c.othersFor(h, r.piece) == nobodyElse {
				c.share(r)
				return r
			}
		}
	}
	return c.lastRead(h, avoid)
}

func (c *Core) openAlone(s *shelf, h *holder, avoid HolderID) *record {
	if len(h.alone) >= paroleBound {
		return nil
	}
	r := c.begin(s, h, avoid)
	if r != nil {
		r.lone(h)
	}
	return r
}

// others says whether a holder is the last resort for a piece.
type others uint8

const (
	nobodyElse others = iota
	somebodyElse
)

// othersFor says whether a trusted holder that answers could fetch piece i.
func (c *Core) othersFor(h *holder, i pieceset.Index) others {
	for _, x := range c.list {
		if x != h && x.standing == trusted && x.pace == answering && x.credit > 0 && x.serves(i) {
			return somebodyElse
		}
	}
	return nobodyElse
}

// findLone is an open piece that another holder has to itself: the last thing
// that a trusted holder is dealt.
func (c *Core) findLone(h *holder, avoid HolderID) *record {
	for _, other := range c.doubt.parolees {
		for _, r := range other.alone {
			p := &c.pieces[r.piece]
			if p.state == PieceOpen && r.freeBlocks > 0 && h.hasPiece(r.piece) && p.shunned != avoid {
				c.share(r)
				return r
			}
		}
	}
	return nil
}
