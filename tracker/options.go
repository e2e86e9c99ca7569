package tracker

import (
	"log/slog"
	"time"

	"github.com/etorrent/etorrent/internal/core/swarms"
	pnet "github.com/etorrent/etorrent/internal/proc/net"
	"github.com/etorrent/etorrent/internal/proc/tracking"
	"github.com/etorrent/etorrent/metainfo"
)

// Defaults of Options.
const (
	// DefaultListen is where a tracker listens.
	DefaultListen = ":6969"
	// DefaultInterval is between the announces of a peer; MinInterval and MaxInterval
	// are the bounds that others are cut to.
	DefaultInterval = 30 * time.Minute
	MinInterval     = time.Second
	MaxInterval     = 24 * time.Hour
	// DefaultMaxTorrents and DefaultMaxPeers take 200 MB together when all are there.
	DefaultMaxTorrents = 200_000
	DefaultMaxPeers    = 1_000_000

	// origins is how many addresses are remembered for their rates.
	origins = 65_536
)

// DefaultRate lets an address announce a thousand torrents at once, and a hundred a
// second after that.
var DefaultRate = Rate{PerSecond: 100, Burst: 1000}

// Network is where sockets come from: the host's stack, or one in memory.
type Network = pnet.Network

// Options are how a tracker is to be. The zero Options is a tracker for everything on
// port 6969.
type Options struct {
	// Listen has HOST:PORT each, for HTTP and UDP; an empty host is every address,
	// port 0 any that is free for both.
	Listen []string
	// Allow says which torrents are tracked; nil stands for Everything.
	Allow Allow
	// Interval is what peers are told, up to a tenth more. Who is silent for more than
	// two of them has left.
	Interval time.Duration
	// MaxTorrents is how many torrents are known: beyond it new ones are refused,
	// unless there is one without peers. MaxPeers is how many peers of all of them:
	// beyond it the one leaves that announced longest ago.
	MaxTorrents, MaxPeers int
	// Rate is how often one address may ask; the host itself is not limited.
	Rate Rate
	// Claims says what the address is worth that a client tells of itself.
	Claims Claims
	// Network is the host's if nil.
	Network Network
	// Logger is told of crashes and faults of the network; nil tells nobody.
	Logger *slog.Logger
}

// Allow says which torrents are tracked.
//
//sumtype:decl
type Allow interface{ allow() }

// Everything tracks whatever is announced.
type Everything struct{}

// Only tracks these torrents.
type Only []metainfo.InfoHash

func (Everything) allow() {}
func (Only) allow()       {}

// Rate is how often one address may ask; of IPv6, one /64. The zero Rate stands for
// DefaultRate, a negative PerSecond for no limit.
type Rate struct{ PerSecond, Burst int }

func (r Rate) core() swarms.Rate {
	if r.PerSecond < 0 {
		return swarms.Rate{}
	}
	return swarms.Rate{Each: time.Second / time.Duration(r.PerSecond), Burst: max(r.Burst, 1), Origins: origins}
}

// Claims says what the address is worth that a client tells of itself (ip=).
type Claims = tracking.Claims

// The choices: nothing; or that of clients on this machine or in a private network,
// whose own address is perhaps none that their peers can reach.
const (
	IgnoreClaims       = tracking.IgnoreClaims
	BelieveLocalClaims = tracking.BelieveLocalClaims
)

// complete fills in the defaults.
func (o Options) complete() Options {
	if len(o.Listen) == 0 {
		o.Listen = []string{DefaultListen}
	}
	if o.Interval == 0 {
		o.Interval = DefaultInterval
	}
	o.Interval = min(max(o.Interval, MinInterval), MaxInterval)
	if o.MaxTorrents <= 0 {
		o.MaxTorrents = DefaultMaxTorrents
	}
	if o.MaxPeers <= 0 {
		o.MaxPeers = DefaultMaxPeers
	}
	if o.Rate == (Rate{}) {
		o.Rate = DefaultRate
	}
	if o.Rate.PerSecond == 0 {
		o.Rate.PerSecond = DefaultRate.PerSecond
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}
