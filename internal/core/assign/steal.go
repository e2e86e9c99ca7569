package assign

import "github.com/etorrent/etorrent/internal/vocab/geometry"

const (
	// onTheWay is how many blocks at the head of a queue may have left already, or
	// wait where a cancel comes too late: what clients read ahead, what they leave to
	// the system, and what that has sent. It is more than is asked of a slow holder.
	onTheWay = 40
	// crawl is how many blocks the holders that draw send in the mean while one of
	// them sends none: then those too are stolen, one by one.
	crawl = 32
	// stealSample is how many holders a thief looks at.
	stealSample = 16
	// stealRatio is how much faster than its victim a thief has to be.
	stealRatio = 2
	// paceWindow is after how many received blocks the counts that holders are
	// compared by are halved.
	paceWindow = 64
)

// count notes that h sent a block; the counts fade, so that they compare how
// fast holders were of late.
func (c *Core) count(h *holder) {
	h.recent++
	c.came.blocks++
	h.since = c.came.blocks
	if c.came.recent++; c.came.recent < max(paceWindow, 16*len(c.list)) {
		return
	}
	c.came.recent = 0
	for _, x := range c.list {
		x.recent /= 2
	}
}

// steal moves blocks from slow holders to a hungry one while some piece that
// nobody has keeps the endgame away. One holder steals at a time, half of what
// the longer queue is ahead, from its tail, which is not on its way yet: so two
// queues come level and stay so. One that has not shown that it is faster gets a
// single block to show it with.
func (c *Core) steal(eff Effects) {
	thief := c.hungry[c.rnd.IntN(len(c.hungry))]
	if thief.pace == silent || thief.standing == onParole {
		return
	}
	first := c.rnd.IntN(len(c.list))
	for k := range min(stealSample, len(c.list)) {
		v := c.list[(first+k)%len(c.list)]
		may := c.mayTake(thief, v)
		if may.blocks == 0 {
			continue
		}
		c.stealTail(thief, v, may, eff)
		if thief.spare() == 0 {
			c.sate(thief)
			return
		}
	}
}

// loot says how many blocks may be stolen from a queue, behind its first ones.
type loot struct{ blocks, behind int }

// mayTake is what h may steal of v's queue.
func (c *Core) mayTake(h, v *holder) loot {
	ahead := v.out.len() - h.out.len()
	tail := v.out.len() - max(onTheWay, h.out.len())
	switch {
	case ahead < 2:
		return loot{}
	case c.crawls(v) && !c.crawls(h):
		return loot{blocks: min(ahead/2, int(h.spare()))}
	case tail < 2:
		return loot{}
	case h.recent > 0 && h.recent >= stealRatio*v.recent:
		return loot{blocks: min(tail/2, int(h.spare())), behind: onTheWay}
	case h.out.len() == 0:
		return loot{blocks: 1, behind: onTheWay}
	default:
		return loot{}
	}
}

// stealTail deals the last blocks of v's queue to h and cancels them at v.
func (c *Core) stealTail(h, v *holder, may loot, eff Effects) {
	var stolen []geometry.Block
	for k := v.out.len(); len(stolen) < may.blocks; {
		if k = c.lastSingle(h, v, k); k == nowhere || k < may.behind {
			break
		}
		stolen = append(stolen, v.out.at(k))
	}
	var run geometry.Run
	for _, b := range stolen {
		r := c.pieces[b.Piece].record
		c.detach(v, r, b.Number)
		eff.Cancel(v.id, b)
		r.cells[b.Number].first = h.id
		if run.Count > 0 && run.Piece == b.Piece && run.First == b.Number+1 {
			run.First, run.Count = b.Number, run.Count+1
			continue
		}
		c.emit(h, run, eff)
		run = geometry.Run{Piece: b.Piece, First: b.Number, Count: 1}
	}
	c.emit(h, run, eff)
	if len(stolen) > 0 {
		c.fill(v, eff)
	}
}

// crawls says whether the others sent much more than h of late: since its last
// block, or since it was dealt its first.
func (c *Core) crawls(h *holder) bool {
	return h.out.len() > 0 && int(c.came.blocks-h.since) >= crawl*c.drawing
}

// lags says that what h fetches is better not waited for.
func (c *Core) lags(h *holder) bool { return h.pace == silent || c.crawls(h) }
