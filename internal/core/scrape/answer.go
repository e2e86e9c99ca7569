package scrape

import (
	"time"

	"github.com/etorrent/etorrent/internal/core/announce"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/tracker"
)

// Answer notes what a tracker said to a request. Swarms that were not asked about are
// passed over.
func (c *Core) Answer(now mono.Instant, id RequestID, e tracker.ScrapeReplyEvidence, eff Effects) {
	l := c.land(id)
	if l == nil {
		return
	}
	switch e := e.(type) {
	case tracker.Scraped:
		c.count(now, l, &e, eff)
	case tracker.ScrapeRefused:
		e.Failure.Reason = l.url.Scrub(e.Failure.Reason)
		c.refuse(l, said{Failed{announce.Refused(e)}, now.Add(spanOf(e.Failure))}, eff)
	case tracker.ScrapeNonsense:
		c.refuse(l, said{Failed{announce.Nonsense{Why: e.Fault}}, now.Add(failureLasts)}, eff)
	}
	c.goOn(l, eff)
}

// Failed notes that a request got no answer. A datagram may be lost, and is sent a
// second time.
func (c *Core) Failed(now mono.Instant, id RequestID, why announce.Fault, eff Effects) {
	l := c.land(id)
	if l == nil {
		return
	}
	if _, late := why.(announce.TimedOut); late && l.url.Scheme() == tracker.UDP && l.attempt == 0 {
		l.attempt++
		c.send(l, eff)
		return
	}
	c.settle(l, said{Failed{why}, now.Add(failureLasts)}, eff)
	c.goOn(l, eff)
}

// land takes a request out of those in flight; nil is one that is not.
func (c *Core) land(id RequestID) *line {
	l := c.flights[id]
	if l != nil {
		delete(c.flights, id)
		delete(c.busy, l.url.Host())
	}
	return l
}

// goOn has what waits be asked.
func (c *Core) goOn(l *line, eff Effects) {
	l.flight = nil
	c.enqueue(l)
	c.drop(l)
	c.start(eff)
}

// refuse tells that a tracker said no, or nonsense. Where it was asked about several
// torrents it is asked about one after the other: not all of them can answer to more.
func (c *Core) refuse(l *line, s said, eff Effects) {
	if len(l.flight) > 1 {
		l.askSingly(l.flight)
		return
	}
	c.settle(l, s, eff)
}

// askSingly asks about each of these by itself, before all others.
func (l *line) askSingly(these []one) {
	l.manners = takesOne
	l.waits = append(these, l.waits...)
	l.flight = nil
}

// count tells what was counted. Over UDP the answer has the order of the question, and
// a torrent that the tracker does not have counts 0; over HTTP it is left out.
func (c *Core) count(now mono.Instant, l *line, e *tracker.Scraped, eff Effects) {
	until := now.Add(min(max(e.MinInterval, answerLasts), longestMemory))
	found := map[tracker.InfoHash]tracker.Scrape{}
	for i, s := range e.Swarms {
		switch {
		case l.url.Scheme() != tracker.UDP:
		case i < len(l.flight):
			s.InfoHash = l.flight[i].hash
		default:
			continue
		}
		if _, twice := found[s.InfoHash]; !twice {
			found[s.InfoHash] = s
		}
	}
	var left []one
	for _, o := range l.flight {
		s, has := found[o.hash]
		if !has {
			left = append(left, o)
			continue
		}
		c.tell(l, o, said{Counted{s.Seeders, s.Leechers, s.Downloaded}, until}, eff)
	}
	told := len(l.flight) - len(left)
	if l.flight = left; told == 1 && len(left) > 0 && l.url.Scheme() != tracker.UDP {
		l.askSingly(left) // the tracker may look at one parameter only
		return
	}
	c.settle(l, said{NotListed{}, until}, eff)
}

// settle tells the same of all that is in flight.
func (c *Core) settle(l *line, s said, eff Effects) {
	for _, o := range l.flight {
		c.tell(l, o, s, eff)
	}
	l.flight = nil
}

func (c *Core) tell(l *line, o one, s said, eff Effects) {
	q := Question{l.url, o.hash}
	c.memory.keep(q, s)
	c.waiting -= len(o.askers)
	for _, to := range o.askers {
		eff.Tell(to, q, s.answer)
	}
}

// spanOf is for how long a refusal is taken as said.
func spanOf(f tracker.Failure) time.Duration {
	span := max(failureLasts, f.MinInterval)
	switch r := f.Retry.(type) {
	case tracker.RetryAfter:
		span = max(span, r.Span)
	case tracker.RetryNever:
		span = longestMemory
	case tracker.RetryUntold, nil:
	}
	return min(span, longestMemory)
}

// memory has what trackers said of late, in the order in which it was said.
type memory struct {
	said  map[Question]said
	order []Question
}

// said is an answer, and until when it stands.
type said struct {
	answer Answer
	until  mono.Instant
}

func (m *memory) recall(now mono.Instant, q Question) Answer {
	if s := m.said[q]; now < s.until {
		return s.answer
	}
	return nil
}

func (m *memory) keep(q Question, s said) {
	if _, known := m.said[q]; !known {
		m.order = append(m.order, q)
	}
	m.said[q] = s
	if len(m.order) > RememberedAtMost {
		delete(m.said, m.order[0])
		m.order = m.order[1:]
	}
}
