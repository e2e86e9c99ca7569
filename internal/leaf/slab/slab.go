// Package slab lends the fixed-size buffers that payload travels in. A slab has
// one owner at a time; the owner moves it on or releases it.
package slab

import (
	"context"
	"slices"
	"sync"

	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// Size is the number of bytes of a slab: thirty-two blocks, and more than the
// longest frame of the peer protocol. Smaller ones are handed from process to
// process more often, larger ones make no transfer cheaper.
const Size = 512 << 10

// Slab is the loan of one buffer of Size bytes to one owner. A buffer that is
// lent again is another Slab, so that an earlier owner can neither reach it nor
// release it. The zero Slab is none.
type Slab struct {
	of   *buffer
	loan uint64
}

// buffer is what is lent, again and again.
type buffer struct {
	pool   *Pool
	loan   uint64 // the number of the present loan, or of the next one
	bytes  []byte
	blocks []Block
	place  place
}

// place says whether a loan has one of the pool's places.
type place uint8

const (
	placeTaken place = iota
	placeGivenUp
)

// Block is a block of a piece that lies in a slab; Data is a part of the slab.
type Block struct {
	Piece pieceset.Index
	Begin uint32 // in the piece, in bytes
	Data  []byte
}

const (
	// usualBlocks is how many blocks room is made for at once: whole ones of 16 KiB
	// fill a slab with as many.
	usualBlocks = 32
	// keptBlocks is how much of that room is kept for the next loan.
	keptBlocks = 128
)

// IsNone says whether this is the zero Slab. Who released a slab, or moved it on,
// puts none in its place.
func (s Slab) IsNone() bool { return s.of == nil }

// isOver says whether the loan has ended, or never was. Only the owner may ask: the
// pool lends the buffer on.
func (s Slab) isOver() bool { return s.of == nil || s.of.loan != s.loan }

// Bytes is the whole buffer; of a slab that was released it is nil.
func (s Slab) Bytes() []byte {
	if s.isOver() {
		return nil
	}
	return s.of.bytes
}

// Note adds a block to those that the slab is known to hold. The list moves with
// the slab and ends with the loan.
func (s Slab) Note(b Block) {
	if s.of.blocks == nil {
		s.of.blocks = make([]Block, 0, usualBlocks)
	}
	s.of.blocks = append(s.of.blocks, b)
}

// Blocks are the blocks that were noted, in their order; none in a slab that was
// released.
func (s Slab) Blocks() []Block {
	if s.isOver() {
		return nil
	}
	return s.of.blocks
}

// Drop takes the first n blocks out of those that were noted.
func (s Slab) Drop(n int) { s.of.blocks = slices.Delete(s.of.blocks, 0, n) }

// Release gives the slab back. Releasing it twice is a bug of the caller and
// panics, and so is releasing none.
func (s Slab) Release() {
	if s.of == nil {
		panic("slab: none is released")
	}
	s.of.pool.take(s)
}

// GiveUpPlace has the pool lend another slab in the place of this one, which its
// owner keeps for long, and of which the owner sees to the bound.
func (s Slab) GiveUpPlace() { s.of.pool.giveUpPlace(s) }

// Forfeit ends the loan of a slab that somebody may still read: its buffer is not
// lent again.
func (s Slab) Forfeit() { s.of.pool.forfeit(s) }

// Pool lends a bounded number of slabs. It is a passive leaf: its lock guards
// lists, and whoever waits for a slab waits outside of it.
type Pool struct {
	mu      sync.Mutex
	bound   int
	lent    int // those that have a place
	beside  int // those that gave theirs up
	free    []*buffer
	waiters []chan Slab
}

// NewPool returns a pool that lends at most bound slabs at a time.
func NewPool(bound int) *Pool { return &Pool{bound: bound} }

// Rent returns a slab, waiting for one if all are lent; those who wait are
// served in their order. The error is the context's.
func (p *Pool) Rent(ctx context.Context) (Slab, error) {
	s, wait := p.TryRent()
	if wait == nil {
		return s, nil
	}
	select {
	case s = <-wait:
		return s, nil
	case <-ctx.Done():
		p.Forgo(wait)
		return Slab{}, ctx.Err()
	}
}

// TryRent returns a slab, or a channel on which one will come. Who does not
// want it any more must say so by Forgo.
func (p *Pool) TryRent() (Slab, <-chan Slab) { return p.TryRentBy(nil) }

// TryRentBy is TryRent with the channel of who waits often, which has room for one slab
// and is empty; nil: one is made.
func (p *Pool) TryRentBy(wait chan Slab) (Slab, <-chan Slab) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.lent >= p.bound {
		if wait == nil {
			wait = make(chan Slab, 1)
		}
		p.waiters = append(p.waiters, wait)
		return Slab{}, wait
	}
	return p.lend(), nil
}

// lend lends a buffer that has a place.
func (p *Pool) lend() Slab {
	p.lent++
	last := len(p.free) - 1
	if last < 0 {
		p.free = append(p.free, &buffer{pool: p, loan: 1, bytes: make([]byte, Size)})
		last = 0
	}
	b := p.free[last]
	p.free[last] = nil
	p.free = p.free[:last]
	return Slab{of: b, loan: b.loan}
}

// Forgo ends a wait that TryRent began.
func (p *Pool) Forgo(wait <-chan Slab) {
	p.mu.Lock()
	before := len(p.waiters)
	p.waiters = slices.DeleteFunc(p.waiters, func(w chan Slab) bool { return w == wait })
	waited := len(p.waiters) < before
	p.mu.Unlock()
	if waited {
		return
	}
	select {
	case s := <-wait:
		s.Release()
	default: // it was taken
	}
}

// Outstanding is the number of slabs that are lent now.
func (p *Pool) Outstanding() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.lent + p.beside
}

func (p *Pool) take(s Slab) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.end(s)
	p.free = append(p.free, s.of)
	p.serve()
}

func (p *Pool) forfeit(s Slab) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.end(s)
	p.serve()
}

func (p *Pool) giveUpPlace(s Slab) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if s.isOver() || s.of.place == placeGivenUp {
		panic("slab: it has no place to give up")
	}
	s.of.place = placeGivenUp
	p.lent--
	p.beside++
	p.serve()
}

// end ends a loan.
func (p *Pool) end(s Slab) {
	if s.isOver() {
		panic("slab: released twice")
	}
	if s.of.place == placeGivenUp {
		p.beside--
	} else {
		p.lent--
	}
	s.of.endLoan()
}

// serve lends what can be lent to those who wait.
func (p *Pool) serve() {
	for p.lent < p.bound && len(p.waiters) > 0 {
		first := p.waiters[0]
		p.waiters = slices.Delete(p.waiters, 0, 1)
		first <- p.lend() // has room for the one slab that it waits for
	}
}

// Trim frees the buffers that are not lent. Until then they are kept for the next
// loan, since to make and clear them anew costs more than to fill them.
func (p *Pool) Trim() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.free = nil
}

// endLoan makes every Slab of the buffer one that was released.
func (b *buffer) endLoan() {
	b.loan++
	b.place = placeTaken
	clear(b.blocks)
	b.blocks = b.blocks[:0]
	if cap(b.blocks) > keptBlocks {
		b.blocks = nil
	}
}
