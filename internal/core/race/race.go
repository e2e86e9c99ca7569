// Package race decides over which transports an endpoint is dialled, in which order,
// and which of its connections stays.
//
// The transports of an endpoint are the lanes of a race. The second lane begins
// HeadStart after the first one did, or at once when that failed, unless a handshake
// was finished before:
//
//	waiting ──Dial──▶ dialling ──Made──▶ shaking ──Finished──▶ the connection stays
//	                     └──Failed──▶ failed ◀──Failed──┘
//
// Of a race one attempt at most stays: with the first that is Finished all others are
// withdrawn, without blame. It is lost when each lane failed, and then by the best
// that any of them showed. Inputs of attempts that are not under way any more are
// outdated, and ignored.
package race

import (
	"net/netip"
	"slices"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/transport"
)

// HeadStart is what the first transport has before the second.
const HeadStart = 300 * time.Millisecond

// Attempt is the number of one attempt; 0 is none.
type Attempt uint64

// Failure says why an attempt failed; the greater, the more it says of the remote.
type Failure uint8

// The failures: there is no such transport here; the machine has no way into that
// network, or to that host in it; nobody answered, somebody refused, or the connection
// ended before its handshake was finished.
const (
	NoTransport Failure = iota
	NoNetwork
	NoHost
	NoAnswer
)

// Begins says which attempt of a race it is.
type Begins uint8

// It is the race's first, or another one was begun before.
const (
	First Begins = iota
	Next
)

// Entry is what is to be dialled.
type Entry struct {
	To     netip.AddrPort
	Via    transport.Transport
	Within time.Duration // of the attempt
	Turn   Begins
}

// Effects receives what is to be done. Its methods only append to a batch.
type Effects interface {
	// Dial begins an attempt. Of each Made or Failed is told.
	Dial(Attempt, Entry)
	// Withdraw ends an attempt that is not needed any more, or its connection.
	Withdraw(Attempt)
	// Lost says that there is no connection over any of the transports.
	Lost(netip.AddrPort, Failure)
}

// Standing says whether an attempt is still under way.
type Standing uint8

// The standings.
const (
	Outdated Standing = iota
	UnderWay
)

type phase uint8

const (
	waiting phase = iota
	dialling
	shaking
	failed
)

// lane is one transport of a race.
type lane struct {
	via     transport.Transport
	phase   phase
	attempt Attempt
}

// running says whether the attempt of a lane is under way.
func (l *lane) running() Standing {
	if l.phase == dialling || l.phase == shaking {
		return UnderWay
	}
	return Outdated
}

type race struct {
	to     netip.AddrPort
	within time.Duration
	lanes  []lane
	due    mono.Instant // when the next lane may begin; Never: that is not known, or there is none
	best   Failure
}

// Core is the races of one torrent. It has one owner.
type Core struct {
	most  int
	races []*race // by their age; bounded by who begins them
	last  Attempt
	under int // attempts under way
}

// New returns a core without races that begins a second lane only while fewer attempts
// than most are under way, and numbers attempts from last on.
func New(most int, last Attempt) *Core { return &Core{most: most, last: last} }

// Begin begins a race to an endpoint over transports, of which there is one at least.
// One that is under way to the same ends.
func (c *Core) Begin(to netip.AddrPort, within time.Duration, over []transport.Transport, eff Effects) {
	if i := slices.IndexFunc(c.races, func(r *race) bool { return r.to == to }); i >= 0 {
		c.end(c.races[i], 0, eff)
	}
	r := &race{to: to, within: within}
	for _, via := range over {
		r.lanes = append(r.lanes, lane{via: via})
	}
	c.races = append(c.races, r)
	c.start(r, First, eff)
}

// start begins the next lane of a race.
func (c *Core) start(r *race, turn Begins, eff Effects) {
	l := &r.lanes[slices.IndexFunc(r.lanes, isWaiting)]
	c.last++
	c.under++
	l.attempt, l.phase = c.last, dialling
	r.due = mono.Never
	eff.Dial(l.attempt, Entry{r.to, l.via, r.within, turn})
}

func isWaiting(l lane) bool { return l.phase == waiting }

// find is the race and the lane of an attempt that is under way; nil where it is not.
func (c *Core) find(a Attempt) (*race, *lane) {
	for _, r := range c.races {
		for i := range r.lanes {
			if l := &r.lanes[i]; l.attempt == a && l.running() == UnderWay {
				return r, l
			}
		}
	}
	return nil, nil
}

// Begun notes that an attempt was begun, after the time that it waited for its turn.
func (c *Core) Begun(now mono.Instant, a Attempt) {
	if r, _ := c.find(a); r != nil && r.due == mono.Never && slices.ContainsFunc(r.lanes, isWaiting) {
		r.due = now.Add(HeadStart)
	}
}

// Made notes that an attempt has a connection, whose handshake begins.
func (c *Core) Made(now mono.Instant, a Attempt) Standing {
	r, l := c.find(a)
	if r == nil {
		return Outdated
	}
	c.Begun(now, a)
	l.phase = shaking
	return UnderWay
}

// Failed notes that an attempt has no connection, or that it ended before its
// handshake was finished.
func (c *Core) Failed(now mono.Instant, a Attempt, why Failure, eff Effects) Standing {
	r, l := c.find(a)
	if r == nil {
		return Outdated
	}
	l.phase = failed
	c.under--
	r.best = max(r.best, why)
	switch {
	case slices.ContainsFunc(r.lanes, isWaiting):
		r.due = now
	case r.underWay() == 0:
		c.remove(r)
		eff.Lost(r.to, r.best)
	}
	return UnderWay
}

// Finished notes that the handshake of an attempt's connection is finished, or that the
// end of it says all about the endpoint. If it was under way it is the one that stays.
func (c *Core) Finished(a Attempt, eff Effects) Standing {
	r, _ := c.find(a)
	if r == nil {
		return Outdated
	}
	c.end(r, a, eff)
	return UnderWay
}

// end ends a race and withdraws all its attempts but one.
func (c *Core) end(r *race, but Attempt, eff Effects) {
	c.under -= r.underWay()
	c.remove(r)
	for i := range r.lanes {
		if l := &r.lanes[i]; l.running() == UnderWay && l.attempt != but {
			eff.Withdraw(l.attempt)
		}
	}
}

func (c *Core) remove(r *race) {
	c.races = slices.DeleteFunc(c.races, func(o *race) bool { return o == r })
}

// underWay is the number of a race's attempts that are.
func (r *race) underWay() int {
	n := 0
	for i := range r.lanes {
		if r.lanes[i].running() == UnderWay {
			n++
		}
	}
	return n
}

// Next begins the lanes that are due, the longest waiting first. One whose race has no
// other attempt under way takes the place of that; others begin while there is room.
func (c *Core) Next(now mono.Instant, eff Effects) {
	for _, r := range c.races {
		if r.due != mono.Never && r.due <= now && (c.under < c.most || r.underWay() == 0) {
			c.start(r, Next, eff)
		}
	}
}

// NextDeadline is when Next has a reason to be called again, apart from the other
// inputs.
func (c *Core) NextDeadline() mono.Instant {
	next := mono.Never
	for _, r := range c.races {
		if c.under < c.most || r.underWay() == 0 {
			next = mono.Earliest(next, r.due)
		}
	}
	return next
}

// Beside is the number of attempts that are under way beside another one to the same
// endpoint.
func (c *Core) Beside() int {
	n := 0
	for _, r := range c.races {
		n += max(0, r.underWay()-1)
	}
	return n
}
