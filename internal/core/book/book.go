// Package book remembers where a torrent's peers may be found and decides whom
// to dial next and when: each endpoint is idle, being dialled, connected, or
// waiting out a back-off.
//
//	idle ──Next──▶ dialling ──Connected──▶ connected ──Ended──▶ waiting
//	                  └──Failed, Ended, no answer──▶ waiting ──time──▶ idle
//
// Connected comes from any phase, since an attempt may succeed after it counted
// as lost. Crashed leads to waiting from any phase, and Self ends an endpoint
// for good: it is us. ForgetTrackers takes endpoints out in any other phase. Inputs
// that fit no arrow are outdated and ignored.
//
// Idle endpoints are dialled in the order in which they became idle. No input but
// ForgetTrackers costs more than the logarithm of the number of endpoints.
package book

import (
	"net/netip"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/mono"
)

const (
	// Bound is how many endpoints one book holds.
	Bound = 10_000
	// HalfOpen is how many connection attempts run at once.
	HalfOpen = 32

	firstWait     = 500 * time.Millisecond
	personMaxWait = 30 * time.Second
	maxWait       = 30 * time.Minute
	// settled is how long a connection without trade lives before it proves its
	// endpoint.
	settled = 30 * time.Second

	// attempt is how long a dialling endpoint may go without an answer before
	// the attempt counts as failed: the dialler may have lost it in a crash.
	attempt = 30 * time.Second
)

// Source says who named an endpoint.
type Source uint8

// The sources. SourceLocalTracker is a tracker on this machine: it and a person may
// name loopback. Only a person may name low ports.
const (
	SourcePerson Source = iota
	SourceTracker
	SourceLocalTracker
	SourceExchange
)

// AddEvidence says what became of a named endpoint.
type AddEvidence uint8

// The outcomes of Add.
const (
	Added AddEvidence = iota
	AlreadyKnown
	Unusable // no address that may be dialled for this source
	BookFull
)

// Effects receives whom to dial. Its methods only append to a batch.
type Effects interface {
	Dial(to netip.AddrPort)
}

type phase uint8

const (
	idle phase = iota
	dialling
	connected
	waiting
	self
	forgotten // not in the book any more, only in line perhaps
)

type entry struct {
	addr    netip.AddrPort
	source  Source
	phase   phase
	line    inLine
	place   int          // among the timers, from 1 on; 0 is nowhere
	until   mono.Instant // waiting, dialling: when that ends
	since   mono.Instant // connected: from when on
	wait    time.Duration
	crashes []crash
	shunned mono.Instant // until when it may not connect to us either
}

// Core is the book of one torrent. It has one owner.
type Core struct {
	entries map[netip.AddrPort]*entry
	idle    line
	timers  timers
	dialing int
	selves  int
	bans    *Bans
}

// New returns an empty book.
func New() *Core { return NewWith(NewBans()) }

// NewWith returns an empty book that goes on with the bans of a former one, and
// keeps its own there.
func NewWith(b *Bans) *Core { return &Core{entries: map[netip.AddrPort]*entry{}, bans: b} }

// Add takes note of an endpoint.
func (c *Core) Add(to netip.AddrPort, from Source) AddEvidence {
	to = plain(to)
	if e, ok := c.entries[to]; ok {
		if from == SourcePerson {
			e.source = SourcePerson
		}
		return AlreadyKnown
	}
	if !usable(to, from) {
		return Unusable
	}
	if len(c.entries) >= Bound {
		return BookFull
	}
	e := &entry{addr: to, source: from}
	c.entries[to] = e
	c.idle.join(e)
	return Added
}

// plain writes an IPv4 address that is mapped into IPv6 as the IPv4 address.
func plain(a netip.AddrPort) netip.AddrPort { return netip.AddrPortFrom(a.Addr().Unmap(), a.Port()) }

func usable(to netip.AddrPort, from Source) bool {
	a := to.Addr()
	if !to.IsValid() || to.Port() == 0 || a.IsUnspecified() || a.IsMulticast() {
		return false
	}
	switch from {
	case SourcePerson:
		return true
	case SourceLocalTracker:
		return to.Port() >= 1024
	case SourceTracker, SourceExchange:
	}
	return !a.IsLoopback() && to.Port() >= 1024
}

// Presence says whether an endpoint is in the book.
type Presence uint8

// The two.
const (
	Absent Presence = iota
	Present
)

// Presence looks an endpoint up.
func (c *Core) Presence(of netip.AddrPort) Presence {
	if c.entries[plain(of)] == nil {
		return Absent
	}
	return Present
}

// ForgetTrackers takes out what trackers named and no person did.
func (c *Core) ForgetTrackers() {
	for addr, e := range c.entries {
		if e.phase == self || e.source != SourceTracker && e.source != SourceLocalTracker {
			continue
		}
		c.leave(e)
		e.phase = forgotten
		delete(c.entries, addr)
	}
}

// Known is the number of endpoints in the book, ourselves left out.
func (c *Core) Known() int { return len(c.entries) - c.selves }

// Next dials idle endpoints while there is room for connections and the
// half-open budget lasts. Attempts count as connections.
func (c *Core) Next(now mono.Instant, room int, eff Effects) {
	for e := c.timers.due(now); e != nil; e = c.timers.due(now) {
		if e.phase == dialling {
			c.Failed(now, e.addr)
			continue
		}
		c.timers.remove(e)
		e.phase = idle
		c.idle.join(e)
	}
	for c.dialing < min(HalfOpen, room) {
		e := c.idle.next()
		if e == nil {
			return
		}
		if until := c.bans.of(e.addr.Addr()); now < until {
			c.waitUntil(e, until)
			continue
		}
		c.dialing++
		e.phase = dialling
		c.timers.set(e, now.Add(attempt))
		eff.Dial(e.addr)
	}
}

// NextDeadline is when Next has a reason to be called again, apart from the
// other inputs.
func (c *Core) NextDeadline() mono.Instant {
	if len(c.timers.heap) == 0 {
		return mono.Never
	}
	return c.timers.heap[0].until
}

// Failed notes that an attempt did not connect or not finish its handshake.
func (c *Core) Failed(now mono.Instant, to netip.AddrPort) {
	if e := c.entries[plain(to)]; e != nil && e.phase == dialling {
		c.backOff(now, e)
	}
}

// Connected notes that an attempt finished its handshake.
func (c *Core) Connected(now mono.Instant, to netip.AddrPort) {
	if e := c.entries[plain(to)]; e != nil && e.phase != self {
		c.leave(e)
		e.phase, e.since = connected, now
	}
}

// Trade says whether a connection was of use while it lived.
type Trade uint8

// The trades: no block went either way, or some did.
const (
	TradedNothing Trade = iota
	TradedBlocks
)

// Ended notes that a connection to an endpoint that we dialled ended, whether
// it finished its handshake or not. One that traded proves its endpoint however
// short it was: its end is bad luck, and the next is worth a try at once.
func (c *Core) Ended(now mono.Instant, to netip.AddrPort, t Trade) {
	e := c.entries[plain(to)]
	if e == nil || e.phase != connected && e.phase != dialling {
		return
	}
	if e.phase == connected && (t == TradedBlocks || now.Sub(e.since) >= settled) {
		e.wait = 0
	}
	c.backOff(now, e)
}

// Self notes that an endpoint is our own.
func (c *Core) Self(to netip.AddrPort) {
	if e := c.entries[plain(to)]; e != nil && e.phase != self {
		c.leave(e)
		e.phase = self
		c.selves++
	}
}

// leave takes an entry out of what its phase means to the book.
func (c *Core) leave(e *entry) {
	if e.phase == dialling {
		c.dialing--
	}
	c.timers.remove(e)
}

func (c *Core) waitUntil(e *entry, until mono.Instant) {
	c.leave(e)
	e.phase = waiting
	c.timers.set(e, until)
}

// backOff has an endpoint wait twice as long as the last time.
func (c *Core) backOff(now mono.Instant, e *entry) {
	limit := maxWait
	if e.source == SourcePerson {
		limit = personMaxWait
	}
	e.wait = min(limit, max(firstWait, 2*e.wait))
	c.waitUntil(e, now.Add(e.wait))
}
