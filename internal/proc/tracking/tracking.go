// Package tracking runs a tracker: the core swarms behind sockets of HTTP (BEP 3)
// and UDP (BEP 15), as a tree of its own.
//
// Each socket has a process, which asks the one core that all share for each
// announce. The core waits for nobody, so neither do they for long.
package tracking

import (
	"context"
	crand "crypto/rand"
	"encoding/binary"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"time"

	"github.com/etorrent/etorrent/internal/core/swarms"
	"github.com/etorrent/etorrent/internal/leaf/crowd"
	"github.com/etorrent/etorrent/internal/proc/clock"
	pnet "github.com/etorrent/etorrent/internal/proc/net"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/tracker"
	"github.com/etorrent/etorrent/sup"
)

const (
	// connections bounds those of HTTP, in all and of one network.
	connections     = 4096
	connectionsEach = 1024
	// crashes is how often processes may crash within a minute.
	crashes = 60
)

// Claims says what the address is worth that a client tells of itself.
type Claims uint8

// The choices.
const (
	// IgnoreClaims takes the address that the announce came from.
	IgnoreClaims Claims = iota
	// BelieveLocalClaims takes what a client tells that announces from this machine or a
	// private network, as one does that reaches the tracker without the address
	// translator that its peers see.
	BelieveLocalClaims
)

// Config is what a tracker is told at its start.
type Config struct {
	Listen  []string // HOST:PORT, for HTTP and UDP; an empty host is every address, port 0 any
	Network pnet.Network
	Swarms  swarms.Config
	List    swarms.List // the torrents that are tracked; nil for all
	Claims  Claims
	Logger  *slog.Logger // for crashes and faults of the network
	Hook    func(sup.Point)
}

// Tracker is one that runs.
type Tracker struct {
	config Config
	egress *pnet.Egress
	clock  *clock.Clock
	gate   swarms.Gate
	swarms *shared
	crowd  *crowd.Crowd
	seats  []*seat
	tree   *sup.Tree
}

// ListenError says where a tracker cannot listen.
type ListenError struct {
	Address string
	Err     error
}

// Error names the address and the reason.
func (e *ListenError) Error() string { return "cannot listen on " + e.Address + ": " + e.Err.Error() }

// Unwrap returns the system's error.
func (e *ListenError) Unwrap() error { return e.Err }

// Start starts a tracker, which takes requests when it returns. ctx bounds the start
// only. A port that is taken is a *ListenError.
func Start(ctx context.Context, c Config) (*Tracker, error) {
	t := &Tracker{
		config: c, egress: pnet.NewEgress(c.Network), clock: clock.New(),
		swarms: newShared(c.Swarms, c.List), crowd: crowd.New(connections, connectionsEach),
	}
	var secret swarms.Secret
	_, _ = crand.Read(secret[:]) // it never fails
	t.gate = swarms.NewGate(secret)
	for _, address := range c.Listen {
		if err := t.open(ctx, address); err != nil {
			t.closeSeats()
			return nil, &ListenError{address, err}
		}
	}
	s := sup.Supervisor{Strategy: sup.OneForOne, Intensity: sup.Intensity{Restarts: crashes, Within: time.Minute}}
	for _, seat := range t.seats {
		s.Children = append(s.Children, seat.child(t))
	}
	tree, err := sup.Start(ctx, "tracker", s, sup.Options{Observe: t.report, Hook: c.Hook})
	if err != nil {
		t.closeSeats()
		return nil, err
	}
	t.tree = tree
	return t, nil
}

func (t *Tracker) report(r sup.Report) {
	t.config.Logger.Error("a process ended", "path", r.Path, "exit", r.Exit)
}

// HTTP are the addresses of HTTP, UDP those of UDP.
func (t *Tracker) HTTP() []netip.AddrPort { return t.places(overHTTP) }

// UDP are the addresses of UDP.
func (t *Tracker) UDP() []netip.AddrPort { return t.places(overUDP) }

func (t *Tracker) places(p protocol) []netip.AddrPort {
	var out []netip.AddrPort
	for _, s := range t.seats {
		if s.protocol == p {
			out = append(out, s.at)
		}
	}
	return out
}

// Allow tracks these torrents only from now on.
func (t *Tracker) Allow(l swarms.List) { t.swarms.allow(l) }

// Totals is how the tracker stands.
func (t *Tracker) Totals() Totals { return t.swarms.totals(t.clock.Now()) }

// Tree is the live tree of processes.
func (t *Tracker) Tree() sup.Snapshot { return t.tree.Snapshot() }

// Stop stops it. If ctx ends first it goes on stopping.
func (t *Tracker) Stop(ctx context.Context) error { return t.tree.Stop(ctx) }

// Done is closed when it has stopped.
func (t *Tracker) Done() <-chan struct{} { return t.tree.Done() }

// Err is why it stopped by itself; nil else.
func (t *Tracker) Err() error { return t.tree.Err() }

// request is an announce as it came.
type request struct {
	announce *tracker.Announce
	remote   netip.Addr
	told     swarms.Told
}

// announce asks the core.
func (t *Tracker) announce(now mono.Instant, r request, into *tracker.Response) swarms.AnnounceEvidence {
	ask := swarms.Ask{Announce: r.announce, From: t.from(r), Told: r.told}
	return t.swarms.announce(now, ask, into)
}

// from is where the announcer can be reached.
func (t *Tracker) from(r request) netip.Addr {
	local := r.remote.IsLoopback() || r.remote.IsPrivate()
	if t.config.Claims == BelieveLocalClaims && local {
		for _, told := range [...]netip.Addr{r.announce.IPv4, r.announce.IPv6} {
			if told.IsValid() {
				return told
			}
		}
	}
	return r.remote
}

// newRandom is a source for picking peers, which nobody has to be able to guess.
func newRandom() *rand.Rand {
	var b [16]byte
	_, _ = crand.Read(b[:]) // it never fails
	return rand.New(rand.NewPCG(binary.NativeEndian.Uint64(b[:8]), binary.NativeEndian.Uint64(b[8:])))
}
