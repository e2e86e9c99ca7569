package announce

import (
	"time"

	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/tracker"
)

const (
	// httpPatience and udpPatience are how long a request may take whose tracker is
	// the only one; that of UDP is one attempt of BEP 15, whose repetitions are
	// requests of their own.
	httpPatience = 45 * time.Second
	udpPatience  = tracker.ResendAfter
	// httpHaste and udpHaste are those of a tracker beside which there are others.
	httpHaste = 15 * time.Second
	udpHaste  = 5 * time.Second
	// grace is how much later a request counts as lost: who makes it has crashed.
	grace = 10 * time.Second
)

// pump sends what is most urgent among all hosts that may be asked, while there is
// room. What waited so long that there is something else to say is thought over.
func (c *Core) pump(now mono.Instant, eff Effects) {
	for len(c.flights) < c.cfg.InFlight {
		h := c.ready.First()
		if h == nil {
			return
		}
		a := *(*h).queue.First()
		if a.urgency(now) != a.line.urgency || a.errand(now) == nothing {
			c.plan(a.row.t, now, eff)
			continue
		}
		c.send(a, now, eff)
	}
}

func (c *Core) send(a *arm, now mono.Instant, eff Effects) {
	t, h := a.row.t, a.row.host
	e := a.errand(now)
	c.last++
	h.queue.Remove(a)
	h.flying++
	h.next = now.Add(c.cfg.Gap)
	patience := c.patience(a, now)
	a.phase, a.asked = flying, notAsked
	a.flight = flight{id: c.last, errand: e, sent: now, left: t.counters.left, until: now.Add(patience + grace)}
	a.again = now.Add(startAgain)
	c.flights[c.last] = a
	c.line(h, now)
	c.ringBy(&t.timer, a.flight.until)
	if moved := t.counters.note(); moved == countersMoved || e != toStop { // a killed run asked too
		eff.Save(t.id)
	}
	eff.Send(Request{
		ID: c.last, Torrent: t.id, Tracker: a.row.url, Family: a.family(), Patience: patience,
		Announce: tracker.Announce{
			InfoHash: t.about.InfoHash, PeerID: t.about.PeerID,
			Uploaded: t.counters.uploaded.told, Downloaded: t.counters.downloaded.told, Left: t.counters.left,
			Event: e.event(), Key: t.key, NumWant: c.numWant(t, e), TrackerID: a.row.trackerID,
		},
	})
}

func (c *Core) numWant(t *torrent, e errand) int32 {
	if e == toStop || t.goal == leaving || t.appetite == HasEnough {
		return 0
	}
	return c.cfg.NumWant
}

func (c *Core) patience(a *arm, now mono.Instant) time.Duration {
	alone, hasty := httpPatience, httpHaste
	if a.row.url.Scheme() == tracker.UDP {
		alone, hasty = udpPatience, udpHaste
	}
	p := alone
	if a.row.t.hasOthers(a.row, now) {
		p = hasty
	}
	if c.closing != mono.Never {
		p = max(0, min(p, c.closing.Sub(now)))
	}
	return p
}

// hasOthers says whether there is another tracker to try if a row does not answer.
func (t *torrent) hasOthers(r *row, now mono.Instant) bool {
	l := t.laneOf(r)
	if l == nil || l.current == r && r.isHeld(now) {
		return false
	}
	for _, o := range l.rows {
		if o != r && o.given == notGivenUp {
			return true
		}
	}
	return false
}

// land takes the request of an arm out of those in flight.
func (c *Core) land(a *arm, now mono.Instant) {
	delete(c.flights, a.flight.id)
	a.phase = resting
	h := a.row.host
	h.flying--
	c.line(h, now)
}
