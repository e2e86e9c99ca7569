// Package udp is the process that owns the engine's UDP sockets: one of IPv4 and
// one of IPv6, beside the port that connections are accepted on. DHT, uTP and UDP
// trackers share them, through a handle that survives the process's restarts; uTP goes by a
// Wire, between the sockets and its own process.
package udp

import (
	"context"
	"net/netip"

	"github.com/etorrent/etorrent/internal/core/demux"
	"github.com/etorrent/etorrent/internal/leaf/board"
	"github.com/etorrent/etorrent/internal/leaf/bounded"
	"github.com/etorrent/etorrent/internal/proc/clock"
	pnet "github.com/etorrent/etorrent/internal/proc/net"
	"github.com/etorrent/etorrent/sup"
)

const (
	// asksBound is how many transactions with trackers may be open at once, and
	// asksBytes what those may have that the process has not heard of yet.
	asksBound = 1024
	asksBytes = 1 << 20
	// sendBytes bounds what each kind may have waiting to be sent.
	sendBytes = 256 << 10
)

// Kind is a protocol whose datagrams one subscriber takes.
type Kind uint8

// The kinds.
const (
	KRPC Kind = iota // of the DHT (BEP 5)
)

// kinds are how many there are.
const kinds = 1

// Beside says whether there are listeners whose port the sockets are to have.
type Beside uint8

const (
	// Listeners will be told of by Handle.Listening; until then nothing is opened.
	Listeners Beside = iota
	// Nothing is listened on: any free port will do, and only once somebody sends.
	Nothing
)

// Config is what a process is made of.
type Config struct {
	Egress *pnet.Egress
	Clock  *clock.Clock
	Beside Beside
	// Changed is told where datagrams are taken whenever that changes, and once of
	// each fault that keeps them from being taken where they should be. It may not
	// block; nil hears nothing.
	Changed func(Shown)
}

// Shown is where datagrams are taken.
type Shown struct {
	V4, V6 netip.AddrPort // zero while they are not
	Err    error          // why not where they should be
}

// Handle is how others use the sockets. It may be used before the process runs and
// while it is restarted: what was asked and who subscribed stays, and only
// datagrams that are on their way are lost.
type Handle struct {
	cfg     Config
	shown   *board.Board[Shown]
	told    *sup.Mailbox[[]netip.AddrPort] // bounded by the changes of listeners
	asks    *bounded.Queue[*ask]
	sends   [kinds]*bounded.Queue[pnet.Datagram]
	inboxes [kinds]*board.Board[*Inbox]
	tally   tally
	wire    *Wire
	open    opener
	kept    kept
}

// opener opens a socket. Tests have their own.
type opener func(context.Context, pnet.Family, netip.AddrPort) (pnet.Packets, error)

// New returns the handle of a process; Child is that process.
func New(cfg Config) *Handle {
	h := &Handle{
		cfg: cfg, shown: board.New(Shown{}), told: sup.NewMailbox[[]netip.AddrPort](),
		asks: bounded.New[*ask](asksBytes), kept: newKept(cfg.Beside),
	}
	h.open = func(ctx context.Context, f pnet.Family, at netip.AddrPort) (pnet.Packets, error) {
		return h.cfg.Egress.ListenPacket(ctx, f, at)
	}
	h.wire = newWire(h)
	for k := range h.sends {
		h.sends[k] = bounded.New[pnet.Datagram](sendBytes)
		h.inboxes[k] = board.New[*Inbox](nil)
	}
	return h
}

// Child describes the process.
func (h *Handle) Child() sup.Child {
	return sup.Child{Name: "udp", Restart: sup.Permanent, Run: h.run}
}

// Wire is the way of uTP through the sockets.
func (h *Handle) Wire() *Wire { return h.wire }

// Listening tells where connections are accepted now. Sockets that are bound beside
// one of the addresses stay; others move. With no address they stay where they are.
func (h *Handle) Listening(addrs []netip.AddrPort) { h.told.Put(addrs) }

// ViewPort says whether datagrams can be taken beside a listener: ListenTaken where
// another has the port, and not this process itself.
func (h *Handle) ViewPort(ctx context.Context, listener netip.AddrPort) pnet.ListenEvidence {
	shown, _ := h.shown.Read()
	for _, f := range pnet.Families {
		if at := f.Beside(listener); at.IsValid() && at == shown.of(f) {
			return pnet.ListenFree
		}
	}
	return h.cfg.Egress.ViewPort(ctx, listener)
}

func (s Shown) of(f pnet.Family) netip.AddrPort { return [...]netip.AddrPort{s.V4, s.V6}[f] }

// Shown is where datagrams are taken now, and a channel that is closed when that
// changes.
func (h *Handle) Shown() (Shown, <-chan struct{}) { return h.shown.Read() }

// Inbox is where the datagrams of one kind wait for their subscriber, up to a bound
// in bytes. Take says how many found no room, and a subscriber that begins anew
// takes first.
type Inbox = bounded.Queue[Batch]

// Subscribe makes the caller the one that takes the datagrams of a kind, and hears
// of those of its sends that failed; it replaces a subscriber before it. The bound
// is in bytes. What nobody subscribed to is dropped and counted.
func (h *Handle) Subscribe(k Kind, bound int) *Inbox {
	in := bounded.New[Batch](bound)
	h.inboxes[k].Post(in)
	return in
}

// SendEvidence says what became of a Send.
type SendEvidence uint8

// The answers. Of what was Queued the subscriber hears only if it cannot be sent.
const (
	Queued    SendEvidence = iota
	QueueFull              // its kind has 256 KiB waiting; it was dropped
	NoAddress              // the endpoint has no address or no port
)

// Send sends a datagram of a kind, whose payload is the process's from now on. It
// does not wait.
func (h *Handle) Send(k Kind, d pnet.Datagram) SendEvidence {
	if !sendable(d.Remote) {
		return NoAddress
	}
	if h.sends[k].Put(d, bounded.Load{Bytes: len(d.Payload), Count: 1}) == bounded.Full {
		return QueueFull
	}
	return Queued
}

func sendable(to netip.AddrPort) bool { return to.IsValid() && to.Port() != 0 }

// Counters are how many datagrams came and went since the engine started.
type Counters struct {
	demux.Counts
	Oversized   uint64 // read, and longer than pnet.MaxDatagram
	Unclaimed   uint64 // read, and nobody subscribed to their kind
	Missed      uint64 // read, and their subscriber had no room
	ReadFaults  uint64
	Written     uint64
	WriteFaults uint64
	QueueFull   uint64 // dropped before they were written
}

// Counters are how many datagrams came and went.
func (h *Handle) Counters() Counters { return h.tally.all() }
