package assign

import "github.com/etorrent/etorrent/internal/vocab/pieceset"

// Interest says whether a holder has a piece that is wanted and not held.
func (c *Core) Interest(id HolderID) Interest {
	h := c.holders[id]
	if h == nil || c.wantedOf(h) == 0 {
		return NotInterested
	}
	return Interested
}

// wantedOf is how many pieces h has that are wanted and not held.
func (c *Core) wantedOf(h *holder) int {
	if h.has == nil {
		return c.left
	}
	return h.wanted
}

// unwant takes piece i out of the wanted ones that are not held.
func (c *Core) unwant(i pieceset.Index) {
	if !c.want.has(uint32(i)) {
		return
	}
	c.want.remove(uint32(i))
	c.left--
	for _, h := range c.list {
		switch {
		case h.has == nil:
			if c.left == 0 {
				c.turn(h)
			}
		case h.has.has(uint32(i)):
			h.wanted--
			if h.wanted == 0 {
				c.turn(h)
			}
		}
	}
}

// rewant puts piece i, which was held, among the wanted if it is wanted.
func (c *Core) rewant(i pieceset.Index) {
	if c.pieces[i].priority == Unwanted {
		return
	}
	c.want.add(uint32(i))
	c.left++
	for _, h := range c.list {
		switch {
		case h.has == nil:
			c.turn(h)
		case h.has.has(uint32(i)):
			h.wanted++
			c.turn(h)
		}
	}
}

// rewantAll works the wanted pieces out anew.
func (c *Core) rewantAll() {
	clear(c.want)
	c.left = 0
	for i := range c.pieces {
		if p := &c.pieces[i]; p.priority != Unwanted && p.state != PieceHeld {
			c.want.add(uint32(i))
			c.left++
		}
	}
	for _, h := range c.list {
		if h.has != nil {
			h.wanted = h.has.overlap(c.want)
		}
		c.turn(h)
	}
}
