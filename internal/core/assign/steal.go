package assign

import "github.com/etorrent/etorrent/internal/vocab/geometry"

const (
	// stealLeast is the shortest queue that blocks are stolen from.
	stealLeast = 4
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
	if c.recent++; c.recent < paceWindow {
		return
	}
	c.recent = 0
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
		budget := thief.mayTake(v)
		if budget == 0 {
			continue
		}
		c.stealTail(thief, v, budget, eff)
		if thief.spare() == 0 {
			c.sate(thief)
			return
		}
	}
}

// mayTake is how many of v's blocks h may steal.
func (h *holder) mayTake(v *holder) int {
	switch {
	case v.out.len() < max(stealLeast, h.out.len()+2):
		return 0
	case h.recent > 0 && h.recent >= stealRatio*v.recent:
		return min((v.out.len()-h.out.len())/2, int(h.spare()))
	case h.out.len() == 0:
		return 1
	default:
		return 0
	}
}

// stealTail deals the last blocks of v's queue, budget at most, to h and
// cancels them at v.
func (c *Core) stealTail(h, v *holder, budget int, eff Effects) {
	var stolen []geometry.Block
	for k := v.out.len(); len(stolen) < budget; {
		if k = c.lastSingle(h, v, k); k == nowhere {
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
