// Package book remembers where a torrent's peers may be found and decides whom
// to dial next and when: each endpoint is idle, being dialled, connected, or
// waiting out a back-off.
//
//	idle ──Next──▶ dialling ──Connected──▶ connected ──Ended──▶ waiting
//	                  └──Failed, Ended, no answer──▶ waiting ──time──▶ idle
//
// Connected comes from any phase, since an attempt may succeed after it counted
// as lost, and an endpoint may be the one that connected to us. Crashed leads to
// waiting from any phase, and Self ends an endpoint for good: it is us. Inputs that
// fit no arrow are outdated and ignored.
//
// An endpoint leaves the book when it failed too often in a row, when nobody that
// named it counts any more, when it is filtered, or when a better one needs its
// place.
//
// Idle endpoints are dialled crew by crew (crew.go), the best of each first. No
// input costs more than the logarithm of the number of endpoints, but External,
// SetFilter and Forget.
package book

import (
	"net/netip"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/ipfilter"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/transport"
)

const (
	// Bound is how many endpoints one book holds.
	Bound = 10_000
	// HalfOpen is how many endpoints are dialled at once: more than a tracker names
	// by default, so that the dead among them keep nobody waiting.
	HalfOpen = 64
	// Attempts is how many run at once where some endpoints are dialled over two
	// transports.
	Attempts = HalfOpen * 3 / 2
	// Patience is how long an attempt may take where few endpoints wait.
	Patience = 15 * time.Second
	// Impatience is the same where many do: two more SYNs are sent by then, and the
	// dead do not keep the living waiting.
	Impatience = 5 * time.Second
	// many is how many idle endpoints make impatient.
	many = HalfOpen / 8

	firstWait     = 500 * time.Millisecond
	personMaxWait = 30 * time.Second
	maxWait       = 30 * time.Minute
	// failuresBorne is how often in a row an endpoint may fail before it leaves the
	// book, unless a person named it: after two hours and a half.
	failuresBorne = 16
	// failuresOfTheUseful is how often in a row one may fail that was of use, before it
	// may have to give way.
	failuresOfTheUseful = 4
	// settled is how long a connection without trade lives before it proves its
	// endpoint.
	settled = 30 * time.Second

	// attempt is how long a dialling endpoint may go without an answer before the
	// attempt counts as failed. The dialler answers, however long the line of those
	// who wait for it is: this is for one that lost it nevertheless.
	attempt = time.Hour
)

// AddEvidence says what became of a named endpoint.
type AddEvidence uint8

// The outcomes of Add.
const (
	Added AddEvidence = iota
	AlreadyKnown
	Unusable // no address that may be dialled for this origin
	BookFull
	FilteredOut
)

// Effects receives whom to dial, and how long that may take. Its methods only
// append to a batch.
type Effects interface {
	Dial(to netip.AddrPort, within time.Duration)
}

type phase uint8

const (
	idle phase = iota
	dialling
	connected
	waiting
	held // another family of its host is connected
	self
)

type entry struct {
	addr     netip.AddrPort
	sources  Sources
	trackers marks // of SourceTracker
	crew     *crew
	block    *block // of the crew, while it may give way
	phase    phase
	rank     uint32 // of BEP 40; 0 while our address is not known
	failures int    // in a row
	use      Trade  // of any connection ever
	turn     uint64 // in which it became idle
	idleAt   int    // its places, from 1 on; 0 is nowhere
	spareAt  int
	timedAt  int
	until    mono.Instant // waiting, dialling: when that ends
	since    mono.Instant // connected: from when on
	wait     time.Duration
	host     *hostOf
	shunning *shunning // nil: it never crashed
	over     transport.Record
}

// Core is the book of one torrent. It has one owner.
type Core struct {
	entries  map[netip.AddrPort]*entry
	crews    []*crew // by number; nil where nobody is
	trackers trackers
	next     int // the crew whose turn it is
	timers   pile[*entry]
	turns    uint64
	dialing  int
	beside   int // attempts beside those
	selves   int
	families [families]familyState
	filter   *ipfilter.Table
	bans     *Bans
}

// New returns an empty book.
func New() *Core { return NewWith(NewBans()) }

// NewWith returns an empty book that goes on with the bans of a former one, and
// keeps its own there.
func NewWith(b *Bans) *Core {
	return &Core{
		entries: map[netip.AddrPort]*entry{}, bans: b,
		trackers: trackers{numbers: map[string]int{}},
		timers: pile[*entry]{
			before: func(a, b *entry) bool { return a.until < b.until },
			place:  func(e *entry) *int { return &e.timedAt },
		},
	}
}

// Add takes note of an endpoint, or of who else named it.
func (c *Core) Add(to netip.AddrPort, from Origin) AddEvidence {
	to = plain(to)
	if viewNaming(to, from) == notNameable {
		return Unusable
	}
	if to == c.families[familyOf(to.Addr())].external {
		return Unusable
	}
	if c.filter.View(to.Addr()) == ipfilter.Blocked {
		return FilteredOut
	}
	number := c.crewOf(from)
	e := c.entries[to]
	if e != nil {
		c.name(e, from, number)
		return AlreadyKnown
	}
	e = &entry{addr: to, turn: c.turns}
	c.turns++
	e.note(from.Source, number)
	e.rank = c.RankOf(to)
	if len(c.entries) >= Bound && c.makeRoom(e, number) == BookFull {
		return BookFull
	}
	c.entries[to] = e
	c.join(e, number)
	return Added
}

// plain writes an IPv4 address that is mapped into IPv6 as the IPv4 address.
func plain(a netip.AddrPort) netip.AddrPort { return netip.AddrPortFrom(a.Addr().Unmap(), a.Port()) }

func (e *entry) note(s Source, number int) {
	e.sources |= 1 << s
	if s == SourceTracker {
		e.trackers.set(number - sources)
	}
}

// name notes that somebody else named an endpoint too.
func (c *Core) name(e *entry, from Origin, number int) {
	c.displace(e)
	e.note(from.Source, number)
	smaller := number >= len(c.crews) || c.crews[number] == nil || c.crews[number].spares < e.crew.spares
	if from.Source == SourcePerson || smaller && !e.sources.Has(SourcePerson) {
		c.join(e, number)
		return
	}
	c.place(e)
}

// NamedBy is who named an endpoint.
func (c *Core) NamedBy(to netip.AddrPort) Sources {
	if e := c.entries[plain(to)]; e != nil {
		return e.sources
	}
	return 0
}

// Known is the number of endpoints in the book, ourselves left out.
func (c *Core) Known() int { return len(c.entries) - c.selves }

// Next dials idle endpoints while there is room for connections and the
// half-open budget lasts. Attempts count as connections.
func (c *Core) Next(now mono.Instant, room int, eff Effects) {
	for c.timers.len() > 0 && c.timers.first().until <= now {
		if e := c.timers.first(); e.phase == dialling {
			c.Failed(now, e.addr)
		} else {
			c.enter(e, idle)
		}
	}
	for f := range c.families {
		if c.families[f].restsUntil <= now {
			c.families[f].restsUntil = mono.Never
		}
	}
	for c.dialing < min(HalfOpen, Attempts-c.beside, room-c.beside) {
		e := c.best()
		if e == nil {
			return
		}
		if until := c.bans.of(e.addr.Addr()); now < until {
			c.waitUntil(e, until)
			continue
		}
		c.enter(e, dialling)
		e.until = now.Add(attempt)
		c.timers.put(e)
		within := Patience
		if c.ready() >= many {
			within = Impatience
		}
		eff.Dial(e.addr, within)
	}
}

// Beside says how many attempts are under way beside those that Next asked for, to the
// same endpoints.
func (c *Core) Beside(n int) { c.beside = n }

// ready is the number of idle endpoints that may be dialled now.
func (c *Core) ready() int {
	n := 0
	for f := range c.families {
		if c.families[f].restsUntil == mono.Never {
			n += c.families[f].idles
		}
	}
	return n
}

// best is the idle endpoint to be dialled next, nil if there is none.
func (c *Core) best() *entry {
	for range c.crews {
		w := c.crews[c.next%len(c.crews)]
		c.next = (c.next + 1) % len(c.crews)
		if w == nil {
			continue
		}
		var e *entry
		for f := range w.idle {
			if c.families[f].viewReady() == familyReady && w.idle[f].len() > 0 && (e == nil || better(w.idle[f].first(), e)) {
				e = w.idle[f].first()
			}
		}
		if e != nil {
			return e
		}
	}
	return nil
}

// NextDeadline is when Next has a reason to be called again, apart from the
// other inputs.
func (c *Core) NextDeadline() mono.Instant {
	next := mono.Never
	if c.timers.len() > 0 {
		next = c.timers.first().until
	}
	for f := range c.families {
		if c.families[f].idles > 0 {
			next = mono.Earliest(next, c.families[f].restsUntil)
		}
	}
	return next
}

// enter has an entry change its phase.
func (c *Core) enter(e *entry, to phase) {
	c.displace(e)
	c.timers.take(e)
	f := &c.families[familyOf(e.addr.Addr())]
	switch e.phase {
	case dialling:
		c.dialing--
		f.dialling--
	case connected:
		f.connected--
	case self:
		c.selves--
	case idle, waiting, held:
	}
	e.phase = to
	switch to {
	case dialling:
		c.dialing++
		f.dialling++
	case connected:
		f.connected++
	case self:
		c.selves++
	case idle:
		e.turn = c.turns
		c.turns++
	case waiting, held:
	}
	c.place(e)
}

func (c *Core) waitUntil(e *entry, until mono.Instant) {
	c.enter(e, waiting)
	e.until = until
	c.timers.put(e)
}
