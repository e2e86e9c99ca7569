package disk

import (
	"slices"
	"time"

	core "github.com/etorrent/etorrent/internal/core/storage"
	"github.com/etorrent/etorrent/internal/leaf/slab"
	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// chunkBytes is the memory that blocks of a piece are gathered in, at a time.
const chunkBytes = core.ChunkBlocks * geometry.BlockSize

// freeChunks is how many unused chunks are kept for the next piece, until a lull.
const freeChunks = 32

// arrival is a slab whose blocks are being stored; loan is not nil once some of them
// are used where they lie.
type arrival struct {
	StoreBlocks
	loan *loan
}

// arrivals are the slabs whose blocks are being stored.
type arrivals struct {
	now     arrival
	stalled []arrival    // they found no memory; in the order they came
	retry   mono.Instant // when they are brought again; Never: nothing waits
}

// store takes the blocks of a slab. If there is no memory for one of them the
// slab waits until there is: its sender's pool runs dry then, and the peers are
// not read.
func (x *process) store(m *StoreBlocks) {
	a := arrival{StoreBlocks: *m}
	m.Slab = slab.Slab{} // it has one place
	if len(x.arrivals.stalled) > 0 {
		x.arrivals.stalled = append(x.arrivals.stalled, a)
		return
	}
	x.arrivals.now = a
	if x.storeFrom(&x.arrivals.now) == slabWaits {
		x.arrivals.stalled = append(x.arrivals.stalled, x.arrivals.now)
	}
	x.arrivals.now = arrival{}
}

// slabEnd says what became of a slab.
type slabEnd uint8

const (
	slabReleased slabEnd = iota
	slabWaits
)

// storeFrom takes blocks until one finds no memory; those before it are taken
// out of the slab.
func (x *process) storeFrom(a *arrival) slabEnd {
	t := x.torrents[a.Torrent]
	if t == nil || t.core == nil {
		x.giveBack(a)
		return slabReleased
	}
	now := x.now()
	x.lull.end(now)
	if a.loan == nil {
		a.loan = x.borrow(a.Slab)
	}
	for n, b := range a.Slab.Blocks() {
		from := len(x.acts)
		e := t.core.StoreBlock(now, core.Block{
			Piece: b.Piece, Begin: b.Begin, Length: uint32(len(b.Data)), Sender: core.Sender(a.Holder),
		}, &t.fx)
		if e == core.BlockStored {
			t.place(b, a.loan)
		}
		t.carryOut(from)
		if e == core.BlockNoRoom {
			a.Slab.Drop(n)
			return slabWaits
		}
	}
	x.giveBack(a)
	return slabReleased
}

// giveBack releases the slab, once, or leaves it to those blocks that lie in it.
func (x *process) giveBack(a *arrival) {
	s, l := a.Slab, a.loan
	a.Slab, a.loan = slab.Slab{}, nil
	switch {
	case l != nil:
		x.unuse(l)
	case !s.IsNone():
		s.Release()
	}
}

// lose releases a slab when the process ends, unless it is lent.
func lose(a arrival) {
	if a.loan == nil && !a.Slab.IsNone() {
		a.Slab.Release()
	}
}

// retryAfter is how long slabs that found no memory wait, unless this disk frees
// some before: other disks draw from the same budget.
const retryAfter = 50 * time.Millisecond

// retryStalled brings the waiting slabs again, in their order, and has every
// torrent of the volume write out what it can while one finds no memory.
func (x *process) retryStalled() {
	x.arrivals.retry = mono.Never
	for len(x.arrivals.stalled) > 0 {
		if x.storeFrom(&x.arrivals.stalled[0]) == slabWaits {
			for _, t := range x.torrents {
				if t.core != nil {
					t.step(func(fx *batch) { t.core.Relieve(chunkBytes, fx) })
				}
			}
			x.arrivals.retry = x.now().Add(retryAfter)
			return
		}
		x.arrivals.stalled = slices.Delete(x.arrivals.stalled, 0, 1)
	}
}

// place notes where a block's bytes lie from now on: in the slab that it came in,
// where that is lent for it, else in a chunk.
func (t *open) place(b slab.Block, l *loan) {
	a := t.assembly(b.Piece)
	block := &a.blocks[b.Begin/geometry.BlockSize]
	if l != nil {
		l.uses++
		*block = placed{bytes: b.Data, in: l}
		return
	}
	n := b.Begin / chunkBytes
	if a.chunks[n] == nil {
		a.chunks[n] = t.x.takeChunk()
	}
	from := b.Begin % chunkBytes
	*block = placed{bytes: a.chunks[n][from : from+uint32(len(b.Data))]}
	copy(block.bytes, b.Data)
}

// assembly is where the bytes of a piece come together.
func (t *open) assembly(i pieceset.Index) *assembly {
	a := t.pieces.of[i]
	if a == nil {
		a = t.pieces.spare.take()
		blocks := int(t.req.Spec.Geometry.Blocks(i))
		a.blocks = slices.Grow(a.blocks[:0], blocks)[:blocks]
		chunks := (blocks + core.ChunkBlocks - 1) / core.ChunkBlocks
		a.chunks = slices.Grow(a.chunks[:0], chunks)[:chunks]
		t.pieces.of[i] = a
	}
	return a
}

func (x *process) takeChunk() []byte {
	if n := len(x.free); n > 0 {
		c := x.free[n-1]
		x.free = x.free[:n-1]
		return c
	}
	return make([]byte, chunkBytes)
}

func (x *process) keepChunk(c []byte) {
	if len(x.free) < freeChunks {
		x.free = append(x.free, c)
	}
}

// release frees a chunk's memory, and what of it lies in slabs.
func (t *open) release(i pieceset.Index, chunk uint32) {
	if a := t.pieces.of[i]; a != nil {
		t.x.freeChunk(a, chunk)
	}
}

// forget frees a piece.
func (t *open) forget(i pieceset.Index) {
	a := t.pieces.of[i]
	if a == nil {
		return
	}
	for chunk := range a.chunks {
		t.x.freeChunk(a, uint32(chunk))
	}
	if a.hash != nil {
		a.hash.Reset() // for the next piece
	}
	delete(t.pieces.of, i)
	t.pieces.spare.keep(a)
}

func (x *process) freeChunk(a *assembly, chunk uint32) {
	first := int(chunk) * core.ChunkBlocks
	blocks := a.blocks[first:min(first+core.ChunkBlocks, len(a.blocks))]
	for n := range blocks {
		if l := blocks[n].in; l != nil {
			x.unuse(l)
		}
	}
	clear(blocks)
	if c := a.chunks[chunk]; c != nil {
		x.keepChunk(c)
		a.chunks[chunk] = nil
	}
}

// spans appends the bytes of a run that is in memory, those that lie together as one
// span.
func (t *open) spans(r geometry.Run, out [][]byte) [][]byte {
	a := t.pieces.of[r.Piece]
	own := 0 // bytes of the last span that lie in a chunk, where it ends in one
	for n := r.First; n < r.First+r.Count; n++ {
		b := a.blocks[n]
		from := int(n % core.ChunkBlocks * geometry.BlockSize)
		switch {
		case b.in != nil:
			out, own = append(out, b.bytes), 0
		case own > 0 && from > 0:
			own += len(b.bytes)
			c := a.chunks[n/core.ChunkBlocks]
			end := from + len(b.bytes)
			out[len(out)-1] = c[end-own : end]
		default:
			out, own = append(out, b.bytes), len(b.bytes)
		}
	}
	return out
}

// runBytes are the places in the piece where a run begins and ends.
func runBytes(g geometry.Geometry, r geometry.Run) (from, to uint32) {
	from = r.First * geometry.BlockSize
	begin, length := g.BlockBytes(geometry.Block{Piece: r.Piece, Number: r.First + r.Count - 1})
	return from, begin + length
}
