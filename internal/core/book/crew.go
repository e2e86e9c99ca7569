package book

import "net/netip"

// crew is the endpoints that one source, or one tracker, named. An endpoint that
// several named counts for the smallest. Crews are dialled in turn and the largest
// gives way where the book is full, so that who names many takes nothing from those
// that others named.
type crew struct {
	idle   [families]pile[*entry] // the best first
	blocks map[netip.Prefix]*block
	spare  pile[*block] // the largest first
	spares int          // entries that may give way
}

// block is the neighbouring endpoints of a crew, of which one holder may have all:
// a /24 of IPv4, a /48 of IPv6. The largest block of a crew gives way.
type block struct {
	at    netip.Prefix
	spare pile[*entry] // the worst first
	place int
}

func newCrew() *crew {
	c := &crew{blocks: map[netip.Prefix]*block{}}
	for f := range c.idle {
		c.idle[f] = pile[*entry]{before: better, place: func(e *entry) *int { return &e.idleAt }}
	}
	c.spare = pile[*block]{before: larger, place: func(b *block) *int { return &b.place }}
	return c
}

// better says whether a is dialled before b: who was of use, then who failed less
// often, then whom BEP 40 prefers, then who has been idle for longer.
func better(a, b *entry) bool {
	switch {
	case a.standing() != b.standing():
		return a.standing() < b.standing()
	case a.rank != b.rank:
		return a.rank > b.rank
	}
	return a.turn < b.turn
}

// worse says whether a gives way before b.
func worse(a, b *entry) bool { return better(b, a) }

func larger(a, b *block) bool {
	if a.spare.len() != b.spare.len() {
		return a.spare.len() > b.spare.len()
	}
	return worse(a.spare.first(), b.spare.first())
}

// neighbourhood is the block that an address lies in.
func neighbourhood(a netip.Addr) netip.Prefix {
	bits := 24
	if a.Is6() {
		bits = 48
	}
	p, _ := a.WithZone("").Prefix(bits) // the bits fit the address
	return p
}

// lend notes that an entry may give way.
func (c *crew) lend(e *entry) {
	at := neighbourhood(e.addr.Addr())
	b := c.blocks[at]
	if b == nil {
		b = &block{at: at, spare: pile[*entry]{before: worse, place: func(e *entry) *int { return &e.spareAt }}}
		c.blocks[at] = b
	}
	e.block = b
	b.spare.put(e)
	c.spares++
	c.settle(b)
}

// keep notes that an entry may not give way any more.
func (c *crew) keep(e *entry) {
	if e.spareAt == 0 {
		return
	}
	b := e.block
	b.spare.take(e)
	e.block = nil
	c.spares--
	c.settle(b)
}

// settle puts a block, whose entries changed, to its place.
func (c *crew) settle(b *block) {
	c.spare.take(b)
	if b.spare.len() > 0 {
		c.spare.put(b)
	} else {
		delete(c.blocks, b.at)
	}
}

// reorder puts everything to its place after priorities changed.
func (c *crew) reorder() {
	for f := range c.idle {
		c.idle[f].reorder()
	}
	for _, b := range c.blocks {
		b.spare.reorder()
	}
	c.spare.reorder()
}

// crewOf is the number of the crew of an origin.
func (c *Core) crewOf(from Origin) int {
	if from.Source == SourceTracker {
		return sources + c.trackers.number(from.Tracker)
	}
	return int(from.Source)
}

// join gives an entry, which is in none, to a crew.
func (c *Core) join(e *entry, number int) {
	for len(c.crews) <= number {
		c.crews = append(c.crews, nil)
	}
	if c.crews[number] == nil {
		c.crews[number] = newCrew()
	}
	e.crew = c.crews[number]
	c.place(e)
}

// place puts an entry where its phase and its record belong.
func (c *Core) place(e *entry) {
	if f := familyOf(e.addr.Addr()); e.phase == idle {
		e.crew.idle[f].put(e)
		c.families[f].idles++
	}
	if e.viewWorth() == mayGiveWay {
		e.crew.lend(e)
	}
}

// displace takes an entry out of where place put it, before something of it changes.
func (c *Core) displace(e *entry) {
	if f := familyOf(e.addr.Addr()); e.idleAt > 0 {
		e.crew.idle[f].take(e)
		c.families[f].idles--
	}
	e.crew.keep(e)
}

// makeRoom drops an entry for a newcomer, which is in no crew yet: the worst of the
// largest block of the largest crew, the newcomer counted in. Where that is its own
// block, it has to be better than the one that it drives out.
func (c *Core) makeRoom(newcomer *entry, number int) AddEvidence {
	own := &crew{}
	if number < len(c.crews) && c.crews[number] != nil {
		own = c.crews[number]
	}
	from := own
	for _, w := range c.crews {
		if w != nil && w.spares > max(from.spares, own.spares+1) {
			from = w
		}
	}
	if from.spares == 0 {
		return BookFull
	}
	largest := from.spare.first()
	if from == own {
		mine := own.blocks[neighbourhood(newcomer.addr.Addr())]
		if mine == nil {
			mine = &block{}
		}
		if mine.spare.len() == largest.spare.len() {
			largest = mine
		}
		if mine.spare.len()+1 >= largest.spare.len() && !worse(largest.spare.first(), newcomer) {
			return BookFull
		}
	}
	c.drop(largest.spare.first())
	return Added
}
