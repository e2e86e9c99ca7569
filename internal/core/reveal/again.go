package reveal

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

const (
	// restGaps is how many times as long as others a piece may take to come to the
	// next remote before it is given again.
	restGaps = 4
	// leastRest and mostRest bound that.
	leastRest = 30 * time.Second
	mostRest  = 10 * time.Minute
	// stillAfter is after how long without any piece that spreads we do it ourselves.
	stillAfter = time.Minute
	// forgiveAfter is when one is tried again that gave nothing on.
	forgiveAfter = 5 * time.Minute
	// mostAgain is how many pieces are looked at in one go.
	mostAgain = 256
	// spreadTicks is how many measurements the rate of spreading is a mean of.
	spreadTicks = 30
)

// spread is how pieces come to remotes from others.
type spread struct {
	last mono.Instant // when one did, or the first was given
	rate float64      // pieces a second, of late
	n    int          // since the last measurement
}

func (s *spread) note(now mono.Instant) { s.last, s.n = now, s.n+1 }

func (s *spread) pass() {
	s.rate += (float64(s.n)/tickEvery.Seconds() - s.rate) / spreadTicks
	s.n = 0
}

// isStill says whether nobody gives anything to others, or nobody could.
func (c *Core) isStill(now mono.Instant) bool {
	return c.isAlone() || now.Sub(c.spread.last) >= stillAfter
}

// rests says how long a piece may come to nobody before it is given again, by how
// many lack it: a few times what is usual now.
func (c *Core) rests(now mono.Instant) func(lack int) time.Duration {
	if c.isStill(now) {
		return func(int) time.Duration { return 0 }
	}
	lacking := 0 // pieces, over all remotes
	for _, r := range c.remotes {
		lacking += len(c.pieces) - r.has.Count()
	}
	usual := restGaps * float64(lacking) / max(c.spread.rate, math.SmallestNonzeroFloat32) // seconds until one that lacks a piece has it
	return func(lack int) time.Duration {
		if usual/float64(lack) >= mostRest.Seconds() {
			return mostRest
		}
		return max(leastRest, time.Duration(usual/float64(lack)*float64(time.Second)))
	}
}

// again gives pieces that ceased to spread once more, those first that fewest have,
// as far as our line carries them.
func (c *Core) again(now mono.Instant, order []*remote, fx Effects) {
	least := 1 // the window of those who are given any
	if c.isStill(now) {
		least = 0
	}
	ceased := c.ceased(now)
	room := max(1, c.line.peak()*aheadFor.Seconds()) - c.underWay()
	for _, r := range order {
		for c.isOpen(r) && room > 0 && r.window >= least {
			at := slices.IndexFunc(ceased, func(i pieceset.Index) bool { return !r.has.Has(i) && !r.shown.Has(i) })
			if at < 0 {
				break
			}
			i := ceased[at]
			ceased = slices.Delete(ceased, at, at+1)
			room -= float64(c.cfg.Geometry.PieceSize(i))
			c.blame(now, i)
			c.show(now, r, i, fx)
		}
	}
}

// ceased are pieces that came to nobody for long, those first that fewest have. What
// many have is fetched last, and there are as many to fetch it from: it may take longer.
func (c *Core) ceased(now mono.Instant) []pieceset.Index {
	rest := c.rests(now)
	var out []pieceset.Index
	for k := range c.pieces {
		p := &c.pieces[k]
		if lack := len(c.remotes) - int(p.holders); lack > 0 && now.Sub(p.changed) >= min(mostRest, rest(lack)*time.Duration(max(1, p.holders))) {
			out = append(out, pieceset.Index(k))
		}
	}
	c.cfg.Random.Shuffle(len(out), func(a, b int) { out[a], out[b] = out[b], out[a] })
	slices.SortStableFunc(out, func(a, b pieceset.Index) int {
		return cmp.Compare(c.pieces[a].holders+c.pieces[a].out, c.pieces[b].holders+c.pieces[b].out)
	})
	return out[:min(len(out), mostAgain)]
}

// underWay is how many bytes remotes are to fetch that may.
func (c *Core) underWay() float64 {
	n := int64(0)
	for _, r := range c.remotes {
		if r.appetite.state == eager && r.flow.seen.Slot == HasSlot {
			n += c.bytesOf(r)
		}
	}
	return float64(n)
}

// blame gives one a smaller window that had a piece from us and did not give it on.
func (c *Core) blame(now mono.Instant, i pieceset.Index) {
	if r := c.waits[i]; r != nil {
		r.window /= 2
		r.blamed = now
		c.settle(i, 0)
	}
}

// tempt shows other pieces to a remote that wanted none of those before: at random,
// and each time twice as many.
func (c *Core) tempt(now mono.Instant, r *remote, fx Effects) {
	a := &r.appetite
	if r.sight != SeesShown || a.state != averse || r.has.IsFull() || now.Sub(a.since) < decideWithin {
		return
	}
	a.since = now
	from := c.cfg.Random.IntN(len(c.pieces))
	for k, left := 0, a.probe; k < len(c.pieces) && left > 0; k++ {
		if i := pieceset.Index((from + k) % len(c.pieces)); !r.has.Has(i) && !r.shown.Has(i) {
			r.shown.Add(i)
			fx.Reveal(r.id, i)
			left--
		}
	}
	a.probe = min(2*a.probe, len(c.pieces))
}
