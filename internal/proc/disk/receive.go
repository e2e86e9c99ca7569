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

// store takes the blocks of a slab. If there is no memory for one of them the
// slab waits until there is: its sender's pool runs dry then, and the peers are
// not read.
func (x *process) store(m *StoreBlocks) {
	if len(x.stalled) > 0 || x.storeFrom(m) == slabWaits {
		x.stalled = append(x.stalled, *m)
		m.Slab = slab.Slab{} // it has one place
	}
}

// slabEnd says what became of a slab.
type slabEnd uint8

const (
	slabReleased slabEnd = iota
	slabWaits
)

// storeFrom copies blocks until one finds no memory; those before it are taken
// out of the slab.
func (x *process) storeFrom(m *StoreBlocks) slabEnd {
	t := x.torrents[m.Torrent]
	if t == nil || t.core == nil {
		x.giveBack(m)
		return slabReleased
	}
	now := x.now()
	x.lull.end(now)
	for n, b := range m.Slab.Blocks() {
		from := len(x.acts)
		e := t.core.StoreBlock(now, core.Block{
			Piece: b.Piece, Begin: b.Begin, Length: uint32(len(b.Data)), Sender: core.Sender(m.Holder),
		}, &t.fx)
		if e == core.BlockStored {
			t.copyBlock(b)
		}
		t.carryOut(from)
		if e == core.BlockNoRoom {
			m.Slab.Drop(n)
			return slabWaits
		}
	}
	x.giveBack(m)
	return slabReleased
}

// giveBack releases the slab, once; the message is done with.
func (x *process) giveBack(m *StoreBlocks) {
	if s := m.Slab; !s.IsNone() {
		m.Slab = slab.Slab{}
		s.Release()
	}
}

// retryAfter is how long slabs that found no memory wait, unless this disk frees
// some before: other disks draw from the same budget.
const retryAfter = 50 * time.Millisecond

// retryStalled brings the waiting slabs again, in their order, and has every
// torrent of the volume write out what it can while one finds no memory.
func (x *process) retryStalled() {
	x.retry = mono.Never
	for len(x.stalled) > 0 {
		if x.storeFrom(&x.stalled[0]) == slabWaits {
			for _, t := range x.torrents {
				if t.core != nil {
					t.step(func(fx *batch) { t.core.Relieve(chunkBytes, fx) })
				}
			}
			x.retry = x.now().Add(retryAfter)
			return
		}
		x.stalled = slices.Delete(x.stalled, 0, 1)
	}
}

// copyBlock puts a block's bytes into its chunk.
func (t *open) copyBlock(b slab.Block) {
	a := t.assembly(b.Piece)
	n := b.Begin / chunkBytes
	if a.chunks[n] == nil {
		a.chunks[n] = t.x.takeChunk()
	}
	copy(a.chunks[n][b.Begin%chunkBytes:], b.Data)
}

// assembly is where the bytes of a piece come together.
func (t *open) assembly(i pieceset.Index) *assembly {
	a := t.pieces.of[i]
	if a == nil {
		a = t.pieces.spare.take()
		chunks := int((t.req.Spec.Geometry.PieceSize(i) + chunkBytes - 1) / chunkBytes)
		if a.chunks = a.chunks[:0]; cap(a.chunks) < chunks {
			a.chunks = make([][]byte, 0, chunks)
		}
		a.chunks = a.chunks[:chunks]
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

// release frees a chunk that nothing uses any more.
func (t *open) release(i pieceset.Index, chunk uint32) {
	a := t.pieces.of[i]
	if a == nil || a.chunks[chunk] == nil {
		return
	}
	t.x.keepChunk(a.chunks[chunk])
	a.chunks[chunk] = nil
}

// forget frees a piece.
func (t *open) forget(i pieceset.Index) {
	a := t.pieces.of[i]
	if a == nil {
		return
	}
	for _, c := range a.chunks {
		if c != nil {
			t.x.keepChunk(c)
		}
	}
	clear(a.chunks)
	if a.hash != nil {
		a.hash.Reset() // for the next piece
	}
	delete(t.pieces.of, i)
	t.pieces.spare.keep(a)
}

// spans appends the bytes of a run that is in memory, chunk by chunk.
func (t *open) spans(r geometry.Run, out [][]byte) [][]byte {
	a := t.pieces.of[r.Piece]
	from, to := runBytes(t.req.Spec.Geometry, r)
	for from < to {
		end := min(to, (from/chunkBytes+1)*chunkBytes)
		c := a.chunks[from/chunkBytes]
		out = append(out, c[from%chunkBytes:from%chunkBytes+end-from])
		from = end
	}
	return out
}

// runBytes are the places in the piece where a run begins and ends.
func runBytes(g geometry.Geometry, r geometry.Run) (from, to uint32) {
	from = r.First * geometry.BlockSize
	begin, length := g.BlockBytes(geometry.Block{Piece: r.Piece, Number: r.First + r.Count - 1})
	return from, begin + length
}
