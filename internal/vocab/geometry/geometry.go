// Package geometry says how a torrent's bytes fall into pieces and blocks.
package geometry

import "github.com/etorrent/etorrent/internal/vocab/pieceset"

// BlockSize is the number of bytes asked for in one request (BEP 3 names
// 16 KiB as what all current implementations use).
const BlockSize = 16 << 10

// Geometry is the shape of a torrent: TotalLength bytes in pieces of
// PieceLength bytes, of which the last may be short. The zero Geometry has no
// pieces.
type Geometry struct {
	TotalLength int64
	PieceLength int64
}

// Block names one block: the Number-th run of BlockSize bytes of Piece.
type Block struct {
	Piece  pieceset.Index
	Number uint32
}

// Run is Count consecutive blocks of one piece, from block First on.
type Run struct {
	Piece        pieceset.Index
	First, Count uint32
}

// Pieces is the number of pieces.
func (g Geometry) Pieces() int {
	if g.PieceLength <= 0 {
		return 0
	}
	return int((g.TotalLength + g.PieceLength - 1) / g.PieceLength)
}

// PieceSize is the number of bytes of piece i, which must be in range.
func (g Geometry) PieceSize(i pieceset.Index) int64 {
	return min(g.PieceLength, g.TotalLength-g.PieceOffset(i))
}

// PieceOffset is where piece i begins among the torrent's bytes.
func (g Geometry) PieceOffset(i pieceset.Index) int64 { return int64(i) * g.PieceLength }

// Blocks is the number of blocks of piece i.
func (g Geometry) Blocks(i pieceset.Index) uint32 {
	return uint32((g.PieceSize(i) + BlockSize - 1) / BlockSize)
}

// BlockBytes is where a block begins in its piece and how many bytes it has.
func (g Geometry) BlockBytes(b Block) (begin, length uint32) {
	begin = b.Number * BlockSize
	return begin, uint32(min(BlockSize, g.PieceSize(b.Piece)-int64(begin)))
}
