// Package slab lends the fixed-size buffers that payload travels in. A slab has
// one owner at a time; the owner moves it on or releases it.
package slab

import (
	"context"
	"slices"
	"sync"
)

// Size is the number of bytes of a slab: sixteen blocks, and more than the
// longest frame of the peer protocol.
const Size = 256 << 10

// Slab is one buffer of Size bytes in the hands of one owner. A buffer that is
// lent again is another Slab, so that an earlier owner can neither reach it nor
// release it.
type Slab struct {
	pool  *Pool
	bytes []byte // nil once it was released
}

// Bytes is the whole buffer; of a slab that was released it is nil.
func (s *Slab) Bytes() []byte { return s.bytes }

// Release gives the slab back. Releasing it twice is a bug of the caller and
// panics.
func (s *Slab) Release() { s.pool.take(s) }

// Pool lends a bounded number of slabs. It is a passive leaf: its lock guards
// lists, and whoever waits for a slab waits outside of it.
type Pool struct {
	mu      sync.Mutex
	bound   int
	lent    int
	free    [][]byte
	waiters []chan *Slab
}

// keptFree is how many unused slabs a pool keeps for the next rent.
const keptFree = 8

// NewPool returns a pool that lends at most bound slabs at a time.
func NewPool(bound int) *Pool { return &Pool{bound: bound} }

// Rent returns a slab, waiting for one if all are lent; those who wait are
// served in their order. The error is the context's.
func (p *Pool) Rent(ctx context.Context) (*Slab, error) {
	s, wait := p.TryRent()
	if s != nil {
		return s, nil
	}
	select {
	case s = <-wait:
		return s, nil
	case <-ctx.Done():
		p.Forgo(wait)
		return nil, ctx.Err()
	}
}

// TryRent returns a slab, or a channel on which one will come. Who does not
// want it any more must say so by Forgo.
func (p *Pool) TryRent() (*Slab, <-chan *Slab) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.lent >= p.bound {
		wait := make(chan *Slab, 1)
		p.waiters = append(p.waiters, wait)
		return nil, wait
	}
	p.lent++
	last := len(p.free) - 1
	if last < 0 {
		return &Slab{pool: p, bytes: make([]byte, Size)}, nil
	}
	s := &Slab{pool: p, bytes: p.free[last]}
	p.free[last] = nil
	p.free = p.free[:last]
	return s, nil
}

// Forgo ends a wait that TryRent began.
func (p *Pool) Forgo(wait <-chan *Slab) {
	p.mu.Lock()
	before := len(p.waiters)
	p.waiters = slices.DeleteFunc(p.waiters, func(w chan *Slab) bool { return w == wait })
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

func (p *Pool) take(s *Slab) {
	p.mu.Lock()
	defer p.mu.Unlock()
	buffer := s.bytes
	if buffer == nil {
		panic("slab: released twice")
	}
	s.bytes = nil
	if len(p.waiters) > 0 {
		first := p.waiters[0]
		p.waiters[0] = nil
		p.waiters = p.waiters[1:]
		first <- &Slab{pool: p, bytes: buffer} // has room for the one slab it will ever get
		return
	}
	p.lent--
	if len(p.free) < keptFree {
		p.free = append(p.free, buffer)
	}
}
