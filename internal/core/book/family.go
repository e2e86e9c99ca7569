package book

import (
	"net/netip"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/mono"
)

const (
	// strikesOfAFamily is how many attempts in a row have no route until their family
	// rests, and familyRest for how long.
	strikesOfAFamily = 3
	familyRest       = time.Minute
)

// family is one of the two address families.
type family uint8

const (
	family6 family = iota
	family4
	families = iota
)

func familyOf(a netip.Addr) family {
	if a.Is6() {
		return family6
	}
	return family4
}

// familyState is what the book knows of a family.
type familyState struct {
	external   netip.AddrPort // our own, as others see it; zero: unknown
	idles      int
	dialling   int
	connected  int
	strikes    int          // attempts without a route since one that had one
	restsUntil mono.Instant // Never: it does not rest
}

// readiness says whether a family may be dialled.
type readiness uint8

const (
	familyReady readiness = iota
	familyRests
	familyTried // it rested, and one attempt finds out whether it has a route now
)

func (f *familyState) viewReady() readiness {
	switch {
	case f.restsUntil != mono.Never:
		return familyRests
	case f.strikes >= strikesOfAFamily && f.dialling > 0:
		return familyTried
	}
	return familyReady
}

// Unreached says what an attempt had no route to.
type Unreached uint8

// What may not be reached: the network, or only the host in it.
const (
	UnreachedNetwork Unreached = iota
	UnreachedHost
)

// NoRoute notes that an attempt ended for want of a route. Where nothing of its
// family is connected the family may be what is missing: after three in a row it
// rests for a minute. A network that is not reached is no fault of the endpoint then.
func (c *Core) NoRoute(now mono.Instant, to netip.AddrPort, what Unreached) {
	e := c.entries[plain(to)]
	if e == nil || e.phase != dialling {
		return
	}
	f := &c.families[familyOf(e.addr.Addr())]
	if f.connected > 0 {
		c.backOff(now, e) // others are reached: it is this one
		return
	}
	if f.strikes++; f.strikes >= strikesOfAFamily {
		f.restsUntil = now.Add(familyRest)
	}
	if what == UnreachedHost {
		c.backOff(now, e)
		return
	}
	c.waitUntil(e, now.Add(max(firstWait, e.wait)))
}

// External says which endpoint of ours others see, in its family; one whose address
// is invalid, in no family. Priorities are those of BEP 40 from then on, and it is
// not dialled.
func (c *Core) External(ours netip.AddrPort) {
	ours = plain(ours)
	f := familyOf(ours.Addr())
	if !ours.IsValid() || c.families[f].external == ours {
		return
	}
	c.families[f].external = ours
	for _, e := range c.entries {
		e.rank = c.RankOf(e.addr)
	}
	for _, w := range c.crews {
		if w != nil {
			w.reorder()
		}
	}
	if e := c.entries[ours]; e != nil && e.viewWay() == atHome {
		c.drop(e)
	}
}

// RankOf is the canonical priority of an endpoint, 0 while our own address is not
// known.
func (c *Core) RankOf(to netip.AddrPort) uint32 {
	to = plain(to)
	ours := c.families[familyOf(to.Addr())].external
	if !ours.IsValid() {
		return 0
	}
	return Priority(ours, to)
}
