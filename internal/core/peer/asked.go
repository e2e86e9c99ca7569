package peer

import (
	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/wire"
)

const (
	// lateBound is how many late blocks are remembered: as many as can ever be
	// in flight, so that a choke forgets nothing.
	lateBound = wire.MaxReqq
	// copiesBound is how many answers to requests for one block are remembered: more
	// than a picker asks for it again, though its reader seeks to and fro.
	copiesBound = 200
	// leastHeads is the number of chains that a table begins with.
	leastHeads = 64
)

// asked is the table of the blocks that we requested and that the remote may
// still answer. Each is in one of two lists, oldest first: in flight, or late.
// Every operation takes constant time, and none allocates once the table has
// grown to the size of the pipeline.
type asked struct {
	slots  []slot  // slot 0 is nobody's, so that 0 means none
	heads  []int32 // chains of slots by the hash of their block
	vacant int32   // chain of slots without a block
	flying list
	late   list
}

// slot is one block of the table.
type slot struct {
	block      geometry.Block
	since      mono.Instant // when it was requested last
	chain      int32
	prev, next int32 // in its list
	place      place
	queue      queueing
	copies     uint8 // requests for it that the remote has not answered
}

// place says in which list a slot is.
type place uint8

const (
	flying place = iota
	late
)

// queueing says whether a request found others in flight, whose answers it has
// to wait for.
type queueing uint8

const (
	alone queueing = iota
	behindOthers
)

// list is a chain of slots through prev and next.
type list struct {
	first, last int32
	count       int
}

func (a *asked) list(p place) *list {
	if p == late {
		return &a.late
	}
	return &a.flying
}

func (a *asked) head(b geometry.Block) *int32 {
	h := uint64(b.Piece)<<32 | uint64(b.Number)
	h *= 0x9e3779b97f4a7c15
	return &a.heads[h>>32&uint64(len(a.heads)-1)]
}

// find returns the slot of b, or 0.
func (a *asked) find(b geometry.Block) int32 {
	if len(a.heads) == 0 {
		return 0
	}
	at := *a.head(b)
	for at != 0 && a.slots[at].block != b {
		at = a.slots[at].chain
	}
	return at
}

// add puts b, which must not be in the table, into flight.
func (a *asked) add(b geometry.Block, now mono.Instant) *slot {
	a.grow()
	at := a.vacant
	s := &a.slots[at]
	a.vacant = s.chain
	head := a.head(b)
	*s = slot{block: b, since: now, chain: *head, copies: 1}
	*head = at
	a.push(at, flying)
	return s
}

// grow makes sure that there is a vacant slot, and as many chains as slots.
func (a *asked) grow() {
	if a.vacant != 0 {
		return
	}
	if len(a.slots) == 0 {
		a.slots = append(a.slots, slot{})
	}
	a.slots = append(a.slots, slot{})
	a.vacant = int32(len(a.slots) - 1)
	if len(a.slots) <= len(a.heads) {
		return
	}
	a.heads = make([]int32, max(leastHeads, 2*len(a.heads)))
	for at := int32(1); at < a.vacant; at++ {
		head := a.head(a.slots[at].block)
		a.slots[at].chain, *head = *head, at
	}
}

// move takes a slot to the end of a list. Late ones over the bound are
// forgotten, the oldest first.
func (a *asked) move(at int32, to place) {
	a.unlink(at)
	a.push(at, to)
	if a.late.count > lateBound {
		a.forget(a.late.first)
	}
}

// forget takes a slot out of the table.
func (a *asked) forget(at int32) {
	a.unlink(at)
	link := a.head(a.slots[at].block)
	for *link != at {
		link = &a.slots[*link].chain
	}
	*link = a.slots[at].chain
	a.slots[at].chain, a.vacant = a.vacant, at
}

// answered takes one answer off a slot. With more answers to come it is, or
// becomes, late.
func (a *asked) answered(at int32) {
	s := &a.slots[at]
	if s.copies--; s.copies == 0 {
		a.forget(at)
		return
	}
	if s.place == flying {
		a.move(at, late)
	}
}

func (a *asked) push(at int32, to place) {
	l, s := a.list(to), &a.slots[at]
	s.place, s.prev, s.next = to, l.last, 0
	if l.last == 0 {
		l.first = at
	} else {
		a.slots[l.last].next = at
	}
	l.last = at
	l.count++
}

func (a *asked) unlink(at int32) {
	s := &a.slots[at]
	l := a.list(s.place)
	if s.prev == 0 {
		l.first = s.next
	} else {
		a.slots[s.prev].next = s.next
	}
	if s.next == 0 {
		l.last = s.prev
	} else {
		a.slots[s.next].prev = s.prev
	}
	l.count--
}
