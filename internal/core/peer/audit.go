package peer

import (
	"fmt"
	"iter"
	"slices"

	"github.com/etorrent/etorrent/internal/vocab/geometry"
)

// Deals is what the picker knows of a connection, for Audit.
type Deals struct {
	// Most is the largest credit that it may have dealt by: of those reported since
	// nothing was on its way between the two, or what was in flight then.
	Most int
	// Blocks are those that it takes for being fetched here; nil while something is
	// on its way, since the two may differ then.
	Blocks iter.Seq[geometry.Block]
	// Crossed are blocks whose deal met, on its way, the word that they came or were
	// given back: the picker took that for the end of the deal, and here they are
	// asked for once more.
	Crossed map[geometry.Block]struct{}
}

// Audit says what in the core contradicts itself or its picker, nil if nothing
// does. It is called behind a whole batch, and of a connection without TakeBack.
// It walks everything: it is for simulations and tests.
func (c *Core) Audit(d Deals) error {
	for _, check := range []func(*Core, Deals) error{checkAsked, checkWindow, checkDeals, checkOwed, checkClosed} {
		if err := check(c, d); err != nil {
			return err
		}
	}
	return nil
}

// checkAsked: every slot of the table is in one list, where it says, or vacant.
func checkAsked(c *Core, _ Deals) error {
	a := &c.pipe.asked
	slots := 1 // nobody's
	for _, p := range []place{flying, late} {
		if err := a.checkList(p, c.cfg.Geometry); err != nil {
			return err
		}
		slots += a.list(p).count
	}
	for at := a.vacant; at != 0 && slots <= len(a.slots); at = a.slots[at].chain {
		slots++
	}
	if slots != max(1, len(a.slots)) || a.late.count > lateBound {
		return fmt.Errorf("%d slots, %d used or vacant, %d late", len(a.slots), slots, a.late.count)
	}
	return nil
}

func (a *asked) checkList(p place, g geometry.Geometry) error {
	count, before := 0, int32(0)
	for at := a.list(p).first; at != 0; at = a.slots[at].next {
		s := &a.slots[at]
		if count++; count > len(a.slots) {
			return fmt.Errorf("list %d has no end", p)
		}
		switch earlier := a.slots[before]; {
		case s.place != p || s.prev != before || a.find(s.block) != at:
			return fmt.Errorf("block %v is not where it says", s.block)
		case int(s.block.Piece) >= g.Pieces() || s.block.Number >= g.Blocks(s.block.Piece):
			return fmt.Errorf("there is no block %v", s.block)
		case s.copies == 0 || s.copies > copiesBound:
			return fmt.Errorf("block %v has %d answers to come", s.block, s.copies)
		case p == flying && before != 0 && s.since < earlier.since:
			return fmt.Errorf("block %v was asked for before %v, which is before it", s.block, earlier.block)
		}
		before = at
	}
	if l := a.list(p); l.count != count || l.last != before {
		return fmt.Errorf("list %d counts %d blocks, has %d", p, l.count, count)
	}
	return nil
}

// checkWindow: the credit is what the pipeline's formula gives, and no more is in
// flight than a credit that was reported.
func checkWindow(c *Core, d Deals) error {
	p := &c.pipe
	window := min(p.window, p.reqq)
	if p.strikes > 0 {
		window = 1
	}
	if c.remote.choke == Choked {
		window = min(window, grantedWindow)
	}
	if c.life == closed || c.remote.choke == Choked && !c.servesGranted() || c.local.interest == NotInterested {
		window = 0
	}
	switch n := p.asked.flying.count; {
	case p.window < 1 || p.reqq < 1:
		return fmt.Errorf("window %d, queue %d", p.window, p.reqq)
	case p.strikes > 0 && (p.window != 1 || n > 1):
		return fmt.Errorf("snubbed, with window %d and %d in flight", p.window, n)
	case c.credit != window:
		return fmt.Errorf("credit %d, the window is %d", c.credit, window)
	case len(c.remote.granted) > grantedBound || (c.scope == AllowedPieces) != (window > 0 && c.remote.choke == Choked):
		return fmt.Errorf("%d pieces are allowed, of scope %d", len(c.remote.granted), c.scope)
	case n > d.Most:
		return fmt.Errorf("%d in flight, the window was %d at most", n, d.Most)
	}
	return nil
}

// checkDeals: what is in flight is what the picker dealt.
func checkDeals(c *Core, d Deals) error {
	if d.Blocks == nil {
		return nil
	}
	a := &c.pipe.asked
	dealt := map[geometry.Block]struct{}{}
	for b := range d.Blocks {
		dealt[b] = struct{}{}
		if at := a.find(b); at == 0 || a.slots[at].place != flying {
			return fmt.Errorf("block %v was dealt and is not in flight", b)
		}
	}
	for at := a.flying.first; at != 0; at = a.slots[at].next {
		b := a.slots[at].block
		_, known := dealt[b]
		if _, crossed := d.Crossed[b]; !known && !crossed {
			return fmt.Errorf("block %v is in flight and was not dealt", b)
		}
	}
	return nil
}

// checkOwed: the remote's queue is within its bound, and holds nothing that may not
// be served.
func checkOwed(c *Core, _ Deals) error {
	o := &c.owed
	if n := o.waiting.len() + len(o.reading); o.waiting.len() < 0 || n > LocalReqq {
		return fmt.Errorf("%d requests queued", n)
	}
	for _, r := range slices.Concat(o.waiting.all(), o.reading) {
		switch {
		case !c.held.Has(r.Piece):
			return fmt.Errorf("%v is queued, its piece is not held", r)
		case c.local.choke == Choked && !slices.Contains(o.allowed.pieces, r.Piece):
			return fmt.Errorf("%v is queued while choked", r)
		}
	}
	if o.allowed.left < 0 || len(o.allowed.pieces) > allowedPieces {
		return fmt.Errorf("%d pieces are allowed, %d bytes left", len(o.allowed.pieces), o.allowed.left)
	}
	return nil
}

// checkClosed: nothing outlives the end.
func checkClosed(c *Core, _ Deals) error {
	if n := c.pipe.asked.flying.count; c.life == closed && (n > 0 || c.owed.waiting.len() > 0 || len(c.owed.reading) > 0) {
		return fmt.Errorf("%d in flight, %d and %d queued behind the end", n, c.owed.waiting.len(), len(c.owed.reading))
	}
	return nil
}
