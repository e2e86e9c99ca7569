package announce

import (
	"time"

	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/ordered"
	"github.com/etorrent/etorrent/internal/vocab/tracker"
)

const (
	// familiesLast is how long the families of a host count before it is looked up
	// anew, during which they go on counting.
	familiesLast = 30 * time.Minute
	// lookupLost is how long a lookup may go without an answer.
	lookupLost = time.Minute
	// lookupWait is the first wait after a lookup that found nothing; it doubles.
	lookupWait = 15 * time.Second

	// downAfter is how many requests in a row have to fail for all to wait.
	downAfter = 3
	// downWait is the first such wait; it doubles.
	downWait = 15 * time.Second
	// longestDown bounds both waits.
	longestDown = 15 * time.Minute
)

// host is what trackers of one name have in common: its addresses, and the pace at
// which it is asked.
type host struct {
	name     string
	rows     int // of how many trackers it is the host
	families Families
	fresh    mono.Instant  // until when they count
	wait     time.Duration // of NoAddress
	lookup   lookup
	lost     mono.Instant // when a lookup counts as lost
	waiting  []*row       // for the first lookup
	queue    ordered.Heap[*arm]
	flying   int
	next     mono.Instant // before which nothing is sent
	timer    timer
	in       int // its place among the ready
	services []*service
}

type lookup uint8

const (
	notLookedUp lookup = iota
	lookedUp
)

// service is a port of a host that is asked by one protocol. One that answers nobody
// is left alone for a while, so that not each of a thousand torrents has to find out.
type service struct {
	scheme    tracker.Scheme
	port      uint16
	failures  int // in a row, of whatever torrent
	downUntil mono.Instant
	wait      time.Duration
}

// Before has the host whose first arm is.
func (h *host) Before(o *host) bool { return (*h.queue.First()).Before(*o.queue.First()) }

// Place is for the heap.
func (h *host) Place() *int { return &h.in }

// Before is the order in which arms wait.
func (a *arm) Before(o *arm) bool {
	if a.line.urgency != o.line.urgency {
		return a.line.urgency < o.line.urgency
	}
	return a.line.rank < o.line.rank
}

// Place is for the heap.
func (a *arm) Place() *int { return &a.line.place }

// hold notes that a row is of a host, which is made if there is none.
func (c *Core) hold(r *row) {
	name := r.url.Host()
	h := c.hosts[name]
	if h == nil {
		h = &host{name: name}
		h.timer.of = h
		c.hosts[name] = h
	}
	h.rows++
	r.host = h
	for _, s := range h.services {
		if s.scheme == r.url.Scheme() && s.port == r.url.Port() {
			r.service = s
			return
		}
	}
	r.service = &service{scheme: r.url.Scheme(), port: r.url.Port()}
	h.services = append(h.services, r.service)
}

// release lets go of a row's host, which is forgotten after its last row, when the
// pace that it is asked at does not matter any more.
func (c *Core) release(r *row, now mono.Instant) {
	r.waits = waitsForNothing
	r.host.rows--
	c.line(r.host, now)
}

// enqueue has an arm wait for its host, behind those that are more urgent.
func (c *Core) enqueue(a *arm, now mono.Instant) {
	c.ranks++
	a.phase = queued
	a.line.urgency, a.line.rank = a.urgency(now), c.ranks
	if a.line.urgency == urgencyStopped {
		a.line.rank = ^a.row.t.order // the newest first
	}
	a.row.host.queue.Add(a)
	c.line(a.row.host, now)
}

func (c *Core) dequeue(a *arm, now mono.Instant) {
	a.row.host.queue.Remove(a)
	a.phase = resting
	c.line(a.row.host, now)
}

// line puts a host among the ready, or sets its timer for when it may be. It follows
// each change of what the host's order depends on.
func (c *Core) line(h *host, now mono.Instant) {
	c.ready.Remove(h)
	if h.rows == 0 {
		c.ringAt(&h.timer, max(now, h.next))
		return
	}
	at := mono.Never
	if h.lookup == lookedUp {
		at = h.lost
	}
	if h.queue.Len() > 0 && h.flying < c.cfg.PerHost {
		if h.next > now {
			at = mono.Earliest(at, h.next)
		} else {
			c.ready.Add(h)
		}
	}
	c.ringAt(&h.timer, at)
}

func (h *host) ring(c *Core, now mono.Instant, eff Effects) {
	if h.rows == 0 {
		delete(c.hosts, h.name)
		return
	}
	if h.lookup == lookedUp && h.lost <= now {
		h.lookup = notLookedUp
		c.find(h, now, eff)
	}
	c.line(h, now)
}

// renew has a host looked up whose families have counted for long.
func (c *Core) renew(h *host, now mono.Instant, eff Effects) {
	if h.fresh <= now {
		c.find(h, now, eff)
	}
}

// find has a host looked up, unless it is.
func (c *Core) find(h *host, now mono.Instant, eff Effects) {
	if h.lookup == notLookedUp {
		h.lookup, h.lost = lookedUp, now.Add(lookupLost)
		eff.Lookup(h.name)
		c.line(h, now)
	}
}

// Resolved notes the address families of a host.
func (c *Core) Resolved(now mono.Instant, name string, f Families, eff Effects) {
	h := c.hosts[name]
	if h == nil {
		return
	}
	h.lookup = notLookedUp
	h.fresh = now.Add(familiesLast)
	switch f {
	case NoAddress, FamiliesUnknown:
		f = NoAddress
		h.wait = min(longestDown, max(lookupWait, 2*h.wait))
		h.fresh = now.Add(h.wait)
	case ByName, OnlyIPv4, OnlyIPv6, BothFamilies:
		h.wait = 0
	}
	changed := h.families != f
	h.families = f
	c.line(h, now)
	for _, r := range c.stopWaiting(h) {
		if f == NoAddress {
			c.failRow(r, NoHost{}, now, eff)
		}
		c.plan(r.t, now, eff)
	}
	if changed {
		c.replanQueue(h, now, eff)
	}
	c.pump(now, eff)
}

// stopWaiting returns the rows that waited for a host's addresses, and do no more.
func (c *Core) stopWaiting(h *host) []*row {
	waiting := h.waiting
	h.waiting = nil
	n := 0
	for _, r := range waiting {
		if r.waits == waitsForHost {
			r.waits = waitsForNothing
			waiting[n] = r
			n++
		}
	}
	return waiting[:n]
}

// replanQueue has the torrents think again that wait for a host.
func (c *Core) replanQueue(h *host, now mono.Instant, eff Effects) {
	var torrents []*torrent
	for _, a := range h.queue.Items() {
		torrents = append(torrents, a.row.t)
	}
	for _, t := range torrents {
		c.plan(t, now, eff)
	}
}
