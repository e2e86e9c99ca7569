package torrent

import (
	"cmp"
	"math"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/etorrent/etorrent/internal/core/assign"
	"github.com/etorrent/etorrent/internal/core/handshake"
	"github.com/etorrent/etorrent/internal/core/peer"
	"github.com/etorrent/etorrent/internal/core/surplus"
	"github.com/etorrent/etorrent/internal/proc/clock"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/transport"
)

// Peer is a snapshot of a connection.
type Peer struct {
	Addr                 netip.AddrPort
	Transport            transport.Transport
	Client               string // name and version, as it says; printable
	Flags                PeerFlags
	Downloaded, Uploaded int64 // bytes of blocks on this connection
	DownRate, UpRate     int64 // of them, in bytes per second, of late
	Joined               time.Time
}

// PeerFlags is a set of facts about a connection.
type PeerFlags uint8

// The flags: the remote made the connection; we want something of it; it serves us;
// it wants something of us; we serve it.
const (
	PeerConnectedToUs PeerFlags = 1 << iota
	PeerIsWanted
	PeerUnchokesUs
	PeerWantsUs
	PeerIsUnchoked
)

// Has says whether all of g are in the set.
func (f PeerFlags) Has(g PeerFlags) bool { return f&g == g }

// String has a letter for each flag: I(ncoming), w(anted), u(nchokes us), W(ants us),
// U(nchoked).
func (f PeerFlags) String() string {
	var out []byte
	for i, letter := range []byte("IwuWU") {
		if f.Has(1 << i) {
			out = append(out, letter)
		}
	}
	return string(out)
}

// standingFlags are the flags of what the two sides said.
func standingFlags(s peer.Standing) (f PeerFlags) {
	if s.Interest == peer.Interested {
		f |= PeerIsWanted
	}
	if s.ChokesUs == peer.Unchoked {
		f |= PeerUnchokesUs
	}
	if s.WantsUs == peer.Interested {
		f |= PeerWantsUs
	}
	if s.Choke == peer.Unchoked {
		f |= PeerIsUnchoked
	}
	return f
}

// roll is the list of connections. It is a passive leaf: control writes it, anyone
// reads.
type roll struct {
	mu sync.Mutex
	of map[assign.HolderID]*enrolled
}

// enrolled is a connection on the roll.
type enrolled struct {
	addr      netip.AddrPort
	transport transport.Transport
	direction handshake.Direction
	naming    surplus.Naming
	phase     connPhase
	client    string
	joined    time.Time // zero until it is admitted
	meter     *meter
}

func newRoll() *roll { return &roll{of: map[assign.HolderID]*enrolled{}} }

func (r *roll) put(k *connection, n surplus.Naming) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.of[k.id] = &enrolled{addr: k.addr, transport: k.conn.Transport(), direction: k.direction, naming: n, phase: k.phase, meter: k.meter}
}

// admit notes that a connection takes part from now on.
func (r *roll) admit(k *connection, joined time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if e := r.of[k.id]; e != nil {
		e.phase, e.client, e.joined = k.phase, k.client, joined
	}
}

// leave notes that a connection was told to leave.
func (r *roll) leave(k *connection) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if e := r.of[k.id]; e != nil {
		e.phase = k.phase
	}
}

// rename notes what a remote calls itself.
func (r *roll) rename(k *connection) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if e := r.of[k.id]; e != nil {
		e.client = k.client
	}
}

func (r *roll) remove(id assign.HolderID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.of, id)
}

func (r *roll) list(c *clock.Clock) []Peer {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := c.Now()
	out := make([]Peer, 0, len(r.of))
	for _, e := range r.of {
		if e.joined.IsZero() {
			continue
		}
		p := Peer{Addr: e.addr, Transport: e.transport, Client: e.client, Joined: e.joined, Flags: PeerFlags(e.meter.standing.Load())}
		if e.direction == handshake.Accepted {
			p.Flags |= PeerConnectedToUs
		}
		p.Downloaded, p.Uploaded = e.meter.received.Load(), e.meter.sent.Load()
		p.DownRate, p.UpRate = e.meter.down.read(now), e.meter.up.read(now)
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b Peer) int {
		return cmp.Or(a.Joined.Compare(b.Joined), a.Addr.Compare(b.Addr))
	})
	return out
}

// Peers are the admitted connections now, the oldest first.
func (t *Torrent) Peers() []Peer { return t.roll.list(t.env.Clock) }

// rateSpan is what a rate is measured over: what came before that weighs a third.
const rateSpan = 5 * time.Second

// pulse is a rate that one process writes and anyone reads, in bytes per second.
type pulse struct {
	rate atomic.Uint64 // bits of a float64, as it was at
	at   atomic.Int64  // an instant
}

// add counts n bytes.
func (p *pulse) add(now mono.Instant, n int) {
	rate := p.faded(now) + float64(n)/rateSpan.Seconds()
	p.at.Store(int64(now))
	p.rate.Store(math.Float64bits(rate))
}

func (p *pulse) faded(now mono.Instant) float64 {
	gone := now.Sub(mono.Instant(p.at.Load())).Seconds()
	return math.Float64frombits(p.rate.Load()) * math.Exp(-max(0, gone)/rateSpan.Seconds())
}

func (p *pulse) read(now mono.Instant) int64 { return int64(p.faded(now)) }

// last is when bytes were counted last; Never, where none were.
func (p *pulse) last() mono.Instant { return mono.Instant(p.at.Load()) }
