package announce

import (
	"cmp"
	"slices"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/tracker"
)

// setTiers makes the lanes of the trackers that a torrent has now. Rows that were
// there before stay what they were, but nothing stays queued. Ranks are places that
// trackers had in a former run.
func (c *Core) setTiers(t *torrent, ranks map[tracker.URL]int, now mono.Instant) {
	for a := range t.every() {
		if a.phase == queued {
			c.dequeue(a, now)
		}
	}
	before := map[tracker.URL]*row{}
	var currents []*row
	for _, l := range t.lanes {
		for _, r := range l.rows {
			before[r.url] = r
			ranks = withRank(ranks, r.url)
		}
		if l.current != nil {
			currents = append(currents, l.current)
		}
	}
	removed := t.removed
	t.removed = nil
	for _, r := range removed { // one of them may be named again
		before[r.url] = r
	}
	t.lanes = nil
	for i, tier := range c.arrange(t.about.Tiers, ranks) {
		if i == 0 || t.about.Reach == EachTier {
			t.lanes = append(t.lanes, &lane{})
		}
		l := t.lanes[len(t.lanes)-1]
		for _, u := range tier {
			l.rows = append(l.rows, c.rowOf(t, u, i, before))
			delete(before, u)
		}
	}
	t.takeOver(currents)
	for _, r := range removedIn(before) {
		r.place = removedRow
		r.waits = waitsForNothing
		t.removed = append(t.removed, r)
	}
}

// withRank puts a tracker behind those that have a rank.
func withRank(ranks map[tracker.URL]int, u tracker.URL) map[tracker.URL]int {
	if ranks == nil {
		ranks = map[tracker.URL]int{}
	}
	if _, has := ranks[u]; !has {
		ranks[u] = len(ranks)
	}
	return ranks
}

// removedIn are rows in an order that is the same each time.
func removedIn(rows map[tracker.URL]*row) []*row {
	var all []*row
	for _, r := range rows {
		all = append(all, r)
	}
	slices.SortFunc(all, func(a, b *row) int { return cmp.Compare(a.url.Secret(), b.url.Secret()) })
	return all
}

func (c *Core) rowOf(t *torrent, u tracker.URL, tier int, before map[tracker.URL]*row) *row {
	r := before[u]
	if r == nil {
		r = &row{t: t, url: u, stagger: time.Duration(c.rnd.Int64N(int64(longestStagger)))}
		for i := range r.arms {
			r.arms[i].row, r.arms[i].standing = r, Unasked{}
		}
		c.hold(r)
	}
	r.tier, r.place = tier, member
	return r
}

// takeOver finds the current trackers in new lanes.
func (t *torrent) takeOver(currents []*row) {
	for _, l := range t.lanes {
		for _, r := range l.rows {
			if l.current == nil && slices.Contains(currents, r) {
				l.current = r
			}
		}
	}
}

// arrange puts trackers into the order in which they are walked. Those of a tier are
// shuffled (BEP 12), unless they have ranks from before. Of trackers with one host
// those of UDP come first: each takes the place of the first other one that is before
// it, so that tiers keep their sizes. What appears twice counts where it is first.
func (c *Core) arrange(tiers [][]tracker.URL, ranks map[tracker.URL]int) [][]tracker.URL {
	order := c.shuffled(tiers)
	for i, p := range order {
		if p.url.Scheme() != tracker.UDP {
			continue
		}
		for j := range order[:i] {
			if o := order[j].url; o.Host() == p.url.Host() && o.Scheme() != tracker.UDP {
				order[i].url, order[j].url = o, p.url
				break
			}
		}
	}
	slices.SortStableFunc(order, func(a, b placed) int {
		if a.tier != b.tier {
			return cmp.Compare(a.tier, b.tier)
		}
		return cmp.Compare(rankOf(a.url, ranks), rankOf(b.url, ranks))
	})
	var arranged [][]tracker.URL
	for i, p := range order {
		if i == 0 || order[i-1].tier != p.tier {
			arranged = append(arranged, nil)
		}
		arranged[len(arranged)-1] = append(arranged[len(arranged)-1], p.url)
	}
	return arranged
}

// placed is a tracker and the number of its tier.
type placed struct {
	url  tracker.URL
	tier int
}

func (c *Core) shuffled(tiers [][]tracker.URL) []placed {
	var order []placed
	seen := map[tracker.URL]struct{}{}
	for i, tier := range tiers {
		start := len(order)
		for _, u := range tier {
			if _, again := seen[u]; again || len(order) == MaxTrackers {
				continue
			}
			seen[u] = struct{}{}
			order = append(order, placed{u, i})
		}
		added := order[start:]
		c.rnd.Shuffle(len(added), func(i, j int) { added[i], added[j] = added[j], added[i] })
	}
	return order
}

// rankOf is the place that a tracker had; those that had none come last.
func rankOf(u tracker.URL, ranks map[tracker.URL]int) int {
	if rank, has := ranks[u]; has {
		return rank
	}
	return int(^uint(0) >> 1)
}
