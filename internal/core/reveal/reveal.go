// Package reveal decides which pieces a seeder that pretends to have nothing shows
// to whom (super seeding, BEP 16): so that it sends little more than one copy of the
// torrent until others have all of it.
//
// A piece goes through
//
//	fresh → out       it is shown to a remote, which alone may fetch it from us
//	out → held        that remote has it
//	out → fresh       it left, wants it not, or takes nothing
//	held → spread     another has it too, from others: the first has given it on
//	held → fresh      all that had it left
//
// A remote is shown the next piece when one that it was given has spread. What it
// got and what has not spread fits into its window, which begins small and grows
// with each piece that spreads: who gives nothing on gets little. Within the window
// it is shown as much as it fetches in the next moments, so that its line is never
// idle; and where ours is, windows grow by themselves, as long as there are fresh
// pieces. When there are none the rest is left to the remotes. What ceases to
// spread is given again, and all of it where nobody gives anything.
//
// A remote that is not interested in what it is shown is shown more by and by; a
// lone one, which could give to nobody, is shown all that it can take. It is over
// when others have everything. Time, counts and randomness come in; what is decided
// goes to Effects.
package reveal

import (
	"math/rand/v2"

	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// RemoteID is the owner's number for a connection. It is no peer id of BEP 3.
type RemoteID uint32

// Effects takes what a step decides. Its methods only append to a batch that the
// owner carries out after the step.
type Effects interface {
	// Reveal shows a piece to a remote that sees what it is shown only; each once.
	Reveal(id RemoteID, i pieceset.Index)
	// Unveil shows everything to all, now and from now on. It is the last effect.
	Unveil(why Ending)
}

// Sight says what a remote sees of us.
type Sight uint8

const (
	// SeesShown is said of remotes that see the pieces that we show to them.
	SeesShown Sight = iota
	// SeesAll is said of those that came when nothing was kept back. What they have
	// counts all the same.
	SeesAll
)

// Ending says why nothing is kept back any more.
//
//sumtype:decl
type Ending interface{ ending() }

// OtherSeed says that a remote came with everything, and not from here.
type OtherSeed struct{ ID RemoteID }

// EnoughComplete says that so many remotes have everything.
type EnoughComplete struct{ Remotes int }

func (OtherSeed) ending()      {}
func (EnoughComplete) ending() {}

// completeRemotes is how many remotes with everything are enough.
const completeRemotes = 10

// Config is what a core starts with.
type Config struct {
	Geometry geometry.Geometry
	Random   *rand.Rand
}

// Core decides what is shown of one torrent. It has one owner.
//
// Invariants: no remote is shown a piece that it said to have, nor one twice; a
// piece is fresh if and only if no remote has it and it is out to none.
type Core struct {
	cfg     Config
	pieces  []piece
	fresh   []pieceset.Index           // in no order
	waits   map[pieceset.Index]*remote // who alone has a piece, and has it from us
	remotes []*remote                  // in the order in which they came
	byID    map[RemoteID]*remote
	line    line
	spread  spread
	crowd   crowd
	state   state
	due     mono.Instant
}

// state says whether anything is kept back.
type state uint8

const (
	keepsBack state = iota
	ending          // Settle is to say so
	over
)

// piece is what the core knows of one.
type piece struct {
	holders int32        // remotes that have it
	out     int32        // remotes that it was shown to and that are to fetch it
	place   int32        // in Core.fresh; nowhere: it is not fresh
	changed mono.Instant // when a remote last got it, or was shown it
}

const nowhere = -1

// crowd counts remotes.
type crowd struct {
	seeking  int // that lack something and may want it
	complete int // that came to have everything while they were here, also of those that left
	came     int // that came with everything, and are here
	why      Ending
}

// New returns a core without remotes, of a torrent of which we have everything.
func New(cfg Config) *Core {
	n := cfg.Geometry.Pieces()
	c := &Core{cfg: cfg, pieces: make([]piece, n), waits: map[pieceset.Index]*remote{}, byID: map[RemoteID]*remote{}}
	for k := range c.pieces {
		c.pieces[k].place = nowhere
		c.file(pieceset.Index(k))
	}
	return c
}

// file puts a piece where it belongs, after its counts changed.
func (c *Core) file(i pieceset.Index) {
	p := &c.pieces[i]
	switch fresh := p.holders+p.out == 0; {
	case fresh && p.place == nowhere:
		p.place = int32(len(c.fresh))
		c.fresh = append(c.fresh, i)
	case !fresh && p.place != nowhere:
		last := c.fresh[len(c.fresh)-1]
		c.fresh[p.place], c.pieces[last].place = last, p.place
		c.fresh, p.place = c.fresh[:len(c.fresh)-1], nowhere
	}
}

// moveOut counts a piece out to a remote more, or less.
func (c *Core) moveOut(i pieceset.Index, by int32) {
	c.pieces[i].out += by
	c.file(i)
}

// moveHolders counts a remote more that has a piece, or less.
func (c *Core) moveHolders(i pieceset.Index, by int32) {
	c.pieces[i].holders += by
	c.file(i)
}
