// Package roster decides over the life of every torrent of an engine:
//
//	Cold ──WakeAsked──▶ Awake ──RetireAsked──▶ Retiring ──Down──▶ Cold
//	  ▲                   │ Down, of a crash
//	  │                   ▼
//	  └──Resumed── Quarantined ──time, Resumed──▶ Awake
//
// An Awake torrent that ends in order and unasked is started again: somebody stopped
// the supervisor above it. A crash of a torrent never climbs: it is quarantined, for a minute at first and
// an hour at most, and tried again.
//
// Invariants: at most one incarnation of a torrent runs, so Start of a torrent
// follows the Down of its last one; none is started while it retires, nor after
// it was removed.
package roster

import (
	"maps"
	"slices"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/ident"
	"github.com/etorrent/etorrent/internal/vocab/mono"
)

const (
	// FirstQuarantine is how long the first crash keeps a torrent down; it doubles
	// with each crash.
	FirstQuarantine = time.Minute
	// LongestQuarantine bounds the doubling.
	LongestQuarantine = time.Hour
	// Healthy is how long a torrent runs before its crashes are forgotten.
	Healthy = 10 * time.Minute
)

// State is where a torrent is in its life.
//
//sumtype:decl
type State interface{ rosterState() }

// Cold is a row: no process, no open file.
type Cold struct{}

// Awake has its processes started at Since.
type Awake struct{ Since mono.Instant }

// Retiring has its processes asked to stop. Then says what follows.
type Retiring struct{ Then Then }

// Quarantined crashed, and is started again at RetryAt.
type Quarantined struct{ RetryAt mono.Instant }

func (Cold) rosterState()        {}
func (Awake) rosterState()       {}
func (Retiring) rosterState()    {}
func (Quarantined) rosterState() {}

// Then says what follows when a retiring torrent is down.
type Then uint8

// What may follow: it rests, it is started again, or it is forgotten.
const (
	Rest Then = iota
	WakeAgain
	Forget
)

// Departure says how a torrent's processes ended.
type Departure uint8

// The departures.
const (
	InOrder Departure = iota
	Crashed
)

// Effects receives what follows. Its methods append to a batch.
type Effects interface {
	// Start starts the torrent's processes. Down answers.
	Start(id ident.TorrentID)
	// Stop asks the torrent's processes to stop. Down answers.
	Stop(id ident.TorrentID)
	// Quarantined reports a crash.
	Quarantined(id ident.TorrentID, retryAt mono.Instant)
	// Gone reports that a removed torrent has no process left.
	Gone(id ident.TorrentID)
}

type torrent struct {
	state State
	wait  time.Duration // of the next quarantine
}

// Core is the roster. It has one owner. What it decides does not depend on the
// order of a map, so a run can be replayed.
type Core struct {
	torrents map[ident.TorrentID]*torrent
	retries  map[ident.TorrentID]mono.Instant // of the quarantined: few among many
}

// New returns an empty roster.
func New() *Core {
	return &Core{torrents: map[ident.TorrentID]*torrent{}, retries: map[ident.TorrentID]mono.Instant{}}
}

// Add takes a torrent in, cold. A known one stays as it is.
func (c *Core) Add(id ident.TorrentID) {
	if c.torrents[id] == nil {
		c.torrents[id] = &torrent{state: Cold{}, wait: FirstQuarantine}
	}
}

// Past is what a roster leaves of a torrent to the one after it.
type Past struct {
	State State
	Wait  time.Duration // of the next quarantine
}

// Past tells it; Cold and the first wait for an unknown torrent.
func (c *Core) Past(id ident.TorrentID) Past {
	if t := c.torrents[id]; t != nil {
		return Past{State: t.state, Wait: t.wait}
	}
	return Past{State: Cold{}, Wait: FirstQuarantine}
}

// Adopt takes in a torrent, for a new roster in the place of one that crashed. A
// known one stays as it is. What was to run is started, since it may have ended
// unseen: the owner does nothing where it runs. What was to stop is stopped
// again, and what was quarantined stays so.
func (c *Core) Adopt(id ident.TorrentID, p Past, fx Effects) {
	if c.torrents[id] != nil {
		return
	}
	c.torrents[id] = &torrent{state: p.State, wait: p.Wait}
	switch s := p.State.(type) {
	case Cold:
	case Quarantined:
		c.retries[id] = s.RetryAt
	case Awake:
		fx.Start(id)
	case Retiring:
		fx.Start(id)
		fx.Stop(id)
	}
}

// State is the state of a torrent; Cold for an unknown one.
func (c *Core) State(id ident.TorrentID) State {
	if t := c.torrents[id]; t != nil {
		return t.state
	}
	return Cold{}
}

// Wake starts a torrent that is cold or quarantined; one that retires is started
// again when it is down. A person's Resume is a Wake: it ends a quarantine at
// once, but forgets no crash.
func (c *Core) Wake(now mono.Instant, id ident.TorrentID, fx Effects) {
	t := c.torrents[id]
	if t == nil {
		return
	}
	switch s := t.state.(type) {
	case Cold, Quarantined:
		delete(c.retries, id)
		t.state = Awake{Since: now}
		fx.Start(id)
	case Retiring:
		if s.Then == Rest {
			t.state = Retiring{Then: WakeAgain}
		}
	case Awake:
	}
}

// Retire stops a torrent's processes, and ends its quarantine. One that was to be
// woken again when it is down no longer is.
func (c *Core) Retire(id ident.TorrentID, fx Effects) { c.end(id, Rest, fx) }

// Remove stops a torrent's processes and forgets it when they are down. Nothing
// takes that back.
func (c *Core) Remove(id ident.TorrentID, fx Effects) { c.end(id, Forget, fx) }

func (c *Core) end(id ident.TorrentID, then Then, fx Effects) {
	t := c.torrents[id]
	if t == nil {
		return
	}
	switch s := t.state.(type) {
	case Awake:
		t.state = Retiring{Then: then}
		fx.Stop(id)
	case Retiring:
		if s.Then != Forget {
			t.state = Retiring{Then: then}
		}
	case Cold, Quarantined:
		delete(c.retries, id)
		t.state = Cold{}
		if then == Forget {
			delete(c.torrents, id)
			fx.Gone(id)
		}
	}
}

// Down notes that a torrent's processes ended. An Awake one that crashed is
// quarantined, another one is started again; how a retiring one ended does not matter.
func (c *Core) Down(now mono.Instant, id ident.TorrentID, how Departure, fx Effects) {
	t := c.torrents[id]
	if t == nil {
		return
	}
	switch s := t.state.(type) {
	case Retiring:
		t.state = Cold{}
		switch s.Then {
		case WakeAgain:
			c.Wake(now, id, fx)
		case Forget:
			delete(c.torrents, id)
			fx.Gone(id)
		case Rest:
		}
	case Awake:
		t.state = Cold{}
		switch how {
		case Crashed:
			c.quarantine(now, id, s, fx)
		case InOrder:
			c.Wake(now, id, fx)
		}
	case Cold, Quarantined:
	}
}

func (c *Core) quarantine(now mono.Instant, id ident.TorrentID, was Awake, fx Effects) {
	t := c.torrents[id]
	if now.Sub(was.Since) >= Healthy {
		t.wait = FirstQuarantine
	}
	q := Quarantined{RetryAt: now.Add(t.wait)}
	t.wait = min(2*t.wait, LongestQuarantine)
	t.state = q
	c.retries[id] = q.RetryAt
	fx.Quarantined(id, q.RetryAt)
}

// NextDeadline is when Tick is due; mono.Never while none is quarantined.
func (c *Core) NextDeadline() mono.Instant {
	d := mono.Never
	for _, retry := range c.retries {
		d = mono.Earliest(d, retry)
	}
	return d
}

// Tick starts the torrents whose quarantine is over, by ascending id.
func (c *Core) Tick(now mono.Instant, fx Effects) {
	for _, id := range slices.Sorted(maps.Keys(c.retries)) {
		if now >= c.retries[id] {
			c.Wake(now, id, fx)
		}
	}
}
