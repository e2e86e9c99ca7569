package book

import (
	"net/netip"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/mono"
)

const (
	// BanFor is how long an address that sent wrong bytes is kept out.
	BanFor = time.Hour
	// bansBound is how many addresses are kept out at once; beyond it the one
	// whose time is up first makes room.
	bansBound = 4096
	// siteBits is the part of an IPv6 address that one site has to itself.
	siteBits = 64
)

// Bans are the addresses that are kept out of one torrent, whatever their port
// and peer id: an IPv4 address, or the /64 of an IPv6 one. They outlive a book
// that is made anew. A person who named the address is not asked: there is proof
// against it.
type Bans struct {
	until map[netip.Prefix]mono.Instant
}

// NewBans returns no bans.
func NewBans() *Bans { return &Bans{until: map[netip.Prefix]mono.Instant{}} }

// Len is how many addresses are kept out, or were until lately.
func (b *Bans) Len() int { return len(b.until) }

// add keeps an address out until an instant.
func (b *Bans) add(now mono.Instant, from netip.Addr, until mono.Instant) {
	if len(b.until) >= bansBound {
		b.makeRoom(now)
	}
	b.until[site(from)] = until
}

// makeRoom forgets the bans that are over, and the one that ends first.
func (b *Bans) makeRoom(now mono.Instant) {
	var first netip.Prefix
	ends := mono.Never
	for p, until := range b.until {
		switch {
		case until <= now:
			delete(b.until, p)
		case ends == mono.Never || until < ends:
			first, ends = p, until
		}
	}
	if len(b.until) >= bansBound {
		delete(b.until, first)
	}
}

// of is when the ban of an address ends; not after now where there is none.
func (b *Bans) of(from netip.Addr) mono.Instant { return b.until[site(from)] }

// site is what a ban of an address covers.
func site(a netip.Addr) netip.Prefix {
	a = a.Unmap().WithZone("")
	bits := a.BitLen()
	if a.Is6() {
		bits = siteBits
	}
	p, _ := a.Prefix(bits) // the bits fit the address
	return p
}

// Ban keeps an address out for BanFor, since it sent wrong bytes.
func (c *Core) Ban(now mono.Instant, from netip.Addr) {
	c.bans.add(now, from, now.Add(BanFor))
}
