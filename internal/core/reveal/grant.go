package reveal

import (
	"cmp"
	"slices"

	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// NextDeadline is when Tick is due next; Never while nobody is there, or when it is
// over.
func (c *Core) NextDeadline() mono.Instant { return c.due }

// wake has Tick come, if it is not to come before.
func (c *Core) wake(now mono.Instant) {
	if c.due == mono.Never && c.state != over && len(c.remotes) > 0 {
		c.due = now.Add(tickEvery)
		if c.line.since == mono.Never || now.Sub(c.line.since) > 2*tickEvery {
			c.line.since = now
		}
	}
}

// Settle shows what is to be shown after the inputs before it.
func (c *Core) Settle(now mono.Instant, fx Effects) {
	switch c.state {
	case ending:
		c.state, c.due = over, mono.Never
		fx.Unveil(c.crowd.why)
	case keepsBack:
		for _, r := range c.remotes {
			c.grant(now, r, fx)
		}
	case over:
	}
}

// Tick judges, after all were measured, what they do with what they were shown.
func (c *Core) Tick(now mono.Instant, fx Effects) {
	if c.due == mono.Never || now < c.due {
		return
	}
	c.due = mono.Never
	c.wake(now)
	if c.state != keepsBack {
		c.Settle(now, fx)
		return
	}
	c.spread.pass()
	order := c.ranked()
	if c.line.pass(now) == idle && len(c.fresh) > 0 {
		c.widen(order)
	}
	for _, r := range order {
		if r.window == 0 && now.Sub(r.blamed) >= forgiveAfter {
			r.window = 1
		}
		c.grant(now, r, fx)
		c.tempt(now, r, fx)
	}
	if len(c.fresh) == 0 {
		c.again(now, order, fx)
	}
}

// ranked are the remotes in the order in which they are given to: first those that
// keep the least back of what they gave on.
func (c *Core) ranked() []*remote {
	order := slices.Clone(c.remotes)
	c.cfg.Random.Shuffle(len(order), func(a, b int) { order[a], order[b] = order[b], order[a] })
	slices.SortStableFunc(order, func(a, b *remote) int {
		return cmp.Compare(float64(a.waiting+1)/float64(a.proven+1), float64(b.waiting+1)/float64(b.proven+1))
	})
	return order
}

// widen lets those have more, before it is proven, whom their window holds back: of
// those who gave something on, or of all where nobody did.
func (c *Core) widen(order []*remote) {
	least := 0
	if len(order) > 0 {
		least = min(1, order[0].proven)
	}
	for _, r := range order {
		if r.proven >= least && r.window <= r.waiting+len(r.fetching) && len(r.fetching) < c.ahead(r) {
			r.window = min(mostWindow, r.waiting+len(r.fetching)+max(1, r.proven/4))
		}
	}
}

// grant shows a remote the fresh pieces that it may have now.
func (c *Core) grant(now mono.Instant, r *remote, fx Effects) {
	for len(c.fresh) > 0 && c.isOpen(r) && (c.isAlone() || r.waiting+len(r.fetching) < r.window) {
		i, found := c.freshFor(r)
		if !found {
			return
		}
		c.show(now, r, i, fx)
	}
}

// isOpen says whether a remote may be shown more without keeping it from others.
func (c *Core) isOpen(r *remote) bool {
	return r.sight == SeesShown && r.isSeeking() && len(r.fetching) < c.ahead(r)
}

// isAlone says whether there is nobody whom a remote could give anything.
func (c *Core) isAlone() bool { return c.crowd.seeking <= 1 }

// ahead is how many pieces a remote may fetch at once.
func (c *Core) ahead(r *remote) int {
	return leastAhead + int(r.flow.rate*aheadFor.Seconds()/float64(max(1, c.cfg.Geometry.PieceLength)))
}

func (c *Core) show(now mono.Instant, r *remote, i pieceset.Index, fx Effects) {
	if len(r.fetching) == 0 {
		r.flow.taken, r.flow.moved, r.appetite.since = 0, now, now
	}
	if c.spread.last == mono.Never {
		c.spread.last = now
	}
	r.shown.Add(i)
	c.sendOut(now, r, i)
	fx.Reveal(r.id, i)
}

// freshFor is a fresh piece that a remote was not shown yet.
func (c *Core) freshFor(r *remote) (pieceset.Index, bool) {
	from := c.cfg.Random.IntN(len(c.fresh))
	for k := range c.fresh {
		if i := c.fresh[(from+k)%len(c.fresh)]; !r.shown.Has(i) {
			return i, true
		}
	}
	return 0, false
}
