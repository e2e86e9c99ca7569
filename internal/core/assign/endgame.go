package assign

import (
	"math"

	"github.com/etorrent/etorrent/internal/vocab/geometry"
)

const (
	// copyRound is how many hungry holders one Settle deals second copies to.
	copyRound = 32
	// wasteShare is the part of the received blocks that second copies are dealt of,
	// beside the first wasteFree: of a large torrent a quarter of one per cent.
	wasteShare = 400
	wasteFree  = 1
	// victimSample is how many holders are looked at for the one that is done last.
	victimSample = 64
)

// dealCopies deals second copies to hungry holders. Each copies the tail of the queue
// that will be empty last, half of what that queue is longer than its own: the two
// then work towards each other, and what one has sent is cancelled at the other before
// its turn comes. What has left already is sent twice all the same: so few copies are
// dealt, but for those of holders that lag, which are no loss. One that lags gets none: it
// would keep the block from those that answer. Nor does one on parole.
func (c *Core) dealCopies(eff Effects) {
	turn := c.rnd.IntN(len(c.hungry))
	for k := range min(copyRound, len(c.hungry)) {
		h := c.hungry[(turn+k)%len(c.hungry)]
		if c.lags(h) || h.standing == onParole {
			continue
		}
		if victim := c.victimOf(h); victim != nil {
			c.copyTail(h, victim, eff)
		}
	}
	for k := len(c.hungry) - 1; k >= 0; k-- {
		if h := c.hungry[k]; h.spare() == 0 {
			c.sate(h)
		}
	}
}

// victimOf is the holder that will be done last of those that h can copy from, and much
// later than h would have its next block; nil if there is none. For the very last
// blocks, which all the others wait for, that need not be so.
func (c *Core) victimOf(h *holder) *holder {
	var victim *holder
	latest := copyLead * etaOf(h, h.out.len())
	if c.flying <= c.allowance() {
		latest = 0
	}
	first := c.rnd.IntN(len(c.list))
	for k := range min(victimSample, len(c.list)) {
		v := c.list[(first+k)%len(c.list)]
		if v == h || v.out.len() == 0 {
			continue
		}
		eta := etaOf(v, v.out.len()-1)
		if c.lags(v) {
			eta = math.Inf(1)
		}
		if eta > latest && c.lastSingle(h, v, v.out.len()) != nowhere {
			victim, latest = v, eta
		}
	}
	return victim
}

// lastSingle is the place in v's queue, before end, of the last block that v
// alone fetches and h has and was not the last to give back, or nowhere.
func (c *Core) lastSingle(h, v *holder, end int) int {
	for k := end - 1; k >= 0; k-- {
		b := v.out.at(k)
		if h.serves(b.Piece) && c.pieces[b.Piece].shunned != h.id && c.pieces[b.Piece].record.cells[b.Number].second == Nobody {
			return k
		}
	}
	return nowhere
}

// copyTail deals second copies of v's last blocks to h.
func (c *Core) copyTail(h, v *holder, eff Effects) {
	budget := min(max(1, (v.out.len()-h.out.len())/2), int(h.spare()))
	late := c.lags(v)
	if !late {
		budget = min(budget, c.copyBudget())
	}
	var run geometry.Run
	for k := v.out.len(); budget > 0; budget-- {
		if k = c.lastSingle(h, v, k); k == nowhere {
			break
		}
		b := v.out.at(k)
		c.pieces[b.Piece].record.cells[b.Number].second = h.id
		if !late {
			c.came.copied++
		}
		if run.Count > 0 && run.Piece == b.Piece && run.First == b.Number+1 {
			run.First, run.Count = b.Number, run.Count+1
			continue
		}
		c.emit(h, run, eff)
		run = geometry.Run{Piece: b.Piece, First: b.Number, Count: 1}
	}
	c.emit(h, run, eff)
}

// copyBudget is how many copies may be dealt now: one is kept for the very last block.
func (c *Core) copyBudget() int {
	if n := c.allowance(); c.flying > n {
		return n - 1
	}
	return c.allowance()
}

// allowance is how many more second copies may be dealt of what comes in time. Each
// counts for good, also one that is cancelled, since that is too late more often than not.
func (c *Core) allowance() int {
	return wasteFree + int(c.came.blocks/wasteShare) - max(c.came.copied, c.came.wasted)
}

// emit deals h the run r, which is already marked as its, unless it is empty.
func (c *Core) emit(h *holder, r geometry.Run, eff Effects) {
	if r.Count == 0 {
		return
	}
	for n := r.First; n < r.First+r.Count; n++ {
		c.queue(h, geometry.Block{Piece: r.Piece, Number: n})
	}
	c.copies += int(r.Count)
	eff.Deal(h.id, r)
}
