package assign

import "github.com/etorrent/etorrent/internal/vocab/pieceset"

// slowShare is what part of the others' mean a holder sends that is not slow.
const slowShare = 4

// pickWindow picks for h of what somebody reads. One that is slow, or let a block
// time out, would hold a reader up: the former begins in the second half of what
// comes soon, and the latter gets of it when there is nothing else at all. So does
// one on parole, which wants pieces of its own.
func (c *Core) pickWindow(h *holder) *record {
	w := &c.choice.windows
	if len(w.open) == 0 || h.pace == silent || h.standing == onParole || h.favour.scope == allowedPieces {
		return nil
	}
	slow := c.isSlow(h)
	for class := now; class >= soon; class-- {
		for at := range w.of(class) {
			if slow && (class == now || at.k < at.count/2) {
				continue
			}
			if i := at.piece; c.canRead(h, i, h.id) && c.lonerOf(i) == nil {
				return c.recordOf(i)
			}
		}
	}
	return nil
}

// canRead says whether h could be dealt of piece i, which somebody reads.
func (c *Core) canRead(h *holder, i pieceset.Index, avoid HolderID) bool {
	return c.dealable(i) > 0 && h.hasPiece(i) && c.pieces[i].shunned != avoid
}

func (c *Core) lonerOf(i pieceset.Index) *holder {
	if r := c.pieces[i].record; r != nil {
		return r.loner
	}
	return nil
}

// lastRead is what h gets of what somebody reads when there is nothing else.
func (c *Core) lastRead(h *holder, avoid HolderID) *record {
	for class := now; class >= soon; class-- {
		for at := range c.choice.windows.of(class) {
			i := at.piece
			if !c.canRead(h, i, avoid) {
				continue
			}
			switch r := c.pieces[i].record; {
			case h.standing == trusted && c.lonerOf(i) == nil:
				return c.recordOf(i)
			case h.standing == trusted: // findLone's
			case r == nil && len(h.alone) < paroleBound:
				r = c.recordOf(i)
				r.lone(h)
				return r
			case r != nil && c.othersFor(h, i) == nobodyElse:
				c.share(r)
				return r
			}
		}
	}
	return nil
}

// isSlow says whether h would hold a reader up.
func (c *Core) isSlow(h *holder) bool {
	return slowShare*h.recent < c.choice.windows.mean || c.crawls(h)
}

// measure works out how many blocks the holders that draw sent of late, in the mean.
func (c *Core) measure() {
	sum := 0
	for _, h := range c.list {
		sum += h.recent
	}
	c.choice.windows.mean = sum / max(1, c.drawing)
}
