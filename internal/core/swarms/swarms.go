// Package swarms decides for a tracker: who is in which swarm, whom of it an
// announcer is told, and who is refused (BEP 3, 7, 15, 48).
//
//	unknown ──announce──▶ leecher ⇄ seeder    by what is left
//	leecher, seeder ──stopped, silence, no room──▶ unknown
//
// A peer is an address and a port in one swarm; one that did not announce for
// Lives intervals has left. When there is no room for a peer, the one that
// announced longest ago leaves. When there is none for a torrent, the one leaves
// that has been without peers for longest; if all have peers, the new one is
// refused.
//
// An announce costs as much as there are peers in its answer, however large the
// swarm is. That every peer that left by silence is taken out is paid by the
// announce that it came with.
package swarms

import (
	"math/rand/v2"
	"net/netip"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/tracker"
)

const (
	// WantDefault is how many peers one is told that did not say how many it wants.
	WantDefault = 50
	// WantMost is how many peers one is told at most.
	WantMost = 200
	// Lives is how many intervals a peer may be silent.
	Lives = 2
	// spread is the part of the interval by which the told ones differ, so that
	// those who came together do not come back together.
	spread = 10
	// expireAtOnce bounds the peers that are taken out in one step.
	expireAtOnce = 10_000
)

// Config is what a tracker is told at its start. Every field is set.
type Config struct {
	Interval time.Duration // between the announces of a peer; at least a second
	Torrents int           // at most, with and without peers
	Peers    int           // at most, of all torrents together
	Rate     Rate
}

// Swarms is the state of a tracker.
type Swarms struct {
	config  Config
	rand    *rand.Rand
	limits  limits
	listing listing

	swarms  slab[swarm]
	hashes  map[tracker.InfoHash]int32
	deserts chain // swarms without peers, since when

	peers   slab[peer]
	keys    map[key]int32
	silence chain // all peers, by when they announced last

	present [roles]int // of all torrents
	counts  Counts
}

// Counts are events since the start.
type Counts struct {
	Announces uint64 // that were answered with peers or could have been
	Scrapes   uint64
	Completed uint64
	Evicted   uint64 // peers that left for want of room
	Unlisted  uint64 // refused: another torrent than those allowed
	Full      uint64 // refused: no room for another torrent
	TooOften  uint64 // refused: too many requests of one address
}

// Totals are what a tracker has now, and its counts.
type Totals struct {
	Torrents int // with peers
	Seeders  int
	Leechers int
	Counts
}

// New returns a tracker that allows every torrent. The randomness is its own.
func New(c Config, r *rand.Rand) *Swarms {
	return &Swarms{
		config: c, rand: r, limits: newLimits(c.Rate),
		hashes: map[tracker.InfoHash]int32{}, deserts: newChain(),
		keys: map[key]int32{}, silence: newChain(),
	}
}

// Totals is how the tracker stands.
func (s *Swarms) Totals(now mono.Instant) Totals {
	s.expire(now)
	return Totals{
		Torrents: len(s.hashes) - s.deserts.length, Seeders: s.present[seeder], Leechers: s.present[leecher], Counts: s.counts,
	}
}

// role is what a peer is to the others of its swarm.
type role uint8

const (
	seeder role = iota
	leecher
	roles
)

func roleOf(a *tracker.Announce) role {
	if a.Left == 0 {
		return seeder
	}
	return leecher
}

// family is that of a peer's address.
type family uint8

const (
	ipv4 family = iota
	ipv6
	families
)

func (f family) other() family { return 1 - f }

// swarm is one torrent. Its groups hold numbers of peers, in no order.
type swarm struct {
	hash       tracker.InfoHash
	groups     [families][roles][]int32
	downloaded tracker.Count
}

func (w *swarm) size(r role) int { return len(w.groups[ipv4][r]) + len(w.groups[ipv6][r]) }

func (w *swarm) empty() bool { return w.size(seeder)+w.size(leecher) == 0 }

// key names a peer. It has no pointers, so that the collector passes over all of
// them.
type key struct {
	addr  [16]byte
	swarm int32
	port  uint16
}

// peer is one that announced. At is its place in its group.
type peer struct {
	key        key
	heard      mono.Instant
	at         int32
	role       role
	completion completion
}

// completion says whether the completion of a peer was counted.
type completion uint8

const (
	uncounted completion = iota
	counted
)

func (p *peer) family() family { return familyOf(p.endpoint().Addr()) }

func familyOf(a netip.Addr) family {
	if a.Unmap().Is4() {
		return ipv4
	}
	return ipv6
}

func (p *peer) endpoint() netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom16(p.key.addr).Unmap(), p.key.port)
}
