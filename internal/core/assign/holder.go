package assign

import (
	"math"

	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// HolderID names something that blocks can be fetched from: a peer, a web
// seed. An id is given once in a torrent's life, since it is what a corrupt
// piece is blamed on after the holder has left.
type HolderID uint32

// Nobody is the HolderID of no holder.
const Nobody HolderID = 0

// unborn is a HolderID that no holder ever has, nor any piece as shunned.
const unborn HolderID = math.MaxUint32

// holder is what is known of a living holder.
type holder struct {
	id       HolderID
	has      mask // nil: everything
	count    int  // pieces it has
	wanted   int  // of these, wanted and not held; unused with everything
	told     Interest
	credit   uint32
	favour   favour // what the credit is for while it chokes us
	out      queue  // blocks it fetches
	lead     *record
	shuns    int    // pieces that it was the last to give a block back of
	cursor   int    // word of the missing mask where its next sample begins
	index    int    // in Core.list, nowhere after Leave
	hungers  int    // place in Core.hungry, or nowhere
	round    uint64 // the round of Settle that it is due in
	pace     pace
	recent   int    // blocks it sent of late
	since    uint64 // Core.came.blocks at its last block, or when its queue began
	standing standing
	alone    []*record // on parole: the pieces that it alone is dealt from
}

// pace says whether a holder has answered since it last let a block time out.
type pace uint8

const (
	answering pace = iota
	silent
)

func (h *holder) hasPiece(i pieceset.Index) bool { return h.has == nil || h.has.has(uint32(i)) }

// spare is how many more blocks h would take.
func (h *holder) spare() uint32 {
	if n := uint32(h.out.len()); n < h.credit {
		return h.credit - n
	}
	return 0
}

// Join adds a holder and what it has (nil: nothing yet); the core keeps a copy
// of its own. It has no credit. The id must be new, neither
// Nobody nor the greatest of all.
func (c *Core) Join(id HolderID, has *pieceset.Set) {
	if id == Nobody || id == unborn || c.holders[id] != nil {
		panic("assign: holder joins twice, or is nobody")
	}
	h := &holder{id: id, index: len(c.list), hungers: nowhere, has: c.spare.none}
	h.cursor = c.rnd.IntN(max(1, len(h.has)))
	c.holders[id] = h
	c.list = append(c.list, h)
	c.HaveSet(id, has)
}

// Have says that a holder has piece i.
func (c *Core) Have(id HolderID, i pieceset.Index) {
	p, h := c.at(i), c.holders[id]
	if h == nil || h.hasPiece(i) {
		return
	}
	c.gain(h, i)
	if h.lead != nil && c.pieces[h.lead.piece].rank() < p.rank() {
		h.lead.unlead()
	}
	if c.dealable(i) > 0 {
		c.due(h)
	}
	c.condense(h)
}

// HaveSet says that a holder has the pieces of s, of the torrent's size, beside
// those it had; nil is none.
func (c *Core) HaveSet(id HolderID, s *pieceset.Set) {
	h := c.holders[id]
	if h == nil || s == nil {
		return
	}
	if s.Size() != len(c.pieces) {
		panic("assign: set of another size than the torrent")
	}
	if s.IsFull() {
		c.HaveAll(id)
		return
	}
	for i := range s.All() {
		if !h.hasPiece(i) {
			c.gain(h, i)
		}
	}
	h.lead.end()
	c.due(h)
	c.condense(h)
}

// HaveAll says that a holder has every piece. It costs nothing a piece but for
// those that the holder had told before.
func (c *Core) HaveAll(id HolderID) {
	h := c.holders[id]
	if h == nil || h.has == nil {
		return
	}
	c.uncount(h)
	h.has = nil
	c.seeds++
	h.lead.end()
	c.turn(h)
	c.due(h)
}

// Leave removes a holder; what it was fetching is dealt again.
func (c *Core) Leave(id HolderID) {
	h := c.holders[id]
	if h == nil {
		return
	}
	c.returnAll(h)
	c.SetCredit(id, 0)
	c.endParole(h)
	c.uncount(h)
	last := len(c.list) - 1
	c.list[h.index] = c.list[last]
	c.list[h.index].index = h.index
	c.list[last] = nil
	c.list = c.list[:last]
	h.index = nowhere
	delete(c.holders, id)
}

// gain counts piece i, which h did not have.
func (c *Core) gain(h *holder, i pieceset.Index) {
	if h.count == 0 {
		h.has = newMask(len(c.pieces))
	}
	h.has.add(uint32(i))
	h.count++
	c.rerate(i, +1)
	if c.want.has(uint32(i)) {
		h.wanted++
		if h.wanted == 1 {
			c.turn(h)
		}
	}
}

// condense makes a holder that has told every piece one of those that are
// counted as a whole.
func (c *Core) condense(h *holder) {
	if h.has != nil && h.count == len(c.pieces) {
		c.HaveAll(h.id)
	}
}

// uncount takes what h has out of the availabilities.
func (c *Core) uncount(h *holder) {
	if h.has == nil {
		c.seeds--
		return
	}
	if h.count == 0 {
		return
	}
	for i := range h.has.all() {
		c.rerate(pieceset.Index(i), -1)
	}
}

// rerate changes the availability of piece i by one.
func (c *Core) rerate(i pieceset.Index, by int32) {
	p := &c.pieces[i]
	before := levelOf(p.avail)
	p.avail += uint32(by)
	if p.state == PieceMissing {
		c.shelves[p.rank()].rarity.move(i, before, levelOf(p.avail), c.rnd)
	}
}
