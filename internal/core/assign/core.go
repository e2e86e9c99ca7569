// Package assign is the piece picker: one state machine that deals runs of
// blocks to holders (peers, web seeds), knows for every block who fetches it
// and follows every piece until the disk has verified it.
//
// Inputs (Join, Received, Verified …) only change what the core knows and
// answer with evidence. What follows from them for the holders is worked out
// by Settle, once for a whole batch of inputs, and leaves through Effects. So
// sixty-four blocks that arrive together are replaced by one long run.
//
// The core mirrors the disk. For that, inputs must come in causal order: the
// Received of a block before the Verified, Corrupt or Reset that the disk drew
// with that block in its hands. A holder therefore reports to the core first
// and hands the block to the disk second.
//
// The same inputs and the same random source give the same outputs.
package assign

import (
	"math/rand/v2"

	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// Snapshot is what the disk holds of a torrent.
type Snapshot struct {
	// Held are the verified pieces; nil is none.
	Held *pieceset.Set
	// Partials are the blocks that are stored but not verified, by piece. For
	// a piece of which every block is stored the disk owes a verdict.
	Partials map[pieceset.Index]BlockSet
}

// Start is what a Core begins with.
type Start struct {
	Snapshot
	// Priorities has one entry a piece; nil is Normal for all.
	Priorities []Priority
	// Picker chooses the pieces that are begun; nil is Rarest.
	Picker Picker
}

// Core deals the blocks of one torrent. It has one owner and no lock.
type Core struct {
	geometry geometry.Geometry
	rnd      *rand.Rand
	pieces   []piece
	shelves  [now + 1]shelf // by rank; that of Unwanted stays empty
	want     mask           // wanted pieces that are not held
	left     int            // how many those are
	held     int
	holders  map[HolderID]*holder
	list     []*holder // the same, in an order that is reproducible
	seeds    int       // holders with everything, absent from the availabilities
	drawing  int       // holders with credit
	hungry   []*holder // holders with credit that nothing could be dealt to
	came     tally
	flying   int // blocks that somebody fetches
	copies   int // how often, in all: flying plus the second copies
	agenda   agenda
	doubt    doubt
	choice   choice
	spare    spare
}

// choice is who chooses the pieces that are begun, among which, and what is read.
type choice struct {
	picker  Picker
	missing Missing
	windows windows
}

// spare is what is shared or used again.
type spare struct {
	none    mask // empty for ever, of holders without a piece
	records []*record
	runners []runner
}

// tally counts received blocks.
type tally struct {
	blocks uint64
	wasted int // those that were here already
	copied int // second copies that were dealt
	recent int // since the holders' counts were halved
}

// New returns a core for a torrent of shape g. It keeps rnd and nothing of s.
func New(g geometry.Geometry, s Start, rnd *rand.Rand) *Core {
	n := g.Pieces()
	c := &Core{
		geometry: g,
		rnd:      rnd,
		pieces:   make([]piece, n),
		want:     newMask(n),
		spare:    spare{none: newMask(n)},
		holders:  map[HolderID]*holder{},
		agenda:   agenda{round: 1},
	}
	if c.choice.picker = s.Picker; s.Picker == nil {
		c.choice.picker = Rarest{}
	}
	places := make([]uint32, n)
	for p := range c.shelves {
		c.shelves[p] = shelf{missing: newMask(n), rarity: rarity{place: places}}
	}
	if s.Priorities == nil {
		s.Priorities = allNormal(n)
	}
	for i := range c.pieces {
		c.pieces[i].state = unfiled
	}
	c.SetPriorities(s.Priorities)
	c.Reset(s.Snapshot)
	return c
}

// Progress says how far the torrent is.
func (c *Core) Progress() ProgressEvidence {
	switch {
	case c.left > 0:
		return PiecesWanted{Left: c.left}
	case c.held == len(c.pieces):
		return AllHeld{}
	default:
		return WantedHeld{Unwanted: len(c.pieces) - c.held}
	}
}

// Phase says whether every wanted block is received or being fetched. A wanted
// piece that no holder has keeps the torrent out of the endgame.
func (c *Core) Phase() Phase {
	for p := range c.shelves {
		if s := &c.shelves[p]; len(s.rarity.seq) > 0 || len(s.open) > 0 {
			return Dealing
		}
	}
	return Endgame
}

// State is the state of piece i.
func (c *Core) State(i pieceset.Index) State { return c.at(i).state }

// Availability is the number of holders that have piece i.
func (c *Core) Availability(i pieceset.Index) int { return int(c.at(i).avail) + c.seeds }

// at is piece i. An index out of range is a bug of the caller: what comes from
// the network is checked against the geometry where it is decoded.
func (c *Core) at(i pieceset.Index) *piece {
	if int(i) >= len(c.pieces) {
		panic("assign: piece out of range")
	}
	return &c.pieces[i]
}
