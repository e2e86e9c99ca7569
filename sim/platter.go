package sim

import (
	"bytes"
	"math/rand/v2"

	"github.com/etorrent/etorrent/internal/core/storage"
	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// platter is the disk of a node as a power cut knows it, with its files and the
// state row. It outlives the node's programs.
type platter struct {
	*content
	rnd   *rand.Rand
	cells map[geometry.Block]*cell
	row   row
}

// row is the state row: what it says survives every crash.
type row struct {
	claims   *pieceset.Set
	partials []storage.PartialPiece
	files    storage.FilesState
}

// cell is one block on the disk.
type cell struct {
	durable []byte   // what a power cut leaves, if nothing is pending
	pending [][]byte // writes since, the oldest first; any of them may survive
	ghost   []byte   // what reads show though the device lost it
}

func newPlatter(c *content, rnd *rand.Rand) *platter {
	return &platter{
		content: c, rnd: rnd, cells: map[geometry.Block]*cell{},
		row: row{claims: pieceset.New(c.Pieces())},
	}
}

// fill puts everything there and claims it.
func (p *platter) fill() {
	p.row.claims.Fill()
	for i := range p.row.claims.All() {
		for b := range p.allOf(i) {
			p.at(b).durable = p.right(b)
		}
	}
}

func (p *platter) at(b geometry.Block) *cell {
	c := p.cells[b]
	if c == nil {
		c = &cell{}
		p.cells[b] = c
	}
	return c
}

func (p *platter) write(b geometry.Block, data []byte) {
	c := p.at(b)
	c.pending, c.ghost = append(c.pending, data), nil
}

// tear leaves a mixture of old and new.
func (p *platter) tear(b geometry.Block, data []byte) {
	torn := bytes.Clone(data)
	clear(torn[len(torn)/2:])
	p.write(b, torn)
}

// read is what a read shows: the newest write, also one that a failed sync lost;
// nil is nothing.
func (p *platter) read(b geometry.Block) []byte {
	switch c := p.at(b); {
	case len(c.pending) > 0:
		return c.pending[len(c.pending)-1]
	case c.ghost != nil:
		return c.ghost
	default:
		return c.durable
	}
}

// reads says whether a whole piece reads as it should.
func (p *platter) reads(i pieceset.Index) storage.ReadEvidence {
	for b := range p.allOf(i) {
		if !p.isRight(b, p.read(b)) {
			return storage.ReadWrong
		}
	}
	return storage.ReadRight
}

// survives says whether a power cut now would leave a piece right.
func (p *platter) survives(i pieceset.Index) storage.ReadEvidence {
	for b := range p.allOf(i) {
		c := p.at(b)
		for _, data := range append([][]byte{c.durable}, c.pending...) {
			if !p.isRight(b, data) {
				return storage.ReadWrong
			}
		}
	}
	return storage.ReadRight
}

// barrier says of how many pending writes of each block a sync is.
type barrier map[geometry.Block]int

// beginSync begins to sync the blocks of some pieces.
func (p *platter) beginSync(pieces *pieceset.Set) barrier {
	out := barrier{}
	for i := range pieces.All() {
		for b := range p.allOf(i) {
			out[b] = len(p.at(b).pending)
		}
	}
	return out
}

// endSync makes durable what was written before the barrier.
func (p *platter) endSync(of barrier) {
	for b, n := range of {
		c := p.at(b)
		if n = min(n, len(c.pending)); n > 0 {
			c.durable, c.pending = c.pending[n-1], c.pending[n:]
		}
	}
}

// failSync is what a failed fsync does to files: of the pending writes some have
// reached the device and some are dropped; yet reads go on to show them.
func (p *platter) failSync(files map[int]struct{}) {
	for b := range p.every() {
		c := p.at(b)
		if _, in := files[p.fileOf(b)]; !in || len(c.pending) == 0 {
			continue
		}
		shown := p.read(b)
		if p.rnd.IntN(2) == 0 {
			c.durable = shown
		} else {
			c.ghost = shown
		}
		c.pending = nil
	}
}

// every yields all blocks in their order.
func (p *platter) every() func(func(geometry.Block) bool) {
	return func(yield func(geometry.Block) bool) {
		for k := range p.Pieces() {
			for b := range p.allOf(pieceset.Index(k)) {
				if !yield(b) {
					return
				}
			}
		}
	}
}

// dropCache forgets what the cache shows and the device lost.
func (p *platter) dropCache() {
	for _, c := range p.cells {
		c.ghost = nil
	}
}

// powerCut keeps of the unsynced writes any, in any order, some torn.
func (p *platter) powerCut() {
	for b := range p.every() {
		c := p.at(b)
		if n := len(c.pending); n > 0 {
			switch pick := p.rnd.IntN(n + 2); {
			case pick < n:
				c.durable = c.pending[pick]
			case pick == n && p.rnd.IntN(4) == 0:
				p.tear(b, c.pending[n-1])
				c.durable = c.pending[n]
			}
		}
		c.pending, c.ghost = nil, nil
	}
}
