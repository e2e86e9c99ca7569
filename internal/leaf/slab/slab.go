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
}

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

// Pool lends a bounded number of slabs. It is a passive leaf: its lock guards
// lists, and whoever waits for a slab waits outside of it.
type Pool struct {
	mu      sync.Mutex
	bound   int
	lent    int
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
func (p *Pool) TryRent() (Slab, <-chan Slab) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.lent >= p.bound {
		wait := make(chan Slab, 1)
		p.waiters = append(p.waiters, wait)
		return Slab{}, wait
	}
	p.lent++
	last := len(p.free) - 1
	if last < 0 {
		return (&buffer{pool: p, loan: 1, bytes: make([]byte, Size)}).lend(), nil
	}
	b := p.free[last]
	p.free[last] = nil
	p.free = p.free[:last]
	return b.lend(), nil
}

func (b *buffer) lend() Slab { return Slab{of: b, loan: b.loan} }

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
	return p.lent
}

func (p *Pool) take(s Slab) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if s.isOver() {
		panic("slab: released twice")
	}
	b := s.of
	b.endLoan()
	if len(p.waiters) > 0 {
		first := p.waiters[0]
		p.waiters[0] = nil
		p.waiters = p.waiters[1:]
		first <- b.lend() // has room for the one slab it will ever get
		return
	}
	p.lent--
	p.free = append(p.free, b)
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
	clear(b.blocks)
	b.blocks = b.blocks[:0]
	if cap(b.blocks) > keptBlocks {
		b.blocks = nil
	}
}
