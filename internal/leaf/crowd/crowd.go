// Package crowd counts connections, in all and by the network that they come
// from, so that one address cannot keep others out.
package crowd

import (
	"net/netip"
	"sync"
	"sync/atomic"
)

// Crowd is a bound on those who are inside. It is a passive leaf: its lock guards
// counters.
type Crowd struct {
	mu   sync.Mutex
	most int
	each int
	all  int
	from map[netip.Prefix]int
}

// New returns an empty crowd of at most so many in all, and so many of each
// network.
func New(most, each int) *Crowd {
	return &Crowd{most: most, each: each, from: map[netip.Prefix]int{}}
}

// Evidence says whether one may come in.
type Evidence uint8

// The answers. Only who Entered has to Leave.
const (
	Entered     Evidence = iota
	Full                 // there are too many in all
	NetworkFull          // there are too many of the same network
)

// Enter counts one in, if there is room.
func (c *Crowd) Enter(a netip.Addr) Evidence {
	network := NetworkOf(a)
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.view(network)
	if e == Entered {
		c.all++
		c.from[network]++
	}
	return e
}

// View says what Enter would say.
func (c *Crowd) View(a netip.Addr) Evidence {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.view(NetworkOf(a))
}

func (c *Crowd) view(network netip.Prefix) Evidence {
	switch {
	case c.all >= c.most:
		return Full
	case c.from[network] >= c.each:
		return NetworkFull
	}
	return Entered
}

// SetBounds has other bounds count from now on. Nobody who is inside leaves for that.
func (c *Crowd) SetBounds(most, each int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.most, c.each = most, each
}

// Most is how many there may be in all.
func (c *Crowd) Most() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.most
}

// Leave counts one out that had Entered.
func (c *Crowd) Leave(a netip.Addr) {
	network := NetworkOf(a)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all--
	if c.from[network]--; c.from[network] == 0 {
		delete(c.from, network)
	}
}

// Room is how many more may come in. Where the bound was lowered there may be less
// than none.
func (c *Crowd) Room() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.most - c.all
}

// NetworkOf is what counts as one origin: an IPv4 address, or the /64 that one
// holder of IPv6 addresses has at least.
func NetworkOf(a netip.Addr) netip.Prefix {
	a = a.Unmap().WithZone("")
	bits := 32
	if a.Is6() {
		bits = 64
	}
	network, _ := a.Prefix(bits) // of an invalid address the zero Prefix
	return network
}

// Bound is a number that others go by and that may change at any time. It is a passive
// leaf.
type Bound struct {
	above *Bound // nil: there is none
	n     atomic.Int64
}

// NewBound returns a bound.
func NewBound(n int) *Bound {
	b := &Bound{}
	b.Set(n)
	return b
}

// Under returns a bound that is as high as this one, whatever that becomes, or lower
// once it is set.
func (b *Bound) Under() *Bound { return &Bound{above: b} }

// Set has another number count from now on; in a bound under another one 0 is no bound
// of its own.
func (b *Bound) Set(n int) { b.n.Store(int64(n)) }

// Own is the number that was set.
func (b *Bound) Own() int { return int(b.n.Load()) }

// Most is the number that counts.
func (b *Bound) Most() int {
	own := b.Own()
	if b.above == nil {
		return own
	}
	most := b.above.Most()
	if own > 0 {
		return min(own, most)
	}
	return most
}
