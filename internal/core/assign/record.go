package assign

import (
	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// nowhere is the place of what is not in a list.
const nowhere = -1

// record follows the blocks of one piece. A block is in one of three states:
// free (nobody fetches it), flying (one or two holders fetch it), stored. A
// record of free blocks alone says nothing and is discarded by refile.
type record struct {
	piece      pieceset.Index
	place      int     // in the open list of its shelf, or nowhere
	lead       *holder // who draws this piece on its own, or nil
	loner      *holder // the holder on parole that alone is dealt from it, or nil
	free       mask
	got        mask
	freeBlocks uint32
	stored     uint32
	cells      []cell
}

// cell says who fetches a flying block, second only beside first.
type cell struct{ first, second HolderID }

func (r *record) blocks() uint32 { return uint32(len(r.cells)) }

func (r *record) block(n uint32) geometry.Block {
	return geometry.Block{Piece: r.piece, Number: n}
}

// store marks block n, which nobody fetches any more, as here.
func (r *record) store(n uint32) {
	if r.free.has(n) {
		r.free.remove(n)
		r.freeBlocks--
	}
	r.got.add(n)
	r.stored++
	r.cells[n] = cell{}
}

// vacate makes block n free.
func (r *record) vacate(n uint32) {
	r.cells[n] = cell{}
	r.free.add(n)
	r.freeBlocks++
}

// forget makes the stored block n free.
func (r *record) forget(n uint32) {
	r.got.remove(n)
	r.stored--
	r.vacate(n)
}

// recordOf is the record of piece i, a new one when it had none.
func (c *Core) recordOf(i pieceset.Index) *record {
	p := &c.pieces[i]
	if p.record == nil {
		p.record = c.newRecord(i)
	}
	return p.record
}

func (c *Core) newRecord(i pieceset.Index) *record {
	var r *record
	if last := len(c.spare.records) - 1; last >= 0 {
		r, c.spare.records = c.spare.records[last], c.spare.records[:last]
	} else {
		most := int(c.geometry.Blocks(0))
		r = &record{cells: make([]cell, most), free: newMask(most), got: newMask(most)}
	}
	blocks := c.geometry.Blocks(i)
	r.piece, r.place, r.lead, r.loner = i, nowhere, nil, nil
	r.freeBlocks, r.stored = blocks, 0
	r.cells = r.cells[:blocks]
	clear(r.cells)
	words := (blocks + 63) / 64
	r.free, r.got = r.free[:words], r.got[:words]
	r.free.fill(blocks)
	clear(r.got)
	return r
}

// discard ends the record of p, whose blocks nobody fetches any more.
func (c *Core) discard(p *piece) {
	c.unfileRecord(p)
	p.record.unlead()
	p.record.unlone()
	c.spare.records = append(c.spare.records, p.record)
	p.record = nil
}

// end ends the lead of r; nil has none.
func (r *record) end() {
	if r != nil {
		r.unlead()
	}
}

// unlead ends the record's lead, if it has one.
func (r *record) unlead() {
	if r.lead != nil {
		r.lead.lead = nil
		r.lead = nil
	}
}
