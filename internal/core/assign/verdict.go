package assign

import (
	"slices"

	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// Verified says that the disk found piece i right. It is held now, whatever the
// core knew of its blocks; what holders still fetch of it is cancelled.
func (c *Core) Verified(i pieceset.Index) {
	p := c.at(i)
	c.rectify(i)
	if p.state != PieceHeld {
		c.clear(i)
		c.unfile(i)
		p.state = PieceHeld
		c.held++
		c.unwant(i)
	}
}

// Corrupt says that the disk found piece i wrong and has dropped its blocks. It
// is missing again, and to be fetched before others: a right copy tells who lied.
func (c *Core) Corrupt(i pieceset.Index) {
	c.Lost(i)
	c.rectify(i)
	c.doubt.wrongs = append(c.doubt.wrongs, i)
}

// rectify forgets that piece i was corrupt.
func (c *Core) rectify(i pieceset.Index) {
	if k := slices.Index(c.doubt.wrongs, i); k >= 0 {
		c.doubt.wrongs = slices.Delete(c.doubt.wrongs, k, k+1)
	}
}

// Lost says that the disk has nothing of piece i any more, by no holder's
// fault: its file is gone, or could not be synced.
func (c *Core) Lost(i pieceset.Index) {
	p := c.at(i)
	c.clear(i)
	if p.state == PieceHeld {
		c.unfile(i)
		c.held--
		c.rewant(i)
	}
	c.refile(i)
	c.touch(i)
}

// clear cancels what is fetched of piece i and ends its record.
func (c *Core) clear(i pieceset.Index) {
	p := &c.pieces[i]
	c.shun(i, Nobody)
	if p.record != nil {
		c.withdraw(p.record)
		c.discard(p)
	}
}

// withdraw cancels what is fetched of a piece; the blocks are free.
func (c *Core) withdraw(r *record) {
	for n := range r.blocks() {
		if r.free.has(n) || r.got.has(n) {
			continue
		}
		c.recall(r, n)
		r.vacate(n)
	}
}

// recall cancels every copy of the flying block n.
func (c *Core) recall(r *record, n uint32) {
	for r.cells[n].first != Nobody {
		h := c.holders[r.cells[n].first]
		c.detach(h, r, n)
		c.cancel(h, r.block(n))
	}
	c.flying--
}

// Reset makes the core agree with what the disk says it has, after the disk
// lost its memory. What holders fetch they go on fetching, unless it is there.
func (c *Core) Reset(s Snapshot) {
	if s.Held != nil && s.Held.Size() != len(c.pieces) {
		panic("assign: set of another size than the torrent")
	}
	for n := range c.pieces {
		i := pieceset.Index(n)
		if s.Held != nil && s.Held.Has(i) {
			c.Verified(i)
			continue
		}
		if c.pieces[i].state == PieceHeld {
			c.Lost(i)
		}
		c.restore(i, s.Partials[i])
	}
	c.rouse()
}

// restore makes the record of piece i agree with the blocks on the disk.
func (c *Core) restore(i pieceset.Index, stored BlockSet) {
	if c.pieces[i].record == nil && stored.Count() == 0 {
		return
	}
	r := c.recordOf(i)
	for n := range r.blocks() {
		switch {
		case stored.Has(n) && !r.got.has(n):
			if !r.free.has(n) {
				c.recall(r, n)
			}
			r.store(n)
		case !stored.Has(n) && r.got.has(n):
			r.forget(n)
		}
	}
	c.refile(i)
}
