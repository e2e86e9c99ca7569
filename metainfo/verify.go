package metainfo

import (
	"bytes"
	"crypto/sha1"
	"hash"
)

// Verifier says what the bytes of each piece must hash to. It holds no state
// of a check and may be used from everywhere at once.
type Verifier interface {
	// NewHash returns a hash for the bytes of the piece, to be written in order. The
	// hashes of all pieces are alike: after its Reset one serves any other piece.
	NewHash(piece int) hash.Hash
	// Matches says whether sum, which NewHash's hash gave, is the piece's.
	Matches(piece int, sum []byte) bool
}

// Verifier returns the check of the torrent's pieces. A piece out of range is a
// bug of the caller and panics.
func (i *Info) Verifier() Verifier { return sha1Pieces(i.pieces) }

// PieceHash returns the SHA-1 of a piece. A piece out of range is a bug of the
// caller and panics.
func (i *Info) PieceHash(piece int) [sha1.Size]byte {
	return [sha1.Size]byte(sha1Pieces(i.pieces).sum(piece))
}

// sha1Pieces are the sums of all pieces in order, as in "pieces" of BEP 3.
type sha1Pieces []byte

func (p sha1Pieces) NewHash(int) hash.Hash { return sha1.New() }

func (p sha1Pieces) Matches(piece int, sum []byte) bool { return bytes.Equal(p.sum(piece), sum) }

func (p sha1Pieces) sum(piece int) []byte {
	return p[piece*sha1.Size:][:sha1.Size]
}
