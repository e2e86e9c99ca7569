package book

import (
	"slices"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/endpoint"
	"github.com/etorrent/etorrent/internal/vocab/mono"
)

const (
	// NamesBound is how many hosts one Names holds.
	NamesBound = 256

	// firstLookupWait is the first wait after a lookup failed; it doubles.
	firstLookupWait = time.Second
	maxLookupWait   = 5 * time.Minute
	// renewAfter is how long what was found counts: addresses of hosts change.
	renewAfter = 30 * time.Minute
	// lookupLost is how long a lookup may go without an answer.
	lookupLost = time.Minute
)

// Names are the hosts that a person named. Each is looked up, again and again
// while that fails, and once in a while when it did not:
//
//	due ──Next──▶ asked ──Found, Failed, no answer──▶ waiting ──time──▶ due
type Names struct {
	hosts map[string]*host
	order []string // in which they were named
}

type host struct {
	ports  []uint16
	until  mono.Instant // when it is looked up next; asked: when the answer counts as lost
	wait   time.Duration
	asked  asking
	failed standingOfHost
}

type asking uint8

const (
	notAsked asking = iota
	asked
)

// standingOfHost says how the last lookup ended.
type standingOfHost uint8

const (
	notFailed standingOfHost = iota
	hasFailed
)

// LookupEffects receives which hosts to look up. Its methods only append to a
// batch.
type LookupEffects interface{ Lookup(host string) }

// NewNames returns no names.
func NewNames() *Names { return &Names{hosts: map[string]*host{}} }

// Add takes note of a name. Those beyond the bound are BookFull.
func (n *Names) Add(now mono.Instant, name endpoint.Name) AddEvidence {
	h := n.hosts[name.Host]
	switch {
	case name.Port == 0:
		return Unusable
	case h == nil && len(n.order) >= NamesBound:
		return BookFull
	case h == nil:
		h = &host{until: now}
		n.hosts[name.Host] = h
		n.order = append(n.order, name.Host)
	case slices.Contains(h.ports, name.Port):
		return AlreadyKnown
	}
	h.ports = append(h.ports, name.Port)
	if h.asked == notAsked {
		h.until = now // what was found before lacks this port
	}
	return Added
}

// Next asks for the lookups that are due.
func (n *Names) Next(now mono.Instant, eff LookupEffects) {
	for _, name := range n.order {
		if h := n.hosts[name]; now >= h.until {
			h.asked, h.until = asked, now.Add(lookupLost)
			eff.Lookup(name)
		}
	}
}

// NextDeadline is when Next has a reason to be called again.
func (n *Names) NextDeadline() mono.Instant {
	next := mono.Never
	for _, h := range n.hosts {
		next = mono.Earliest(next, h.until)
	}
	return next
}

// Found notes that a host has addresses, and returns the ports that were named
// with it.
func (n *Names) Found(now mono.Instant, name string) []uint16 {
	h := n.hosts[name]
	if h == nil {
		return nil
	}
	h.asked, h.failed, h.wait, h.until = notAsked, notFailed, 0, now.Add(renewAfter)
	return h.ports
}

// FailureNews says whether a failure is one to tell of.
type FailureNews uint8

// The outcomes of Failed.
const (
	FirstFailure FailureNews = iota
	FailedBefore             // and nothing was found since; or the host is not known
)

// Failed notes that a lookup found nothing.
func (n *Names) Failed(now mono.Instant, name string) FailureNews {
	h := n.hosts[name]
	if h == nil {
		return FailedBefore
	}
	news := FirstFailure
	if h.failed == hasFailed {
		news = FailedBefore
	}
	h.wait = min(maxLookupWait, max(firstLookupWait, 2*h.wait))
	h.asked, h.failed, h.until = notAsked, hasFailed, now.Add(h.wait)
	return news
}
