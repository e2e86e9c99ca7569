// Package crowd counts connections, in all and by the network that they come
// from, so that one address cannot keep others out.
package crowd

import (
	"net/netip"
	"sync"
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
	switch {
	case c.all >= c.most:
		return Full
	case c.from[network] >= c.each:
		return NetworkFull
	}
	c.all++
	c.from[network]++
	return Entered
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

// Room is how many more may come in.
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
