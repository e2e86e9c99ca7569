// Package slab lends the fixed-size buffers that payload travels in. A slab has
// one owner at a time; the owner moves it on or releases it.
package slab

import (
	"context"
	"sync"
)

// Size is the number of bytes of a slab: sixteen blocks, and more than the
// longest frame of the peer protocol.
const Size = 256 << 10

// Slab is one buffer of Size bytes.
type Slab struct {
	pool  *Pool
	bytes []byte
	state lent
}

// lent says whether a slab is with an owner.
type lent uint8

const (
	inPool lent = iota
	withOwner
)

// Bytes is the whole buffer.
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
	free    []*Slab
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
	if n := len(p.free); n > 0 {
		s := p.free[n-1]
		p.free = p.free[:n-1]
		s.state = withOwner
		return s, nil
	}
	return &Slab{pool: p, bytes: make([]byte, Size), state: withOwner}, nil
}

// Forgo ends a wait that TryRent began.
func (p *Pool) Forgo(wait <-chan *Slab) {
	p.mu.Lock()
	for i, w := range p.waiters {
		if w == wait {
			p.waiters = append(p.waiters[:i], p.waiters[i+1:]...)
			p.mu.Unlock()
			return
		}
	}
	p.mu.Unlock()
	select {
	case s := <-wait:
		s.Release()
	default:
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
	if s.state == inPool {
		panic("slab: released twice")
	}
	if len(p.waiters) > 0 {
		next := p.waiters[0]
		p.waiters = p.waiters[1:]
		next <- s // has room for the one slab it will ever get
		return
	}
	s.state = inPool
	p.lent--
	if len(p.free) < keptFree {
		p.free = append(p.free, s)
	}
}
