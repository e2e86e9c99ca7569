package announce

import (
	"slices"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/tracker"
)

const (
	// usualInterval is taken where a tracker tells none.
	usualInterval = 30 * time.Minute
	// usualLeast is taken for the least interval where a tracker tells none, and its
	// interval is not shorter.
	usualLeast = 5 * time.Minute
	// shortestInterval and longestInterval bound the interval that trackers may tell: no
	// tracker is served by more, and none that demands no more is forgotten for longer.
	shortestInterval = 30 * time.Second
	longestInterval  = 24 * time.Hour
	// longestDemand is the longest span before which a tracker may demand that it is not
	// asked: the longest that its answers can tell.
	longestDemand = tracker.MaxInterval
	// intervalJitter is the part of the interval by which the next announce may come
	// later, so that torrents that began together do not stay so.
	intervalJitter = 10
)

// Answer notes what a tracker said to a request. One that counts as lost, or whose
// torrent is gone, is not known any more.
func (c *Core) Answer(now mono.Instant, id RequestID, e tracker.AnswerEvidence, eff Effects) {
	a := c.flights[id]
	if a == nil {
		return
	}
	c.land(a, now)
	switch e := e.(type) {
	case tracker.Answered:
		c.succeed(a, &e.Response, now, eff)
	case tracker.Refused:
		c.fail(a, Refused(e), now, eff)
	case tracker.Nonsense:
		c.fail(a, Nonsense{e.Fault}, now, eff)
	}
	c.plan(a.row.t, now, eff)
	c.pump(now, eff)
}

// Failed notes that a request got no answer. What a tracker said is for Answer.
func (c *Core) Failed(now mono.Instant, id RequestID, f Fault, eff Effects) {
	a := c.flights[id]
	if a == nil {
		return
	}
	c.land(a, now)
	c.fail(a, f, now, eff)
	c.plan(a.row.t, now, eff)
	c.pump(now, eff)
}

func (c *Core) succeed(a *arm, r *tracker.Response, now mono.Instant, eff Effects) {
	t := a.row.t
	c.recovered(a.row)
	a.schedule(c, r, now)
	if r.TrackerID != "" {
		a.row.trackerID = r.TrackerID
	}
	a.failures, a.blocked = 0, mono.Never
	a.told, a.former, a.held = toldStarted, notListedBefore, mono.Never
	if a.flight.errand == toStop || a.row.given == givenUp { // in the other family
		a.told = toldNothing
	}
	if a.flight.errand == toComplete {
		a.owes = owesNothing
	}
	t.heard = heardSome
	a.standing = Working{Seeders: r.Seeders, Leechers: r.Leechers, Peers: len(r.Peers), Warning: a.row.url.Scrub(r.Warning), Next: a.due}
	if a.goal() == announcing && a.flight.errand != toStop {
		c.becomeCurrent(a.row, eff)
		if len(r.Peers) > 0 {
			eff.Peers(t.id, r.Peers, a.row.url)
		}
	}
	if r.ExternalIP.IsValid() {
		eff.ExternalIP(r.ExternalIP, a.row.url)
	}
	eff.Report(t.id, a.report())
	eff.Save(t.id)
}

// schedule takes over when a tracker wants to hear of us again. Time counts from the
// answer, so that it is over for the tracker too.
func (a *arm) schedule(c *Core, r *tracker.Response, now mono.Instant) {
	a.heard = now
	a.interval = r.Interval
	if a.interval == 0 {
		a.interval = usualInterval
	}
	a.interval = min(max(a.interval, shortestInterval), longestInterval)
	a.least = min(r.MinInterval, longestDemand)
	if a.least == 0 {
		a.least = min(a.interval, usualLeast)
	}
	a.interval = max(a.interval, a.least)
	a.floor = now.Add(a.least)
	a.due = now.Add(a.interval + c.random(a.interval/intervalJitter))
}

// becomeCurrent makes a row the current one of its lane, and the first of its tier
// (BEP 12).
func (c *Core) becomeCurrent(r *row, eff Effects) {
	l := r.t.laneOf(r)
	if l == nil {
		return
	}
	if old := l.current; old != nil && old.host != r.host && r.t.isPrivate() {
		eff.Drop(r.t.id, old.url)
	}
	l.current = r
	l.forgetAsked()
	at := slices.Index(l.rows, r)
	first := at
	for first > 0 && l.rows[first-1].tier == r.tier {
		first--
	}
	copy(l.rows[first+1:at+1], l.rows[first:at])
	l.rows[first] = r
}
