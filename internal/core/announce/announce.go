// Package announce decides, for all torrents of an engine, which tracker hears of
// which torrent when, and what it is told (BEP 3, 7, 12, 15, 27, 31).
//
// A torrent has its trackers in tiers, and one of them at a time is its current
// tracker. A lane is the tiers that are walked for one current tracker: all of a
// torrent's, or each tier by itself. Each tracker has an arm for each address
// family of its host:
//
//	resting ──its turn──▶ queued ──its host's turn──▶ flying ──answer, failure, time──▶ resting
//
// What an arm has to say, and when its turn is, is derived from its state each time
// that anything changes (plan.go): what the tracker was told, what it demanded, how
// often it failed. So no input has to know what others have begun.
//
// Invariants: an arm has one request in flight at most. A request without an event
// never comes before the tracker's least interval is over. `completed` is told once,
// and only where `started` was told before; `stopped` only where `started` was
// answered. The counters that are told never go down.
//
// No input costs more than the logarithm of the number of torrents, times the number
// of trackers of the torrents that it is about. Those about all torrents are Stop and
// NetworkChanged; that a host is found, or goes down, is about those that wait for it.
package announce

import (
	"math/rand/v2"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/ident"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/ordered"
)

// Config bounds what is asked of trackers. A field of 0 stands for the default.
type Config struct {
	PerHost  int           // requests in flight to one host; 4
	Gap      time.Duration // between two requests to one host; 50 ms
	InFlight int           // requests in flight in all; 64
	NumWant  int32         // peers wanted of each answer; 100
}

func (c Config) withDefaults() Config {
	or := func(n, otherwise int) int {
		if n == 0 {
			return otherwise
		}
		return n
	}
	return Config{
		PerHost:  or(c.PerHost, 4),
		Gap:      time.Duration(or(int(c.Gap), int(50*time.Millisecond))),
		InFlight: or(c.InFlight, 64),
		NumWant:  int32(or(int(c.NumWant), 100)),
	}
}

// Core is the announcing of all torrents. It has one owner. What it decides depends
// on its inputs and its random numbers only.
type Core struct {
	cfg      Config
	rnd      *rand.Rand
	torrents map[ident.TorrentID]*torrent
	hosts    map[string]*host
	flights  map[RequestID]*arm
	timers   ordered.Heap[*timer]
	ready    ordered.Heap[*host]
	last     RequestID
	ranks    uint64 // of what was queued
	starts   uint64 // of torrents
	spread   spread
	life     life
	closing  mono.Instant // Stop: when what is left is given up
}

// life says whether torrents may be added still.
type life uint8

const (
	open life = iota
	closed
)

// New returns a core without torrents. Its random numbers are those of rnd.
func New(cfg Config, rnd *rand.Rand) *Core {
	return &Core{
		cfg: cfg.withDefaults(), rnd: rnd,
		torrents: map[ident.TorrentID]*torrent{}, hosts: map[string]*host{}, flights: map[RequestID]*arm{},
	}
}

// Len is how many torrents there are, with those that are being taken leave of.
func (c *Core) Len() int { return len(c.torrents) }

// InFlight is how many requests are in flight.
func (c *Core) InFlight() int { return len(c.flights) }

// NextDeadline is when Tick has a reason to be called, apart from the other inputs.
func (c *Core) NextDeadline() mono.Instant {
	next := c.closing
	if t := c.timers.First(); t != nil {
		next = mono.Earliest(next, (*t).at)
	}
	return next
}

// Tick lets time pass.
func (c *Core) Tick(now mono.Instant, eff Effects) {
	if c.closing != mono.Never && now >= c.closing {
		c.giveUp(now, eff)
		return
	}
	for t := c.timers.First(); t != nil && (*t).at <= now; t = c.timers.First() {
		due := *t
		c.timers.Remove(due)
		due.of.ring(c, now, eff)
	}
	c.pump(now, eff)
}

// random is a span from 0 up to less than d.
func (c *Core) random(d time.Duration) time.Duration {
	if d <= 0 {
		return 0
	}
	return time.Duration(c.rnd.Int64N(int64(d)))
}
