package assign

import (
	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// Received says that a holder sent a block, which goes to the disk. A block
// that others fetch too is cancelled there by the next Settle.
func (c *Core) Received(id HolderID, b geometry.Block) BlockEvidence {
	c.mustExist(b)
	h := c.holders[id]
	if h == nil {
		return BlockFromStranger
	}
	h.pace = answering
	c.count(h)
	p := c.at(b.Piece)
	if p.shunned == id {
		c.shun(b.Piece, Nobody)
	}
	if p.state == PieceHeld || p.record != nil && p.record.got.has(b.Number) {
		c.came.wasted++
		return BlockDuplicate
	}
	r := c.recordOf(b.Piece)
	found := c.ground(h, r, b.Number)
	r.store(b.Number)
	c.refile(b.Piece)
	c.due(h)
	if p.state == PieceFull {
		return PieceFilled
	}
	return found
}

// ground ends every copy of block n, which h sent, and says what the block was
// for h. The block is left neither flying nor free.
func (c *Core) ground(h *holder, r *record, n uint32) BlockEvidence {
	found := BlockLate
	if r.cells[n].first != Nobody {
		c.flying--
	}
	for r.cells[n].first != Nobody {
		who := c.holders[r.cells[n].first]
		c.detach(who, r, n)
		if who == h {
			found = BlockTaken
		} else {
			c.cancel(who, r.block(n))
		}
	}
	return found
}

// Returned says that a holder will not fetch a block that was dealt to it. The
// block is dealt to somebody else if anybody has it; else it may come back to
// the holder as soon as its credit allows. A block that is not the holder's is
// ignored: it may have been cancelled or received meanwhile.
func (c *Core) Returned(id HolderID, b geometry.Block, why Reason) {
	c.mustExist(b)
	h, r := c.holders[id], c.at(b.Piece).record
	if h == nil || r == nil || r.roleOf(h, b.Number) == bystander {
		return
	}
	c.giveBack(h, r, b.Number)
	c.demote(h, b.Piece, why)
	c.due(h)
}

// ReturnedAll says that a holder will fetch none of the blocks dealt to it.
func (c *Core) ReturnedAll(id HolderID, why Reason) {
	h := c.holders[id]
	if h == nil {
		return
	}
	for k := range h.out.len() {
		c.demote(h, h.out.at(k).Piece, why)
	}
	c.returnAll(h)
	c.due(h)
}

func (c *Core) returnAll(h *holder) {
	for h.out.len() > 0 {
		b := h.out.at(0)
		c.giveBack(h, c.pieces[b.Piece].record, b.Number)
	}
}

// giveBack ends h's copy of block n; without another copy the block is free.
func (c *Core) giveBack(h *holder, r *record, n uint32) {
	c.detach(h, r, n)
	if r.cells[n].first != Nobody {
		return
	}
	c.flying--
	r.vacate(n)
	c.touch(r.piece)
	c.refile(r.piece)
}

// demote makes h the last to get blocks of piece i again, if it gave one back
// for a reason of its own.
func (c *Core) demote(h *holder, i pieceset.Index, why Reason) {
	if why == TimedOut {
		h.pace = silent
	}
	if r := c.pieces[i].record; r != nil && r.loner == h {
		c.share(r)
	}
	switch why {
	case Choked:
	case Rejected, TimedOut:
		c.shun(i, h.id)
		if h.lead != nil && h.lead.piece == i {
			h.lead.unlead()
		}
	}
}

// shun remembers who gave a block of piece i back last; Nobody forgets.
func (c *Core) shun(i pieceset.Index, id HolderID) {
	p := &c.pieces[i]
	if h := c.holders[p.shunned]; h != nil {
		h.shuns--
	}
	p.shunned = id
	if h := c.holders[id]; h != nil {
		h.shuns++
	}
}

// detach ends h's copy of block n and nothing else.
func (c *Core) detach(h *holder, r *record, n uint32) {
	h.out.remove(r.block(n))
	c.copies--
	cell := &r.cells[n]
	if cell.first == h.id {
		cell.first = cell.second
	}
	cell.second = Nobody
}

// role is what a holder is for a block.
type role uint8

const (
	bystander role = iota
	fetcher
)

// roleOf says whether h is fetching block n.
func (r *record) roleOf(h *holder, n uint32) role {
	cell := r.cells[n]
	if !r.got.has(n) && (cell.first == h.id || cell.second == h.id) {
		return fetcher
	}
	return bystander
}

func (c *Core) mustExist(b geometry.Block) {
	c.at(b.Piece)
	if b.Number >= c.geometry.Blocks(b.Piece) {
		panic("assign: block out of range")
	}
}
