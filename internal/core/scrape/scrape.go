// Package scrape decides how trackers are asked for the counts of swarms (BEP 48,
// BEP 15), which is done only where somebody wants to know.
//
// Each tracker has a line of torrents that it is to be asked about:
//
//	waiting ──its host's turn──▶ flying ──answer, failure──▶ remembered for a while
//
// Invariants: a host has one request in flight at most; what is asked meanwhile goes
// with the next one, as many torrents as it carries. Whoever asks is told of each
// question once. A tracker that was asked is not asked the same again before what it
// said is forgotten, whoever asks.
package scrape

import (
	"slices"
	"time"

	"github.com/etorrent/etorrent/internal/core/announce"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/tracker"
)

// Bounds of what is asked and kept.
const (
	// InFlightAtMost is how many requests are in flight.
	InFlightAtMost = 16
	// WaitingAtMost is how many questions wait for an answer; beyond it they fail.
	WaitingAtMost = 16 << 10
	// RememberedAtMost is how many answers are remembered; beyond it the oldest go.
	RememberedAtMost = 1024
	// PerDatagram is how many torrents one datagram asks about: with 60 it fits into
	// a packet of the least size of IPv6. BEP 15 allows some 74.
	PerDatagram = 60
	// PerPage is how many one URL names: 2.3 KB of it.
	PerPage = 32
)

const (
	// pagePatience and datagramPatience are how long an answer is waited for; a
	// datagram is sent twice, the second time for twice as long.
	pagePatience     = 15 * time.Second
	datagramPatience = 5 * time.Second
	// answerLasts and failureLasts are how long they are remembered.
	answerLasts  = time.Minute
	failureLasts = 15 * time.Second
	// longestMemory bounds what trackers may demand.
	longestMemory = time.Hour
)

// AskerID names who asks.
type AskerID uint64

// RequestID names a request among all that were ever made.
type RequestID uint64

// Question is what somebody wants to know.
type Question struct {
	Tracker tracker.URL
	Hash    tracker.InfoHash
}

// Answer is what became of a question.
//
//sumtype:decl
type Answer interface{ answer() }

// Counted are the counts that the tracker told.
type Counted struct{ Seeders, Leechers, Completed tracker.Count }

// NotListed was answered, without this torrent.
type NotListed struct{}

// Unscrapable is a tracker whose URL does not follow the convention of BEP 48.
type Unscrapable struct{}

// Failed has no good answer.
type Failed struct{ Why announce.Fault }

func (Counted) answer()     {}
func (NotListed) answer()   {}
func (Unscrapable) answer() {}
func (Failed) answer()      {}

// Request is a scrape to be made. Patience is after what it is to be given up as
// announce.TimedOut.
type Request struct {
	ID       RequestID
	Tracker  tracker.URL
	Hashes   []tracker.InfoHash // not to be changed
	Patience time.Duration
}

// Effects receives what follows from an input. Its methods only append to a batch.
type Effects interface {
	// Send makes a request; Answer or Failed answers.
	Send(r Request)
	// Tell answers a question.
	Tell(to AskerID, q Question, a Answer)
}

// Core is the scraping of all trackers. It has one owner.
type Core struct {
	lines   map[tracker.URL]*line
	queue   []*line // those that wait, in order
	busy    map[string]struct{}
	flights map[RequestID]*line
	waiting int // questions without an answer
	last    RequestID
	memory  memory
}

// line is what one tracker is to be asked.
type line struct {
	url     tracker.URL
	waits   []one
	flight  []one // in flight; nil: nothing is
	attempt int   // of what is in flight
	manners manners
	place   place
}

// one is a torrent that somebody asks about.
type one struct {
	hash   tracker.InfoHash
	askers []AskerID
}

// manners say whether a tracker answers to several torrents at once.
type manners uint8

const (
	takesMany manners = iota
	takesOne
)

type place uint8

const (
	unqueued place = iota
	queued
)

// New returns a core that nobody has asked.
func New() *Core {
	return &Core{
		lines: map[tracker.URL]*line{}, busy: map[string]struct{}{}, flights: map[RequestID]*line{},
		memory: memory{said: map[Question]said{}},
	}
}

// Waiting is how many questions have no answer.
func (c *Core) Waiting() int { return c.waiting }

// Ask asks questions for one asker. Each of them is told of.
func (c *Core) Ask(now mono.Instant, by AskerID, questions []Question, eff Effects) {
	for _, q := range questions {
		if a := c.known(now, q); a != nil {
			eff.Tell(by, q, a)
			continue
		}
		c.waiting++
		c.join(q, by)
	}
	c.start(eff)
}

// known is the answer to a question that nobody has to be asked for; nil if somebody
// has to be.
func (c *Core) known(now mono.Instant, q Question) Answer {
	if _, is := q.Tracker.ViewScrape(nil).(tracker.NoScrape); is {
		return Unscrapable{}
	}
	if a := c.memory.recall(now, q); a != nil {
		return a
	}
	if c.waiting >= WaitingAtMost {
		return Failed{announce.Unreachable{Reason: "too much is being asked of trackers"}}
	}
	return nil
}

// join adds an asker to those of a torrent that is asked about.
func (c *Core) join(q Question, by AskerID) {
	l := c.lines[q.Tracker]
	if l == nil {
		l = &line{url: q.Tracker}
		c.lines[q.Tracker] = l
	}
	for _, in := range [][]one{l.flight, l.waits} {
		if i := slices.IndexFunc(in, func(o one) bool { return o.hash == q.Hash }); i >= 0 {
			in[i].askers = append(in[i].askers, by)
			return
		}
	}
	l.waits = append(l.waits, one{q.Hash, []AskerID{by}})
	c.enqueue(l)
}

func (c *Core) enqueue(l *line) {
	if l.place == unqueued && l.flight == nil && len(l.waits) > 0 {
		l.place = queued
		c.queue = append(c.queue, l)
	}
}

// Cancel forgets an asker. What is in flight for it goes on, and is remembered.
func (c *Core) Cancel(by AskerID) {
	for _, l := range c.lines {
		for _, in := range [][]one{l.flight, l.waits} {
			for i := range in {
				before := len(in[i].askers)
				in[i].askers = slices.DeleteFunc(in[i].askers, func(id AskerID) bool { return id == by })
				c.waiting -= before - len(in[i].askers)
			}
		}
		l.waits = slices.DeleteFunc(l.waits, func(o one) bool { return len(o.askers) == 0 })
		c.drop(l)
	}
}

// drop forgets a tracker that nobody asks anything.
func (c *Core) drop(l *line) {
	if l.flight != nil || len(l.waits) > 0 {
		return
	}
	if l.place == queued {
		c.queue = slices.DeleteFunc(c.queue, func(o *line) bool { return o == l })
	}
	delete(c.lines, l.url)
}

// start makes the requests that may be made.
func (c *Core) start(eff Effects) {
	for i := 0; i < len(c.queue) && len(c.flights) < InFlightAtMost; {
		l := c.queue[i]
		if _, is := c.busy[l.url.Host()]; is {
			i++
			continue
		}
		c.queue = slices.Delete(c.queue, i, i+1)
		l.place = unqueued
		n := min(len(l.waits), l.most())
		l.flight, l.waits = slices.Clone(l.waits[:n]), slices.Clone(l.waits[n:])
		l.attempt = 0
		c.send(l, eff)
	}
}

// most is how many torrents one request to a tracker may be about.
func (l *line) most() int {
	switch {
	case l.manners == takesOne:
		return 1
	case l.url.Scheme() == tracker.UDP:
		return PerDatagram
	}
	return PerPage
}

func (c *Core) send(l *line, eff Effects) {
	c.last++
	c.flights[c.last] = l
	c.busy[l.url.Host()] = struct{}{}
	r := Request{ID: c.last, Tracker: l.url, Patience: pagePatience}
	if l.url.Scheme() == tracker.UDP {
		r.Patience = datagramPatience << l.attempt
	}
	for _, o := range l.flight {
		r.Hashes = append(r.Hashes, o.hash)
	}
	eff.Send(r)
}
