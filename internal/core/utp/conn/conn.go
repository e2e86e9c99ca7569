// Package conn is a uTP connection (BEP 29) without its socket: what comes in are
// packets, instants and what the application did; what goes out are packets to send,
// bytes to deliver and evidence.
//
//	Dial ───▶ SynSent ──State that acknowledges the Syn──▶ Connected
//	Accept ──────────────────────────────────────────────▶ Connected
//	Connected ──our end acknowledged; theirs reached, or nobody reads──▶ Lingering
//	Lingering ──3 timeouts, a Reset──▶ Closed
//	any ──a Reset, no answer, Abort──▶ Closed
//
// An acceptor has no connection before a packet with a valid ack_nr has shown that the
// address is no forgery: what BEP 29 calls SYN_RECV is a line in the book of package
// door, and a connection is made of what that admits.
//
// Each direction has an end of its own:
//
//	ours    open ──Finish──▶ asked ──all before it sent──▶ sent ──▶ acknowledged
//	theirs  unknown ──Fin──▶ ahead ──all before it came──▶ reached
//
// Each input is one of Receive, Expire and the calls of the application; Flush after
// them sends what is to be sent, one acknowledgement for all that came since the last
// Flush. The owner looks at Deadline after that, and calls Expire then.
//
// Invariants: the bytes that are delivered are a prefix of the remote's stream; after
// Expire and Flush the deadline is later than now; beyond the windows of the control
// and of the remote flies one packet at most, a probe or the first that is missing (for
// the control, what masks are too short to tell of flies for a round trip only), but for
// what was sent before they shrank, or was taken for lost and was not; a
// packet of another connection, or of this one before its numbers wrapped, changes
// nothing; nothing is sent to an address that has not answered but Syns.
package conn

import (
	"github.com/etorrent/etorrent/internal/core/utp/cong"
	"github.com/etorrent/etorrent/internal/core/utp/mtu"
	"github.com/etorrent/etorrent/internal/core/utp/pace"
	"github.com/etorrent/etorrent/internal/core/utp/recv"
	"github.com/etorrent/etorrent/internal/core/utp/send"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/serial"
	"github.com/etorrent/etorrent/internal/vocab/utpwire"
)

// Config is what a connection is made for.
type Config struct {
	Window  int                            // in bytes: what is delivered and not read, or comes early, stays below it
	Reserve int                            // in bytes: what may come in order beyond it (recv.Config)
	Slots   int                            // how many packets may come early
	Packets int                            // how many of ours may be on their way to who is far and promises much; of more than 2,040 no mask tells
	Flying  int                            // and how many bytes
	Segment int                            // bytes of payload of a full packet, where Path is zero
	Path    mtu.Config                     // between what sizes to look for the one that the path takes
	Control func(cong.Config) cong.Control // nil: the one of cong.Default
}

// Defaults is for remotes of whatever make, over IPv4. libutp and libtorrent have slots for
// about a thousand packets, which is what they promise room for: who promises more has more.
// libutp takes a connection for dead when four packets to a closed window were not
// acknowledged, of which it sends one each 15 s: the reserve has room for several minutes of
// them.
func Defaults() Config {
	return Config{
		Window: 4 << 20, Reserve: 32 << 10, Slots: 4096, Packets: 4096,
		Flying: 4 << 20, Path: mtu.IPv4(),
	}
}

// Shared is what the connections of one owner have together. It has one owner.
type Shared struct {
	pool *recv.Pool
	mask [utpwire.MaxMaskBytes]byte
}

// NewShared has packets that come early be held in the pool.
func NewShared(pool *recv.Pool) *Shared { return &Shared{pool: pool} }

// Phase is where a connection is in its life.
type Phase uint8

// The phases.
const (
	SynSent   Phase = iota // nothing of the remote is known
	Connected              // both ends may send
	Lingering              // all is said, and the remote may not know that we know
	Closed
)

// String names the phase.
func (p Phase) String() string {
	switch p {
	case SynSent:
		return "SYN sent"
	case Connected:
		return "connected"
	case Lingering:
		return "lingering"
	case Closed:
		return "closed"
	}
	return "unknown phase"
}

// Conn is one connection. It has one owner.
type Conn struct {
	cfg     Config
	shared  *Shared
	phase   Phase
	reason  Reason
	id      identity
	greet   greeting
	flight  *send.Flight
	queue   *recv.Queue
	out     outbound
	in      inbound
	heard   hearing
	timers  timers
	control cong.Control
	pacer   pace.Pacer
	path    *mtu.Search // nil: packets have one size
	totals  Totals
}

// identity is by what number packets come and go.
type identity struct {
	role       role
	recv, send utpwire.ConnID
}

// role says who asked for the connection.
type role uint8

const (
	initiator role = iota
	acceptor
)

// hearing is what is known of when the remote was there.
type hearing struct {
	at     mono.Instant  // when the last packet came that counts
	silent int           // timeouts since then
	stamp  utpwire.Stamp // the latest of the remote
	theirs guard         // of their numbers
	ours   guard         // of our numbers in their acknowledgements
}

// timers are instants at which something is due, each Never while it is not armed.
type timers struct {
	probe     mono.Instant // into a closed window
	probes    int          // of them since it closed
	alive     mono.Instant // a keep-alive
	confirm   mono.Instant // our first State again
	confirmed int          // how often it was sent again
	linger    mono.Instant
	leave     mono.Instant // nobody waits for the remote any more
}

func newConn(cfg Config, shared *Shared, now mono.Instant) *Conn {
	if cfg.Control == nil {
		cfg.Control, _ = cong.Find(cong.Default)
	}
	c := &Conn{cfg: cfg, shared: shared}
	if cfg.Path != (mtu.Config{}) {
		c.path = mtu.New(cfg.Path)
		c.cfg.Segment = c.path.Size() - utpwire.HeaderBytes
	}
	c.control = cfg.Control(cong.Config{Segment: c.cfg.Segment, Most: cfg.Flying})
	c.heard.at = now
	return c
}

// open has the streams begin: ours with one number, theirs with another.
func (c *Conn) open(now mono.Instant, ours, theirs serial.Number) {
	c.flight = send.New(send.Config{First: ours, Most: c.cfg.Packets, Behind: c.cfg.Packets})
	c.openQueue(theirs)
	c.out.small = ours.Previous()
	c.heard.ours.begin(ours)
	c.heard.at = now
	c.timers.alive = now.Add(keepAlive)
	c.phase = Connected
}

func (c *Conn) openQueue(theirs serial.Number) {
	c.queue = recv.New(recv.Config{
		Next: theirs, Window: c.cfg.Window, Reserve: c.cfg.Reserve, Slots: c.cfg.Slots, Segment: c.cfg.Segment,
	}, c.shared.pool)
	c.heard.theirs.begin(theirs)
}

// Rest gives back the memory that nothing is in, for a connection that is idle. It does so by
// itself with its signs of life; its owner may know sooner.
func (c *Conn) Rest() {
	if c.phase == Connected {
		c.rest()
	}
}

// Phase is where the connection is.
func (c *Conn) Phase() Phase { return c.phase }

// Reason is why it is Closed.
func (c *Conn) Reason() Reason { return c.reason }

// ID is the number by which packets come, of a connection that is open.
func (c *Conn) ID() utpwire.ConnID { return c.id.recv }
