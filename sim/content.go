package sim

import (
	"bytes"
	"crypto/sha256"
	"math/rand/v2"

	"github.com/etorrent/etorrent/internal/core/storage"
	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// content is the torrent of a world: every block as it should be. Blocks are
// never changed, so that a right one is known by where it lies.
type content struct {
	geometry.Geometry
	infoHash [20]byte
	blocks   [][][]byte // by piece and number
	ends     []int      // the number of the block behind each file
}

func newContent(rnd *rand.Rand, pieces, pieceBlocks, short int) *content {
	c := &content{Geometry: geometry.Geometry{
		TotalLength: int64(pieces*pieceBlocks)*geometry.BlockSize - int64(short),
		PieceLength: int64(pieceBlocks) * geometry.BlockSize,
	}}
	for k := range c.infoHash {
		c.infoHash[k] = byte(rnd.Uint32())
	}
	for k := range c.Pieces() {
		i := pieceset.Index(k)
		row := make([][]byte, c.Blocks(i))
		for n := range row {
			_, length := c.BlockBytes(geometry.Block{Piece: i, Number: uint32(n)})
			row[n] = make([]byte, length)
			for at := range row[n] {
				row[n][at] = byte(at)
			}
			copy(row[n], []byte{byte(k >> 8), byte(k), byte(n >> 8), byte(n), byte(rnd.Uint32())})
		}
		c.blocks = append(c.blocks, row)
	}
	all := pieces * pieceBlocks
	for end := 0; end < all; {
		end += 1 + rnd.IntN(all)
		c.ends = append(c.ends, end)
	}
	return c
}

// right is a block as it should be.
func (c *content) right(b geometry.Block) []byte { return c.blocks[b.Piece][b.Number] }

// copyOf is a copy of received bytes that stays; a right one is the original.
func (c *content) copyOf(b geometry.Block, data []byte) []byte {
	if right := c.right(b); bytes.Equal(right, data) {
		return right
	}
	return bytes.Clone(data)
}

// isRight says whether a kept copy is the right one.
func (c *content) isRight(b geometry.Block, kept []byte) bool {
	return len(kept) > 0 && &kept[0] == &c.right(b)[0]
}

// fileOf is the file that a block lies in.
func (c *content) fileOf(b geometry.Block) int {
	k := int(c.PieceOffset(b.Piece)/geometry.BlockSize) + int(b.Number)
	for f, end := range c.ends {
		if k < end {
			return f
		}
	}
	return len(c.ends) - 1
}

// allOf yields the blocks of a piece.
func (c *content) allOf(i pieceset.Index) func(func(geometry.Block) bool) {
	return func(yield func(geometry.Block) bool) {
		for n := range c.Blocks(i) {
			if !yield(geometry.Block{Piece: i, Number: n}) {
				return
			}
		}
	}
}

// inFiles are the pieces of which a block lies in one of the files.
func (c *content) inFiles(files map[int]struct{}) *pieceset.Set {
	out := pieceset.New(c.Pieces())
	for k := range c.Pieces() {
		for b := range c.allOf(pieceset.Index(k)) {
			if _, in := files[c.fileOf(b)]; in {
				out.Add(b.Piece)
			}
		}
	}
	return out
}

// filesOf are the files that blocks of the pieces lie in.
func (c *content) filesOf(pieces *pieceset.Set) map[int]struct{} {
	out := map[int]struct{}{}
	for i := range pieces.All() {
		for b := range c.allOf(i) {
			out[c.fileOf(b)] = struct{}{}
		}
	}
	return out
}

func digest(b []byte) storage.Digest { return sha256.Sum256(b) }
