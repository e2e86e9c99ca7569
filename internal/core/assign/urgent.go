package assign

import (
	"slices"

	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

const (
	// runnersMost is how many holders share a piece that a reader waits for.
	runnersMost = 16
	// stride is how many of its blocks one of them is dealt at once, and how many of
	// them it may have sent.
	stride = 8
	// lateness is how many blocks those that draw send in the mean while a late one
	// sends none, and leastLate how many in all at least: they come in bursts.
	lateness  = 8
	leastLate = 64
	// copyLead is how much sooner another holder must deliver a block than the first,
	// which is not late, and how much faster it must be if that has it at the front.
	copyLead = 2
	// hastenMost is how many blocks of a piece are looked at for that.
	hastenMost = 512
)

// runner is a holder that blocks may be dealt to that a reader waits for.
type runner struct {
	h     *holder
	ahead int // blocks that it sends before
	room  int // how many it could be dealt
}

// eta is how long the next block dealt to it takes, in a unit of no meaning: rates
// are counted in blocks of late.
func (x *runner) eta() float64 { return etaOf(x.h, x.ahead) }

func etaOf(h *holder, ahead int) float64 { return float64(ahead+1) / float64(h.recent+1) }

// serveReaders deals what readers wait for to those that will deliver it soonest, by
// what they sent of late and what they have to send before; for that, blocks that can
// wait are withdrawn from them. What is late there is dealt a second time.
func (c *Core) serveReaders(eff Effects) {
	if len(c.choice.windows.open) == 0 {
		return
	}
	c.measure()
	for at := range c.choice.windows.of(now) {
		p := &c.pieces[at.piece]
		if p.priority == Unwanted || p.state != PieceMissing && p.state != PieceOpen {
			continue
		}
		runners := c.runnersFor(at.piece)
		if len(runners) == 0 {
			continue
		}
		if p.record != nil {
			c.share(p.record)
		}
		c.dealUrgent(at.piece, runners, eff)
		c.hasten(at.piece, runners, eff)
	}
}

// runnersFor are the holders of piece i that can be relied on, the soonest first.
func (c *Core) runnersFor(i pieceset.Index) []runner {
	all := c.spare.runners[:0]
	for _, h := range c.list {
		if h.credit == 0 || h.pace == silent || h.standing == onParole || h.favour.scope != anyPiece ||
			!h.hasPiece(i) || c.pieces[i].shunned == h.id || c.isLate(h) {
			continue
		}
		all = append(all, runner{h: h, ahead: h.out.len()})
	}
	bySoonest := func(a, b runner) int {
		switch ea, eb := a.eta(), b.eta(); {
		case ea < eb:
			return -1
		case ea > eb:
			return 1
		}
		return 0
	}
	slices.SortStableFunc(all, bySoonest)
	c.spare.runners = all[:0]
	all = all[:min(len(all), runnersMost)]
	for k := range all {
		all[k].look(c)
	}
	return all
}

// look counts what can be withdrawn from a runner's queue.
func (x *runner) look(c *Core) {
	h := x.h
	stay := h.out.len()
	for k := underWay; k < h.out.len(); k++ {
		rank := c.pieces[h.out.at(k).Piece].rank()
		if rank < now {
			stay--
		}
		if rank < soon {
			x.ahead--
		}
	}
	x.room = max(0, int(h.credit)-stay)
}

// isLate says whether the others sent much more than h since its last block, or since
// it was dealt its first.
func (c *Core) isLate(h *holder) bool {
	return h.out.len() > 0 && int(c.came.blocks-h.since) >= max(leastLate, lateness*c.drawing)
}

// soonest is the runner, other than one, that would deliver next; nil if none can.
func soonest(runners []runner, other HolderID) *runner {
	var best *runner
	for k := range runners {
		x := &runners[k]
		if x.room > 0 && x.h.id != other && (best == nil || x.eta() < best.eta()) {
			best = x
		}
	}
	return best
}

// dealUrgent deals the free blocks of piece i.
func (c *Core) dealUrgent(i pieceset.Index, runners []runner, eff Effects) {
	if c.dealable(i) == 0 {
		return
	}
	r := c.recordOf(i)
	some := min(stride, max(1, int(r.freeBlocks)/(2*len(runners))))
	for r.freeBlocks > 0 {
		x := soonest(runners, Nobody)
		if x == nil {
			break
		}
		n := min(some, x.room)
		c.clearWay(x.h, n, eff)
		n = int(c.dealRun(x.h, r, uint32(n), eff))
		x.room -= n
		x.ahead += n
	}
	c.refile(i)
}

// clearWay makes room for n blocks in the queue of h, and takes what nobody reads out
// of their way.
func (c *Core) clearWay(h *holder, n int, eff Effects) {
	for k := h.out.len() - 1; k >= underWay; k-- {
		if b := h.out.at(k); c.pieces[b.Piece].rank() < soon {
			c.withdrawOne(h, b, eff)
		}
	}
	for k := h.out.len() - 1; k >= underWay && int(h.spare()) < n; k-- {
		if b := h.out.at(k); c.pieces[b.Piece].rank() == soon {
			c.withdrawOne(h, b, eff)
		}
	}
}

func (c *Core) withdrawOne(h *holder, b geometry.Block, eff Effects) {
	c.giveBack(h, c.pieces[b.Piece].record, b.Number)
	eff.Cancel(h.id, b)
	c.due(h)
}

// hasten looks at what is fetched of piece i, from its end on, which a queue comes to
// last. Blocks that can wait are taken out of its
// way; one that is late, or that another would deliver much sooner, is dealt to that
// one too, or instead. Two fetch a block at most: where both are late the first loses
// it.
func (c *Core) hasten(i pieceset.Index, runners []runner, eff Effects) {
	seen := 0
	for n := c.geometry.Blocks(i); n > 0 && seen < hastenMost; {
		n--
		r := c.pieces[i].record
		if r == nil || r.free.has(n) || r.got.has(n) {
			continue
		}
		seen++
		first, second := c.holders[r.cells[n].first], c.holders[r.cells[n].second]
		c.clearAhead(first, r.block(n), eff)
		x := soonest(runners, first.id)
		if x == nil || second == x.h {
			continue
		}
		switch c.judgeFetch(r.block(n), first, second, x) {
		case inTime:
		case tooLate:
			c.clearWay(x.h, 1, eff)
			if second != nil {
				c.withdrawOne(first, r.block(n), eff)
			}
			r.cells[n].second = x.h.id
			c.came.copied++
			c.emitOne(x, r.block(n), eff)
		case farBehind:
			c.clearWay(x.h, 1, eff)
			c.withdrawOne(first, r.block(n), eff)
			r = c.recordOf(i)
			r.free.remove(n)
			r.freeBlocks--
			r.cells[n].first = x.h.id
			c.flying++
			c.emitOne(x, r.block(n), eff)
			c.refile(i)
		}
	}
}

func (c *Core) emitOne(x *runner, b geometry.Block, eff Effects) {
	c.emit(x.h, geometry.Run{Piece: b.Piece, First: b.Number, Count: 1}, eff)
	x.room--
	x.ahead++
}

// clearAhead withdraws what can wait from before b in the queue of h.
func (c *Core) clearAhead(h *holder, b geometry.Block, eff Effects) {
	for k := h.out.index(b) - 1; k >= underWay; k-- {
		if before := h.out.at(k); c.pieces[before.Piece].rank() < now {
			c.withdrawOne(h, before, eff)
		}
	}
}

// fetch says how a block is fetched that a reader waits for.
type fetch uint8

const (
	inTime    fetch = iota
	tooLate         // another should fetch it too
	farBehind       // another should fetch it instead: it is not sent yet
)

// judgeFetch compares those who fetch b with x. Who is not late may have sent it: what
// may come twice is bounded then.
func (c *Core) judgeFetch(b geometry.Block, first, second *holder, x *runner) fetch {
	at := first.out.index(b)
	switch {
	case c.isUnfit(first) && (second == nil || c.isUnfit(second)):
		return tooLate
	case second != nil || etaOf(first, at) <= copyLead*x.eta():
		return inTime
	case at >= stride:
		return farBehind
	case copyLead*(first.recent+1) < x.h.recent+1 && c.allowance() > 0:
		return tooLate
	default:
		return inTime
	}
}

// isUnfit says whether a reader should not wait for what h fetches.
func (c *Core) isUnfit(h *holder) bool { return h.pace == silent || c.isLate(h) }
