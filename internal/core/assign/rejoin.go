package assign

import (
	"slices"

	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// Past is what others, or this core earlier, made of a holder that goes on with it.
type Past struct {
	// Told is the interest that the holder knows of.
	Told Interest
	// Fetches are the blocks that it fetches, each once, in the order in which they
	// were dealt.
	Fetches []geometry.Block
}

// Rejoin adds a holder that lives longer than the core, with what it has (nil:
// nothing) and what it does, so that nothing has to be asked for twice. What it
// fetches counts as dealt to it; of that, the next Settle cancels what is stored or
// not wanted, and what two others fetch. A holder that is there already is taken
// at its word in the same way: what else was dealt to it is free again, and
// nothing of before the word is cancelled at it.
func (c *Core) Rejoin(id HolderID, has *pieceset.Set, p Past) {
	if h := c.holders[id]; h == nil {
		c.Join(id, has)
	} else {
		c.HaveSet(id, has)
		c.returnAll(h)
		c.agenda.cancelled = slices.DeleteFunc(c.agenda.cancelled, func(x cancellation) bool { return x.holder == id })
	}
	h := c.holders[id]
	h.told = p.Told
	c.turn(h)
	for _, b := range p.Fetches {
		c.mustExist(b)
		c.adopt(h, b)
	}
	if h.spare() == 0 {
		c.sate(h)
	}
	c.due(h)
}

// adopt takes block b for dealt to h, which fetches it, or has it cancelled there.
func (c *Core) adopt(h *holder, b geometry.Block) {
	p := &c.pieces[b.Piece]
	if !h.hasPiece(b.Piece) || p.state == PieceHeld || p.priority == Unwanted {
		c.cancel(h, b)
		return
	}
	r := c.recordOf(b.Piece)
	switch cell := &r.cells[b.Number]; {
	case r.free.has(b.Number):
		r.free.remove(b.Number)
		r.freeBlocks--
		cell.first = h.id
		c.flying++
	case r.got.has(b.Number) || cell.second != Nobody:
		c.cancel(h, b)
		return
	default:
		cell.second = h.id
	}
	c.copies++
	c.queue(h, b)
	c.refile(b.Piece)
}
