package tracking

import (
	"net/netip"
	"sync"

	"github.com/etorrent/etorrent/internal/core/swarms"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/tracker"
)

// Totals are those of the core, and what did not get so far.
type Totals struct {
	swarms.Totals
	Connects  uint64 // over UDP
	Malformed uint64 // requests
	Strangers uint64 // requests over UDP with a connection id that was not given
}

// shared is the core for all sockets. It is a passive leaf: its lock guards one step
// of the core, which waits for nobody. A core in which a step panicked is thrown
// away with all that it knew but the list; peers announce again.
type shared struct {
	mu     sync.Mutex
	config swarms.Config
	core   *swarms.Swarms
	step   step
	list   swarms.List
	others Totals // without those of the core
}

// step says whether the core is between two steps.
type step uint8

const (
	between step = iota
	inside
)

func newShared(c swarms.Config, l swarms.List) *shared {
	s := &shared{config: c, list: l}
	s.renew()
	return s
}

// renew puts a new core in the place of the one there is.
func (s *shared) renew() {
	s.core = swarms.New(s.config, newRandom())
	if s.list != nil {
		s.core.Allow(s.list)
	}
}

// begin is the core, for a step. The lock is held.
func (s *shared) begin() *swarms.Swarms {
	if s.step == inside {
		s.renew()
	}
	s.step = inside
	return s.core
}

func (s *shared) announce(now mono.Instant, a swarms.Ask, into *tracker.Response) swarms.AnnounceEvidence {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.begin().Announce(now, a, into)
	s.step = between
	return e
}

func (s *shared) scrape(now mono.Instant, from netip.Addr, hashes []tracker.InfoHash, into []tracker.Scrape) ([]tracker.Scrape, swarms.ScrapeEvidence) {
	s.mu.Lock()
	defer s.mu.Unlock()
	into, e := s.begin().Scrape(now, from, hashes, into)
	s.step = between
	return into, e
}

func (s *shared) allow(l swarms.List) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = l
	s.begin().Allow(l)
	s.step = between
}

func (s *shared) totals(now mono.Instant) Totals {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.others
	t.Totals = s.begin().Totals(now)
	s.step = between
	return t
}

// count adds what did not get to the core.
func (s *shared) count(more *Totals) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.others.Connects += more.Connects
	s.others.Malformed += more.Malformed
	s.others.Strangers += more.Strangers
}
