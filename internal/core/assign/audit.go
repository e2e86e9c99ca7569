package assign

import (
	"fmt"
	"iter"

	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// Audit says what in the core contradicts itself, nil if nothing does. It walks
// everything: it is for simulations and tests, after every input.
func (c *Core) Audit() error {
	for _, check := range []func(*Core) error{
		checkPieces, checkShelves, checkBlocks, checkCounts, checkHolders, checkHungry, checkParole, checkWindows,
	} {
		if err := check(c); err != nil {
			return err
		}
	}
	return nil
}

// Dealt are the blocks that a holder fetches, as far as the core knows; none of one
// that is not there. It is for audits.
func (c *Core) Dealt(id HolderID) iter.Seq[geometry.Block] {
	return func(yield func(geometry.Block) bool) {
		h := c.holders[id]
		if h == nil {
			return
		}
		for k := range h.out.len() {
			if !yield(h.out.at(k)) {
				return
			}
		}
	}
}

// checkPieces: a piece is in the one state that its facts say.
func checkPieces(c *Core) error {
	for i := range c.pieces {
		p := &c.pieces[i]
		if p.state == unfiled || p.state != p.judge() {
			return fmt.Errorf("piece %d is in state %d, belongs in %d", i, p.state, p.judge())
		}
		switch p.state {
		case PieceMissing, PieceHeld:
			if p.record != nil {
				return fmt.Errorf("piece %d in state %d has a record", i, p.state)
			}
		case PieceOpen, PieceFull:
			if p.record == nil {
				return fmt.Errorf("piece %d in state %d has no record", i, p.state)
			}
		case PieceUnwanted, unfiled:
		}
	}
	return nil
}

// checkShelves: order, mask and list of a priority have their pieces, no others.
func checkShelves(c *Core) error {
	for n := range c.shelves {
		s := &c.shelves[n]
		missing, open := 0, 0
		for i := range c.pieces {
			p := &c.pieces[i]
			mine := p.rank() == Priority(n)
			if s.missing.has(uint32(i)) != (mine && p.state == PieceMissing) {
				return fmt.Errorf("missing mask %d is wrong about piece %d", n, i)
			}
			if mine && p.state == PieceMissing {
				missing++
				if err := s.rarity.check(pieceset.Index(i), levelOf(p.avail)); err != nil {
					return err
				}
			}
			if mine && p.state == PieceOpen && p.record.freeBlocks > 0 {
				open++
				if at := p.record.place; at == nowhere || s.open[at] != p.record {
					return fmt.Errorf("piece %d is not where it says in the open list", i)
				}
			}
		}
		if missing != len(s.rarity.seq) || open != len(s.open) {
			return fmt.Errorf("shelf %d has strangers", n)
		}
	}
	return nil
}

// check: piece i is where it says, in level l.
func (o *rarity) check(i pieceset.Index, l int) error {
	at := o.place[i]
	if o.seq[at] != i || at < o.start[l] || at >= o.start[l+1] {
		return fmt.Errorf("piece %d is not in level %d", i, l)
	}
	return nil
}

// checkBlocks: a block is free, flying or stored; who fetches it lives, has the
// piece and knows it; at most two fetch it.
func checkBlocks(c *Core) error {
	flying, copies := 0, 0
	for i := range c.pieces {
		r := c.pieces[i].record
		if r == nil {
			continue
		}
		var free, stored uint32
		for n := range r.blocks() {
			who := r.cells[n]
			switch {
			case r.free.has(n) && r.got.has(n):
				return fmt.Errorf("block %d of %d is free and stored", n, i)
			case r.free.has(n):
				free++
				if who != (cell{}) {
					return fmt.Errorf("free block %d of %d has an owner", n, i)
				}
			case r.got.has(n):
				stored++
			default:
				flying++
				fetchers, err := checkFlying(c, r.block(n), who)
				if err != nil {
					return err
				}
				copies += fetchers
			}
		}
		if free != r.freeBlocks || stored != r.stored {
			return fmt.Errorf("piece %d counts its blocks wrong", i)
		}
	}
	if flying != c.flying || copies != c.copies {
		return fmt.Errorf("%d flying, %d copies; counted %d, %d", c.flying, c.copies, flying, copies)
	}
	return nil
}

func checkFlying(c *Core, b geometry.Block, x cell) (fetchers int, err error) {
	if x.first == x.second {
		return 0, fmt.Errorf("block %v is fetched twice by one, or by nobody", b)
	}
	for _, id := range []HolderID{x.first, x.second} {
		if id == Nobody && fetchers == 1 {
			continue
		}
		fetchers++
		h := c.holders[id]
		if h == nil || !h.hasPiece(b.Piece) {
			return 0, fmt.Errorf("block %v is fetched by %d, who is dead or has it not", b, id)
		}
		found := 0
		for k := range h.out.len() {
			if h.out.at(k) == b {
				found++
			}
		}
		if found != 1 {
			return 0, fmt.Errorf("block %v is %d times in the queue of %d", b, found, id)
		}
	}
	return fetchers, nil
}

// checkCounts: what is counted up and down is what counting afresh gives.
func checkCounts(c *Core) error {
	want, left, held, out := newMask(len(c.pieces)), 0, 0, 0
	avail := make([]uint32, len(c.pieces))
	shuns := map[HolderID]int{}
	for i := range c.pieces {
		if p := &c.pieces[i]; p.state == PieceHeld {
			held++
		} else if p.priority != Unwanted {
			want.add(uint32(i))
			left++
		}
		shuns[c.pieces[i].shunned]++
	}
	seeds, drawing := 0, 0
	for _, h := range c.list {
		out += h.out.len()
		drawing += min(1, int(h.credit))
		if h.shuns != shuns[h.id] {
			return fmt.Errorf("holder %d shuns %d pieces, counted %d", h.id, h.shuns, shuns[h.id])
		}
		if h.has == nil {
			seeds++
			continue
		}
		if h.wanted != h.has.overlap(want) || h.count != h.has.overlap(h.has) || c.spare.none.overlap(c.spare.none) != 0 {
			return fmt.Errorf("holder %d counts wrong", h.id)
		}
		for i := range h.has.all() {
			avail[i]++
		}
	}
	counted := [...]int{left, held, out, seeds, drawing}
	if kept := [...]int{c.left, c.held, c.copies, c.seeds, c.drawing}; kept != counted {
		return fmt.Errorf("left, held, out, seeds, drawing: %v, counted %v", kept, counted)
	}
	for i := range avail {
		if avail[i] != c.pieces[i].avail {
			return fmt.Errorf("availability of %d is wrong", i)
		}
	}
	return nil
}

// checkHolders: map and list agree; leads are mutual and know their records.
func checkHolders(c *Core) error {
	if len(c.list) != len(c.holders) {
		return fmt.Errorf("list and map of holders differ")
	}
	for k, h := range c.list {
		if h.index != k || c.holders[h.id] != h {
			return fmt.Errorf("holder %d is not where it says", h.id)
		}
		if r := h.lead; r != nil && (r.lead != h || c.pieces[r.piece].record != r) {
			return fmt.Errorf("holder %d leads what is not its own", h.id)
		}
	}
	for i := range c.pieces {
		if r := c.pieces[i].record; r != nil && r.lead != nil && r.lead.lead != r {
			return fmt.Errorf("piece %d is led by one who leads another", i)
		}
	}
	return nil
}

// checkParole: the lists of parole agree, and only holders on parole are alone.
func checkParole(c *Core) error {
	onIt, alone := 0, 0
	for _, h := range c.list {
		if h.standing == onParole {
			onIt++
		}
		if len(h.alone) > paroleBound || h.standing == trusted && len(h.alone) > 0 {
			return fmt.Errorf("holder %d has %d pieces alone", h.id, len(h.alone))
		}
		alone += len(h.alone)
		for _, r := range h.alone {
			if r.loner != h || c.pieces[r.piece].record != r {
				return fmt.Errorf("holder %d is not alone with piece %d", h.id, r.piece)
			}
		}
	}
	for i := range c.pieces {
		if r := c.pieces[i].record; r != nil && r.loner != nil {
			alone--
		}
	}
	if onIt != len(c.doubt.parolees) || alone != 0 {
		return fmt.Errorf("%d on parole, %d listed; %d lone pieces too many", onIt, len(c.doubt.parolees), alone)
	}
	return nil
}

// checkHungry: who is hungry lives and has spare credit.
func checkHungry(c *Core) error {
	for k, h := range c.hungry {
		if h.hungers != k || h.index == nowhere || h.spare() == 0 {
			return fmt.Errorf("holder %d is wrongly hungry", h.id)
		}
	}
	return nil
}
