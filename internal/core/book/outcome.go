package book

import (
	"net/netip"

	"github.com/etorrent/etorrent/internal/vocab/ipfilter"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/transport"
)

// Trade says whether a connection was of use while it lived.
type Trade uint8

// The trades: no block went either way, or some did.
const (
	TradedNothing Trade = iota
	TradedBlocks
)

// Failed notes that an attempt did not connect or not finish its handshake.
func (c *Core) Failed(now mono.Instant, to netip.AddrPort) {
	if e := c.entries[plain(to)]; e != nil && e.phase == dialling {
		c.families[familyOf(e.addr.Addr())].strikes = 0
		c.backOff(now, e)
	}
}

// Over is what became of the transports over which an endpoint was dialled.
func (c *Core) Over(to netip.AddrPort) transport.Record {
	if e := c.entries[plain(to)]; e != nil {
		return e.over
	}
	return transport.Record{}
}

// Worked notes that a handshake with an endpoint was finished over a transport, and
// Silent that none was.
func (c *Core) Worked(to netip.AddrPort, over transport.Transport) {
	if e := c.entries[plain(to)]; e != nil {
		e.over.Worked(over)
	}
}

// Silent is the contrary of Worked.
func (c *Core) Silent(to netip.AddrPort, over transport.Transport) {
	if e := c.entries[plain(to)]; e != nil {
		e.over.Failed(over)
	}
}

// Connected notes that an endpoint is connected, and has finished its handshake.
func (c *Core) Connected(now mono.Instant, to netip.AddrPort) {
	e := c.entries[plain(to)]
	if e == nil || e.phase == self {
		return
	}
	c.families[familyOf(e.addr.Addr())].strikes = 0
	c.enter(e, connected)
	e.since = now
	c.holdOthers(e)
}

// Ended notes that a connection to an endpoint ended, whether it finished its
// handshake or not. One that traded proves its endpoint however short it was: its
// end is bad luck, and the next is worth a try at once.
func (c *Core) Ended(now mono.Instant, to netip.AddrPort, t Trade) {
	e := c.entries[plain(to)]
	if e == nil || e.phase != connected && e.phase != dialling {
		return
	}
	if e.phase == connected && (t == TradedBlocks || now.Sub(e.since) >= settled) {
		e.wait, e.failures = 0, -1 // the end counts as one
		e.use = max(e.use, t)
	}
	c.backOff(now, e)
}

// Self notes that an endpoint is our own.
func (c *Core) Self(to netip.AddrPort) {
	if e := c.entries[plain(to)]; e != nil && e.phase != self {
		c.enter(e, self)
		c.releaseOthers(e)
	}
}

// backOff has an endpoint wait twice as long as the last time, or leave the book.
func (c *Core) backOff(now mono.Instant, e *entry) {
	person := e.sources.Has(SourcePerson)
	limit := maxWait
	if person {
		limit = personMaxWait
	}
	c.displace(e)
	e.wait = min(limit, max(firstWait, 2*e.wait))
	e.failures++
	c.waitUntil(e, now.Add(e.wait))
	c.releaseOthers(e)
	if e.sources == 0 || !person && e.failures >= failuresBorne || c.filter.View(e.addr.Addr()) == ipfilter.Blocked {
		c.drop(e)
	}
}

// standing orders endpoints by what is known of them: the less the better.
func (e *entry) standing() int { return 2*e.failures + 1 - int(e.use) }

// worth says whether an endpoint may give way to another one.
type worth uint8

const (
	mayGiveWay worth = iota
	isVouchedFor
)

// viewWorth judges an endpoint: a person vouches for it, or blocks that came or went.
// One that is connected or being connected stays as well.
func (e *entry) viewWorth() worth {
	switch e.phase {
	case idle, waiting, held:
	case dialling, connected, self:
		return isVouchedFor
	}
	if e.sources.Has(SourcePerson) || e.use == TradedBlocks && e.failures < failuresOfTheUseful {
		return isVouchedFor
	}
	return mayGiveWay
}

// drop takes an endpoint out of the book.
func (c *Core) drop(e *entry) {
	c.enter(e, waiting) // out of what its phase means
	c.displace(e)
	c.leaveHost(e)
	delete(c.entries, e.addr)
}
