package assign

import (
	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// agenda is what the next Settle has to look at. Its lists may name a thing
// twice, or a holder that has left.
type agenda struct {
	round     uint64
	due       []*holder        // may have become able to take blocks
	turned    []*holder        // the interest in them may have changed
	touched   []pieceset.Index // have blocks to deal again
	cancelled []cancellation
}

type cancellation struct {
	holder HolderID
	block  geometry.Block
}

// SetCredit says how many blocks a holder would fetch at once, those included
// that were dealt to it and are neither received nor returned. It replaces what
// was said before and stays until it is replaced: the holder takes part in
// every Settle. (A window, unlike a number of blocks to add, means the same
// however many deals are on their way to the holder when it is set.) A credit
// below what the holder fetches takes nothing back.
func (c *Core) SetCredit(id HolderID, blocks uint32) { c.setCredit(id, blocks, anyPiece) }

func (c *Core) setCredit(id HolderID, blocks uint32, of scope) {
	h := c.holders[id]
	if h == nil || h.credit == blocks && h.favour.scope == of {
		return
	}
	if h.favour.scope = of; of == allowedPieces {
		h.lead.end()
	}
	c.drawing += min(1, int(blocks)) - min(1, int(h.credit))
	h.credit = blocks
	if h.lead != nil && h.credit < h.lead.leadCredit() {
		h.lead.unlead()
	}
	if h.spare() == 0 {
		c.sate(h)
	}
	c.due(h)
}

// Settle works out what the inputs since the last Settle mean for the holders:
// blocks to cancel, interest that changed, and blocks to deal wherever credit
// and a block to fetch meet. After it no holder has spare credit while it has a
// free block.
func (c *Core) Settle(eff Effects) {
	c.tell(eff)
	c.serveReaders(eff)
	c.offer(eff)
	for _, h := range c.doubt.parolees {
		c.due(h) // it may have become the last resort for a piece
	}
	for k := 0; k < len(c.agenda.due); k++ {
		if h := c.agenda.due[k]; h.index != nowhere {
			c.fill(h, eff)
		}
	}
	c.serveHungry(eff)
	c.agenda.clear()
}

// serveHungry gives those that nothing is left for what others fetch: second
// copies in the endgame, before it blocks of slow holders.
func (c *Core) serveHungry(eff Effects) {
	switch {
	case len(c.hungry) == 0:
	case c.Phase() == Dealing:
		c.steal(eff)
	case c.copies < 2*c.flying:
		c.dealCopies(eff)
	}
}

// tell emits the cancels and the changed interests.
func (c *Core) tell(eff Effects) {
	for _, x := range c.agenda.cancelled {
		if c.holders[x.holder] != nil {
			eff.Cancel(x.holder, x.block)
		}
	}
	for _, h := range c.agenda.turned {
		if now := c.Interest(h.id); h.index != nowhere && now != h.told {
			h.told = now
			eff.Interested(h.id, now)
		}
	}
}

// offer deals the touched pieces to hungry holders, first to those that send; who gave
// a piece back has to wait until those that are due had theirs. Nothing else than a
// touched piece can be dealt to a hungry holder.
func (c *Core) offer(eff Effects) {
	for _, i := range c.agenda.touched {
		c.offerTo(i, c.sends, eff)
		c.offerTo(i, anybody, eff)
		if h := c.holders[c.pieces[i].shunned]; h != nil {
			c.due(h)
		}
	}
}

// offerTo deals piece i to the hungry holders that fit.
func (c *Core) offerTo(i pieceset.Index, fits func(*holder) bool, eff Effects) {
	for k := len(c.hungry) - 1; k >= 0 && c.dealable(i) > 0; k-- {
		h := c.hungry[k]
		if h.serves(i) && c.pieces[i].shunned != h.id && fits(h) {
			c.fill(h, eff)
		}
	}
}

// sends says that h sent blocks of late and goes on: one that rejects whatever it is
// asked for, or is silent, would have the last blocks again and again.
func (c *Core) sends(h *holder) bool { return h.recent > 0 && !c.lags(h) }

func anybody(*holder) bool { return true }

// fill deals to h what it would take.
func (c *Core) fill(h *holder, eff Effects) {
	for h.spare() > 0 {
		r := c.pick(h)
		if r == nil {
			c.starve(h)
			return
		}
		c.deal(h, r, eff)
	}
	c.sate(h)
}

// deal deals free blocks of r to h, in runs as long as credit and gaps allow.
func (c *Core) deal(h *holder, r *record, eff Effects) {
	c.follow(h, r)
	for h.spare() > 0 && r.freeBlocks > 0 {
		c.dealRun(h, r, h.spare(), eff)
	}
	c.refile(r.piece)
}

// dealRun deals the next run of free blocks, at most some, and says how many it has.
func (c *Core) dealRun(h *holder, r *record, most uint32, eff Effects) uint32 {
	first, count := r.free.takeRun(most)
	r.freeBlocks -= count
	for n := first; n < first+count; n++ {
		r.cells[n].first = h.id
		c.queue(h, r.block(n))
	}
	c.flying += int(count)
	c.copies += int(count)
	eff.Deal(h.id, geometry.Run{Piece: r.piece, First: first, Count: count})
	return count
}

// queue adds a block to what h fetches.
func (c *Core) queue(h *holder, b geometry.Block) {
	if h.out.len() == 0 {
		h.since = c.came.blocks
	}
	h.out.push(b)
}

// starve and sate keep the list of hungry holders.
func (c *Core) starve(h *holder) {
	if h.hungers == nowhere {
		h.hungers = len(c.hungry)
		c.hungry = append(c.hungry, h)
	}
}

func (c *Core) sate(h *holder) {
	if h.hungers == nowhere {
		return
	}
	last := len(c.hungry) - 1
	c.hungry[h.hungers] = c.hungry[last]
	c.hungry[h.hungers].hungers = h.hungers
	c.hungry[last] = nil
	c.hungry = c.hungry[:last]
	h.hungers = nowhere
}

// due has the next Settle deal to h.
func (c *Core) due(h *holder) {
	if h.round != c.agenda.round && h.spare() > 0 {
		h.round = c.agenda.round
		c.agenda.due = append(c.agenda.due, h)
	}
}

// rouse has the next Settle deal to everybody with spare credit.
func (c *Core) rouse() {
	for _, h := range c.list {
		c.due(h)
	}
}

// turn has the next Settle look at the interest in h.
func (c *Core) turn(h *holder) { c.agenda.turned = append(c.agenda.turned, h) }

// touch has the next Settle offer piece i to hungry holders.
func (c *Core) touch(i pieceset.Index) {
	if n := len(c.agenda.touched); n == 0 || c.agenda.touched[n-1] != i {
		c.agenda.touched = append(c.agenda.touched, i)
	}
}

// cancel has the next Settle cancel block b at h, which has room for another.
func (c *Core) cancel(h *holder, b geometry.Block) {
	c.agenda.cancelled = append(c.agenda.cancelled, cancellation{holder: h.id, block: b})
	c.due(h)
}

func (a *agenda) clear() {
	clear(a.due)
	clear(a.turned)
	a.due, a.turned = a.due[:0], a.turned[:0]
	a.touched, a.cancelled = a.touched[:0], a.cancelled[:0]
	a.round++
}
