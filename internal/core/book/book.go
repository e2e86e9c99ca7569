// Package book remembers where a torrent's peers may be found and decides whom
// to dial next and when: each endpoint is idle, being dialled, connected, or
// waiting out a back-off.
//
//	idle ──Dial──▶ dialling ──Connected──▶ connected ──Ended──▶ waiting
//	                  └──────Failed──────▶ waiting ──time──▶ idle
//
// Self ends an endpoint for good: it is us.
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
	crashWait     = 200 * time.Millisecond
	personMaxWait = 30 * time.Second
	maxWait       = 30 * time.Minute
	// settled is how long a connection lives before it proves its endpoint.
	settled = 30 * time.Second

	// attempt is how long a dialling endpoint may go without an answer before
	// the attempt counts as failed: the dialler may have lost it in a crash.
	attempt = 30 * time.Second

	crashWindow = 10 * time.Minute
	crashBan    = time.Hour
	crashLimit  = 3
)

// Source says who named an endpoint.
type Source uint8

// The sources. Only a person may name loopback and low ports.
const (
	SourcePerson Source = iota
	SourceTracker
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

// Effects receives whom to dial.
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
)

type entry struct {
	addr    netip.AddrPort
	source  Source
	phase   phase
	until   mono.Instant // waiting, or dialling
	since   mono.Instant // connected
	wait    time.Duration
	crashes []crash
}

type crash struct {
	at    mono.Instant
	stack uint64
}

// Core is the book of one torrent. It has one owner.
type Core struct {
	entries map[netip.AddrPort]*entry
	order   []*entry // in the order of arrival: deterministic and fair
	dialing int
}

// New returns an empty book.
func New() *Core { return &Core{entries: map[netip.AddrPort]*entry{}} }

// Add takes note of an endpoint.
func (c *Core) Add(to netip.AddrPort, from Source) AddEvidence {
	to = netip.AddrPortFrom(to.Addr().Unmap(), to.Port())
	if e, ok := c.entries[to]; ok {
		if from == SourcePerson {
			e.source = SourcePerson
		}
		return AlreadyKnown
	}
	if !usable(to, from) {
		return Unusable
	}
	if len(c.order) >= Bound {
		return BookFull
	}
	e := &entry{addr: to, source: from}
	c.entries[to] = e
	c.order = append(c.order, e)
	return Added
}

func usable(to netip.AddrPort, from Source) bool {
	a := to.Addr()
	if !to.IsValid() || to.Port() == 0 || a.IsUnspecified() || a.IsMulticast() {
		return false
	}
	return from == SourcePerson || !a.IsLoopback() && to.Port() >= 1024
}

// Known is the number of endpoints in the book, ourselves left out.
func (c *Core) Known() int {
	n := 0
	for _, e := range c.order {
		if e.phase != self {
			n++
		}
	}
	return n
}

// Next dials idle endpoints while there is room for connections and the
// half-open budget lasts.
func (c *Core) Next(now mono.Instant, room int, eff Effects) {
	for _, e := range c.order {
		if e.phase == dialling && now >= e.until {
			c.Failed(now, e.addr)
		}
		if c.dialing >= HalfOpen || room-c.dialing <= 0 {
			continue
		}
		if e.phase == waiting && now >= e.until {
			e.phase = idle
		}
		if e.phase == idle {
			e.phase, e.until = dialling, now.Add(attempt)
			c.dialing++
			eff.Dial(e.addr)
		}
	}
}

// NextDeadline is when Next has a reason to be called again, apart from the
// other inputs.
func (c *Core) NextDeadline() mono.Instant {
	due := mono.Never
	for _, e := range c.order {
		if e.phase == waiting || e.phase == dialling {
			due = mono.Earliest(due, e.until)
		}
	}
	return due
}

// Failed notes that an attempt did not connect or not finish its handshake.
func (c *Core) Failed(now mono.Instant, to netip.AddrPort) {
	if e := c.leaveDialling(to); e != nil {
		e.backOff(now)
	}
}

// Connected notes that an attempt finished its handshake.
func (c *Core) Connected(now mono.Instant, to netip.AddrPort) {
	if e := c.leaveDialling(to); e != nil {
		e.phase, e.since = connected, now
	}
}

// Self notes that an endpoint is our own.
func (c *Core) Self(to netip.AddrPort) {
	if e := c.leaveDialling(to); e != nil {
		e.phase = self
	}
}

// leaveDialling returns the entry, unless it is unknown or ourselves.
func (c *Core) leaveDialling(to netip.AddrPort) *entry {
	e := c.entries[to]
	if e == nil || e.phase == self {
		return nil
	}
	if e.phase == dialling {
		c.dialing--
	}
	return e
}

// Ended notes that a connection to an endpoint that we dialled ended.
func (c *Core) Ended(now mono.Instant, to netip.AddrPort) {
	e := c.leaveDialling(to)
	if e == nil {
		return
	}
	if e.phase == connected && now.Sub(e.since) >= settled {
		e.wait = 0
	}
	e.backOff(now)
}

// Crashed notes that the process of a connection panicked with a stack whose
// hash is given. The third time in ten minutes bans the endpoint for an hour,
// unless a person named it.
func (c *Core) Crashed(now mono.Instant, to netip.AddrPort, stack uint64) {
	e := c.leaveDialling(to)
	if e == nil {
		return
	}
	same := 0
	kept := e.crashes[:0]
	for _, old := range append(e.crashes, crash{at: now, stack: stack}) {
		if now.Sub(old.at) <= crashWindow {
			kept = append(kept, old)
			if old.stack == stack {
				same++
			}
		}
	}
	e.crashes = kept
	if same >= crashLimit && e.source != SourcePerson {
		e.phase, e.until = waiting, now.Add(crashBan)
		return
	}
	e.phase, e.until = waiting, now.Add(crashWait<<min(len(kept)-1, 5))
}

// View says whether an endpoint may connect to us now.
func (c *Core) View(now mono.Instant, from netip.AddrPort) Standing {
	e := c.entries[from]
	if e != nil && e.phase == waiting && now < e.until && len(e.crashes) > 0 {
		return BackedOff
	}
	return Welcome
}

// Standing says whether an endpoint may connect to us.
type Standing uint8

// The standings.
const (
	Welcome Standing = iota
	BackedOff
)

func (e *entry) backOff(now mono.Instant) {
	limit := maxWait
	if e.source == SourcePerson {
		limit = personMaxWait
	}
	e.wait = min(limit, max(firstWait, 2*e.wait))
	e.phase, e.until = waiting, now.Add(e.wait)
}
