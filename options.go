package etorrent

import (
	"io"
	"log/slog"
	"net/netip"

	"github.com/etorrent/etorrent/internal/proc/disk"
	pnet "github.com/etorrent/etorrent/internal/proc/net"
	"github.com/etorrent/etorrent/internal/proc/torrent"
	"github.com/etorrent/etorrent/internal/storage"
	"github.com/etorrent/etorrent/internal/store"
	"github.com/etorrent/etorrent/internal/vocab/endpoint"
	"github.com/etorrent/etorrent/internal/vocab/ipfilter"
	"github.com/etorrent/etorrent/internal/vocab/named"
	"github.com/etorrent/etorrent/internal/vocab/tracker"
	"github.com/etorrent/etorrent/internal/vocab/transport"
	"github.com/etorrent/etorrent/sup"
)

// Options are what a Client is made of. The zero Options make a client that
// keeps its files in the current folder, its state in memory, and listens on any
// free port.
type Options struct {
	// Dir is where torrents lie that name no folder of their own. Empty means the
	// current folder.
	Dir string
	// Listen are the addresses (HOST:PORT) to accept connections on. Nil means
	// ":0"; an empty list listens nowhere. Addrs says what was got.
	Listen []string
	// Ports says what to do where a port is taken.
	Ports PortChoice
	// Storage holds the bytes; nil means files.
	Storage Storage
	// State keeps the rows that outlive the client; nil means memory. The client
	// closes it.
	State State
	// Network is where connections come from; nil means the host's.
	Network Network
	// Clock is what tells that the machine was suspended; nil means the host's.
	Clock Clock
	// DSCP is the class of all that the host's network sends, over TCP and UDP; 0 is
	// the usual one. Windows marks nothing.
	DSCP DSCP
	// Transport says which transports connections may have; the zero value means any.
	Transport TransportPolicy
	// Limits bound the rates and the connections. SetLimits changes them.
	Limits Limits
	// Filter has the addresses that are neither dialled nor let in; nil lets everybody
	// pass. SetFilter changes it. Trackers are not subject to it.
	Filter *Filter
	// Logger is told of crashes and of what is degraded; nil is silent.
	Logger *slog.Logger
	// RandomSeed makes the random choices reproducible; 0 draws one.
	RandomSeed uint64
	// Hook is called where processes receive, step and act, so that tests can
	// inject faults.
	Hook sup.Hook
}

// Filter is a list of addresses. It does not change once it is made.
type Filter = ipfilter.Table

// FilterError says which line of a list cannot be used, and why.
type FilterError = ipfilter.Error

// FilterVerdict says what a Filter makes of an address.
type FilterVerdict = ipfilter.Verdict

// The verdicts.
const (
	FilterPassed  = ipfilter.Passed
	FilterBlocked = ipfilter.Blocked
)

// ParseFilter reads a list of addresses to its end: lines of CIDR, of P2P
// (NAME:FROM-TO) or of DAT (FROM - TO , LEVEL , NAME, which is blocked below level
// 127), gzipped or not. It may have five million ranges, of which one of IPv6 counts
// as four. A list with a line that cannot be read is refused by a *FilterError.
func ParseFilter(r io.Reader) (*Filter, error) { return ipfilter.Parse(r) }

// PortChoice says what to do where a listening port is taken.
type PortChoice = pnet.PortChoice

// The choices.
const (
	NextFreePort = pnet.NextFree
	ThisPortOnly = pnet.ThisOnly
)

// Transport is what carries a connection between peers.
type Transport = transport.Transport

// The transports.
const (
	TCP = transport.TCP
	UTP = transport.UTP // BEP 29
)

// TransportPolicy says which transports connections may have, in both directions.
type TransportPolicy = transport.Policy

// The policies. With AnyTransport peers that are near, on this machine or in a network
// of it, are dialled over TCP first, all others over uTP, which gives way to other
// traffic. The other transport is tried 300 ms later, or at once when the first fails,
// and the first to finish its handshake stays. Where there is no uTP, since the Network
// has no datagrams, it is TCP alone.
const (
	AnyTransport = transport.Any
	OnlyTCP      = transport.OnlyTCP
	OnlyUTP      = transport.OnlyUTP
)

// TransportPermission says whether a policy has a transport.
type TransportPermission = transport.Permission

// The permissions.
const (
	TransportPermitted = transport.Permitted
	TransportForbidden = transport.Forbidden
)

// Existing says what to do with files that lie where a torrent's belong and that
// its state does not vouch for.
type Existing = disk.Existing

// The policies. CheckExisting reads and hashes them; where nothing of a
// non-empty file matches it is not touched. TrustExisting takes them for right
// without reading. RefuseExisting refuses the torrent. ReplaceExisting writes
// over them.
const (
	CheckExisting   = disk.CheckExisting
	TrustExisting   = disk.TrustExisting
	RefuseExisting  = disk.RefuseExisting
	ReplaceExisting = disk.ReplaceExisting
)

// Priority says how much a file is wanted.
type Priority = store.Priority

// The priorities.
const (
	PriorityNormal   = store.PriorityNormal
	PriorityUnwanted = store.PriorityUnwanted
	PriorityLow      = store.PriorityLow
	PriorityHigh     = store.PriorityHigh
)

// AddOption says more about one Add.
type AddOption func(*addOptions)

type addOptions struct {
	dir        string
	peers      []netip.AddrPort
	names      []endpoint.Name
	err        error // of an option that cannot be taken
	existing   Existing
	serveOnly  shareMode
	seeding    torrent.Seeding
	picker     torrent.Picker
	choker     torrent.Choker
	tiers      [][]tracker.URL
	trackers   torrent.TrackerUse
	allocate   storage.Allocation
	priorities []Priority
	goals      Goals
}

type shareMode uint8

const (
	fetchAndShare shareMode = iota
	shareOnly
)

// InDir puts the torrent's files below dir instead of Options.Dir.
func InDir(dir string) AddOption { return func(o *addOptions) { o.dir = dir } }

// WithPeers names endpoints to connect to.
func WithPeers(peers ...netip.AddrPort) AddOption {
	return func(o *addOptions) { o.peers = append(o.peers, peers...) }
}

// WithPeerNames names endpoints to connect to by HOST:PORT, where HOST is a name or
// an address. A name is looked up, by the client's Network, when the torrent runs,
// and again as long as that fails, of which a WarningEvent with a *LookupError
// tells. Text of another form makes Add fail.
func WithPeerNames(peers ...string) AddOption {
	return func(o *addOptions) {
		for _, p := range peers {
			at, err := endpoint.Parse(p)
			switch at := at.(type) {
			case endpoint.Address:
				o.peers = append(o.peers, netip.AddrPort(at))
			case endpoint.Name:
				o.names = append(o.names, at)
			}
			if err != nil {
				o.refuse(err)
			}
		}
	}
}

// refuse makes Add fail with the first error.
func (o *addOptions) refuse(err error) {
	if o.err == nil {
		o.err = err
	}
}

// OnExisting sets the policy for files that lie there; CheckExisting is the
// default.
func OnExisting(e Existing) AddOption { return func(o *addOptions) { o.existing = e } }

// ShareOnly serves what is there, opens files read-only and fetches nothing.
func ShareOnly() AddOption { return func(o *addOptions) { o.serveOnly = shareOnly } }

// SuperSeeding has the torrent, once everything of it is there, pretend to have
// nothing and show each remote a piece or two at a time, another when it gave one on
// (BEP 16): so that the first seeder of a torrent sends little more than one copy of it
// until others have everything. That ends by itself when ten have, or when another
// seed is seen. For a torrent that others seed already it is of no use.
func SuperSeeding() AddOption { return func(o *addOptions) { o.seeding = torrent.SuperSeeding } }

// InOrder begins the pieces from the first to the last, and not those that fewest
// have: for one who looks at a file while it comes. It is worse for the swarm, and
// where many do it slower for all. What was asked for of several holders may still
// come out of order.
func InOrder() AddOption { return WithPicker("sequential") }

// UnknownNameError says that there is no picker, or no choker, of a name.
type UnknownNameError = named.UnknownError

// WithPicker chooses which piece is begun next, by one of the Pickers. Another name makes
// Add fail with an *UnknownNameError.
func WithPicker(name string) AddOption {
	return func(o *addOptions) {
		p, err := torrent.FindPicker(name)
		if err != nil {
			o.refuse(err)
		}
		o.picker = p
	}
}

// Pickers are the names for WithPicker: "rarest", which is the default, begins what fewest
// have, "random" any piece, "sequential" the first.
func Pickers() []string { return torrent.PickerNames() }

// WithChoker chooses which remotes may fetch, by one of the Chokers. Another name makes
// Add fail with an *UnknownNameError.
func WithChoker(name string) AddOption {
	return func(o *addOptions) {
		c, err := torrent.FindChoker(name)
		if err != nil {
			o.refuse(err)
		}
		o.choker = c
	}
}

// Chokers are the names for WithChoker: "tft", which is the default, serves those who give
// most and others by lot, "rotation" who has waited longest, "first-come" who came first,
// "none" nobody, but for the few pieces that beginners may have of everybody (BEP 6).
func Chokers() []string { return torrent.ChokerNames() }

// Preallocate sets the space of files aside before the first write.
func Preallocate() AddOption { return func(o *addOptions) { o.allocate = storage.Full } }

// WithPriorities sets the priority of each file, in the torrent's order; files
// behind the end are normal.
func WithPriorities(p ...Priority) AddOption {
	return func(o *addOptions) { o.priorities = p }
}
