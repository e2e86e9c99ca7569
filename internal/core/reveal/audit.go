package reveal

import (
	"fmt"

	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// Audit says what in the core contradicts itself, nil if nothing does. It walks
// everything: it is for simulations and tests, after every input.
func (c *Core) Audit() error {
	holders, out := make([]int32, len(c.pieces)), make([]int32, len(c.pieces))
	seeking, came := 0, 0
	for _, r := range c.remotes {
		if err := c.auditRemote(r); err != nil {
			return err
		}
		for i := range r.has.All() {
			holders[i]++
		}
		for _, i := range r.fetching {
			out[i]++
		}
		if r.isSeeking() {
			seeking++
		}
		if r.flow.arrival == arrivedComplete {
			came++
		}
	}
	for k, p := range c.pieces {
		i := pieceset.Index(k)
		isFresh := p.place != nowhere && c.fresh[p.place] == i
		switch {
		case p.holders != holders[k] || p.out != out[k]:
			return fmt.Errorf("piece %d: %d have it and it is out to %d, counted were %d and %d", i, holders[k], out[k], p.holders, p.out)
		case isFresh != (p.holders+p.out == 0):
			return fmt.Errorf("piece %d: %d have it, it is out to %d, and its place is %d", i, p.holders, p.out, p.place)
		case c.waits[i] != nil && (p.holders != 1 || !c.waits[i].has.Has(i)):
			return fmt.Errorf("piece %d is to spread from one that does not have it alone", i)
		}
	}
	switch {
	case len(c.byID) != len(c.remotes):
		return fmt.Errorf("%d remotes by number, %d in order", len(c.byID), len(c.remotes))
	case seeking != c.crowd.seeking || came != c.crowd.came:
		return fmt.Errorf("%d seek, %d came complete, counted were %d and %d", seeking, came, c.crowd.seeking, c.crowd.came)
	case c.state == over && c.due != mono.Never:
		return fmt.Errorf("it is over, and a tick is due at %d", c.due)
	}
	return nil
}

func (c *Core) auditRemote(r *remote) error {
	waiting := 0
	for _, alone := range c.waits {
		if alone == r {
			waiting++
		}
	}
	switch {
	case c.byID[r.id] != r:
		return fmt.Errorf("remote %d is not found by its number", r.id)
	case waiting != r.waiting:
		return fmt.Errorf("remote %d holds %d pieces that did not spread, counted were %d", r.id, waiting, r.waiting)
	case r.window < 0:
		return fmt.Errorf("remote %d has no window", r.id)
	}
	for _, i := range r.fetching {
		if r.has.Has(i) || !r.shown.Has(i) {
			return fmt.Errorf("remote %d is to fetch piece %d, which it has or was not shown", r.id, i)
		}
	}
	return nil
}
