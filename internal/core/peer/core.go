package peer

import (
	"net/netip"

	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
	"github.com/etorrent/etorrent/internal/vocab/wire"
)

// Held is the set of pieces that may be served: the written ones. It only
// grows while a connection lives.
type Held interface {
	Has(i pieceset.Index) bool
	Count() int
}

// Goal says what we are here for, as far as the remote may be told (BEP 21).
type Goal uint8

const (
	// Fetching means that we still want pieces.
	Fetching Goal = iota
	// UploadOnly means that we want nothing (more).
	UploadOnly
	// SuperSeeding means the same, but that the remote is not to know: we pretend to
	// have no more than we announce, and one that has little and wants nothing would
	// be left (BEP 16).
	SuperSeeding
)

// Config is what a connection starts with.
type Config struct {
	// Geometry is the torrent's. Zero means that the metadata is unknown until
	// Learn, and Held is not looked at before.
	Geometry     geometry.Geometry
	Capabilities wire.Capabilities // those that both handshakes named (BEP 4)
	Held         Held              // shared, read only
	Announce     *pieceset.Set     // the pieces that the first bitfield names; nil: none
	InfoHash     [20]byte          // zero: no allowed-fast set is made of it (BEP 6)
	Client       string            // our name and version for BEP 10
	RemoteAddr   netip.AddrPort    // told to the remote as yourip
	ListenPort   uint16            // 0: unknown
	Goal         Goal
}

// localView is what we told the remote.
type localView struct {
	choke    Choke
	interest Interest
	goal     Goal
}

// remoteView is what the remote told us.
type remoteView struct {
	choke    Choke
	interest Interest
	told     Interest // what the choker was
	goal     Goal
	bitfield phase
	has      *pieceset.Set
	claims   *claims          // in place of has while the metadata is unknown
	granted  []pieceset.Index // what we may fetch while it chokes us
}

// phase says whether a bitfield is still welcome.
type phase uint8

const (
	bitfieldWelcome phase = iota
	bitfieldPast
)

// life says whether anything may still follow from an input.
type life uint8

const (
	trading life = iota
	closed
)

// Core is the state of one connection. It has one owner.
type Core struct {
	cfg    Config
	held   Held
	local  localView
	remote remoteView
	pipe   pipeline
	owed   owed
	floods floods
	life   life

	credit    int // as last reported, with its scope
	scope     Scope
	lastHeard mono.Instant
	lastSent  mono.Instant
	pointless mono.Instant // since when neither side can want anything
}

// New returns the core of a connection whose handshake is done.
func New(cfg Config) *Core {
	c := &Core{
		cfg:    cfg,
		held:   cfg.Held,
		local:  localView{goal: cfg.Goal},
		remote: remoteView{has: pieceset.New(cfg.Geometry.Pieces())},
		pipe:   newPipeline(),
	}
	if cfg.Announce == nil {
		c.cfg.Announce = pieceset.New(cfg.Geometry.Pieces())
	}
	if cfg.Geometry == (geometry.Geometry{}) {
		c.remote.claims = &claims{}
		c.held = pieceset.New(0)
	}
	return c
}

// Open queues our bitfield and extended handshake. It is the first input.
func (c *Core) Open(now mono.Instant, eff Effects) {
	c.lastHeard = now
	c.sendBitfield(now, eff)
	if c.cfg.Capabilities.Has(wire.ExtensionProtocol) {
		c.sendExtended(now, wire.UploadOnlyUnsaid, eff)
	}
	c.lastSent = now
	c.judgeUse(now)
}

func (c *Core) sendBitfield(now mono.Instant, eff Effects) {
	announced := c.cfg.Announce
	switch {
	case c.speaksFast() && announced.IsEmpty():
		c.send(now, wire.Message{Kind: wire.HaveNone}, eff)
	case c.speaksFast() && announced.IsFull():
		c.send(now, wire.Message{Kind: wire.HaveAll}, eff)
	case announced.IsEmpty():
	default:
		c.send(now, wire.Message{Kind: wire.Bitfield, Payload: announced.AppendBitfield(nil)}, eff)
	}
}

// Announce sends a HAVE for each piece that was written since (BEP 3). A remote
// that has everything is spared it, if it hears by BEP 10 when we have all that we
// want: else it would never know us for a seed, and stay connected for nothing. One
// that has the piece is not: it may be one that super seeds, and shows us another
// when we have it (BEP 16).
func (c *Core) Announce(now mono.Instant, pieces []pieceset.Index, eff Effects) {
	if c.life == closed {
		return
	}
	for _, i := range pieces {
		if c.remote.has.IsFull() && c.cfg.Capabilities.Has(wire.ExtensionProtocol) {
			continue
		}
		c.send(now, wire.Message{Kind: wire.Have, Piece: i}, eff)
		// It may want the piece now, and want nothing again once it has it.
		c.floods.forgive(floodInterest, 2)
	}
	for _, i := range pieces {
		c.revoke(i, eff)
	}
	c.reportCredit(eff)
}

// SetGoal says whether we still want pieces; a remote that knows BEP 10 is told.
func (c *Core) SetGoal(now mono.Instant, g Goal, eff Effects) {
	if c.local.goal == g || c.life == closed {
		return
	}
	c.local.goal = g
	if c.cfg.Capabilities.Has(wire.ExtensionProtocol) {
		c.sendExtended(now, wire.UploadOnlyNo, eff)
	}
	c.judgeUse(now)
}

// Interest is what SetInterest said last.
func (c *Core) Interest() Interest { return c.local.interest }

// SetInterest tells the remote whether it has anything that we want.
func (c *Core) SetInterest(now mono.Instant, i Interest, eff Effects) {
	if c.local.interest == i || c.life == closed {
		return
	}
	c.local.interest = i
	kind := wire.NotInterested
	if i == Interested {
		kind = wire.Interested
	}
	c.send(now, wire.Message{Kind: kind}, eff)
	c.reportCredit(eff)
	c.judgeUse(now)
}

// SetChoke chokes or unchokes the remote. A choke drops its queue.
func (c *Core) SetChoke(now mono.Instant, state Choke, eff Effects) {
	if c.local.choke == state || c.life == closed {
		return
	}
	c.local.choke = state
	if state == Unchoked {
		c.send(now, wire.Message{Kind: wire.Unchoke}, eff)
		return
	}
	c.send(now, wire.Message{Kind: wire.Choke}, eff)
	c.dropOwed(eff)
}

// Wrote notes that bytes left for the remote, payload of them of blocks.
func (c *Core) Wrote(now mono.Instant, payload int) {
	c.lastSent = now
	c.owed.appetite.take(now, payload)
}

// speaksFast says whether both ends named FAST (BEP 6).
func (c *Core) speaksFast() bool { return c.cfg.Capabilities.Has(wire.FastExtension) }

func (c *Core) send(now mono.Instant, m wire.Message, eff Effects) {
	c.lastSent = now
	eff.Send(m)
}

// close ends the connection, and gives back at once what it had in flight.
func (c *Core) close(why Closing, eff Effects) {
	if c.life == closed {
		return
	}
	c.returnAll(ReturnChoked, eff)
	c.life = closed
	c.owed = owed{}
	c.reportCredit(eff)
	eff.Close(why)
}
