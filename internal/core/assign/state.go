package assign

import "github.com/etorrent/etorrent/internal/vocab/pieceset"

// State is where a piece is in its life. A piece is in exactly one state.
//
//	Unwanted  not held and of priority Unwanted; blocks of it may be stored
//	Missing   wanted; no block stored, none being fetched
//	Open      wanted; a block stored or being fetched, but not all stored
//	Full      every block stored, the disk owes a verdict; wanted or not
//	Held      verified
//
// Transitions:
//
//	Missing → Open             its first block is dealt, or a late one comes
//	Open → Missing             its last block is returned and none is stored
//	Open, Unwanted → Full      its last block is received
//	any → Held                 Verified
//	Full → Missing, Unwanted   Corrupt (from the others too: the disk is right)
//	Held → Missing, Unwanted   Lost, Corrupt
//	Missing, Open ↔ Unwanted   SetPriorities
//	any → any                  Reset, to what the disk says
//
// The state follows from three facts: the disk's verdict, the record of the
// piece's blocks, and the priority; who reads it says only which shelf it is on. judge reads them and refile moves the piece.
//
// Held together by refile: a Missing piece, and no other, is in the rarity
// order and the missing mask of its rank's shelf; an Open piece with a free
// block, and no other, is in that shelf's open list; an Open or Full piece has
// a record, a Missing or Held one has none.
type State uint8

// The states, in the order of a piece's life.
const (
	PieceUnwanted State = iota
	PieceMissing
	PieceOpen
	PieceFull
	PieceHeld
	unfiled // between two states, never seen from outside
)

// piece is what is known of every piece, open or not.
type piece struct {
	record   *record
	avail    uint32   // holders that have it, but for those with everything
	shunned  HolderID // who gave a block of it back last: deal it elsewhere first
	state    State
	priority Priority
	class    Priority // now, soon or Unwanted: what it is to those who read
}

// shelf has the pieces of one rank from which something can be dealt.
type shelf struct {
	rarity  rarity    // the Missing ones, rarest first
	missing mask      // the same, as a set
	open    []*record // the Open ones with a free block
}

// judge says in which state the piece belongs. Only Verified, Lost and Reset
// decide about Held.
func (p *piece) judge() State {
	switch {
	case p.state == PieceHeld:
		return PieceHeld
	case p.record != nil && p.record.stored == p.record.blocks():
		return PieceFull
	case p.priority == Unwanted:
		return PieceUnwanted
	case p.record != nil:
		return PieceOpen
	default:
		return PieceMissing
	}
}

// refile moves piece i to where it belongs after a change of its facts.
func (c *Core) refile(i pieceset.Index) {
	p := &c.pieces[i]
	if p.record != nil && p.record.freeBlocks == p.record.blocks() {
		c.discard(p)
	}
	if next := p.judge(); next != p.state {
		c.unfile(i)
		p.state = next
		if next == PieceMissing {
			s := &c.shelves[p.rank()]
			s.missing.add(uint32(i))
			s.rarity.insert(i, levelOf(p.avail), c.rnd)
		}
	}
	c.fileRecord(p)
}

// fileRecord keeps the list of open pieces with a free block.
func (c *Core) fileRecord(p *piece) {
	r := p.record
	switch {
	case r == nil:
	case p.state != PieceOpen || r.freeBlocks == 0:
		c.unfileRecord(p)
	case r.place == nowhere:
		s := &c.shelves[p.rank()]
		r.place = len(s.open)
		s.open = append(s.open, r)
	}
}

// unfile takes piece i out of its state and its shelf.
func (c *Core) unfile(i pieceset.Index) {
	p := &c.pieces[i]
	if p.state == PieceMissing {
		s := &c.shelves[p.rank()]
		s.missing.remove(uint32(i))
		s.rarity.remove(i, levelOf(p.avail))
	}
	c.unfileRecord(p)
	p.state = unfiled
}

func (c *Core) unfileRecord(p *piece) {
	r := p.record
	if r == nil || r.place == nowhere {
		return
	}
	open := c.shelves[p.rank()].open
	last := len(open) - 1
	open[r.place] = open[last]
	open[r.place].place = r.place
	open[last] = nil
	c.shelves[p.rank()].open = open[:last]
	r.place = nowhere
}

// dealable is how many blocks of piece i can be dealt outside the endgame.
func (c *Core) dealable(i pieceset.Index) uint32 {
	switch p := &c.pieces[i]; p.state {
	case PieceMissing:
		return c.geometry.Blocks(i)
	case PieceOpen:
		return p.record.freeBlocks
	case PieceUnwanted, PieceFull, PieceHeld, unfiled:
		return 0
	default:
		panic("assign: unknown state")
	}
}
