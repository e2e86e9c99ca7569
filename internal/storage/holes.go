package storage

import (
	"hash"
	"sync/atomic"

	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// HoleEvidence says whether a range of a store must be read to know its bytes.
type HoleEvidence uint8

const (
	// HoleUnknown says that the store cannot tell, or that the range is not whole:
	// a file is not there or ends before it.
	HoleUnknown HoleEvidence = iota
	// AllHole says that every byte is there and zero: it lies in a hole of its file
	// or in padding.
	AllHole
	// HasData says that something is stored within the range.
	HasData
)

// HoleViewer is a Store that can tell holes from data without reading.
type HoleViewer interface {
	// ViewHoles looks at the n bytes from off on. A range that is empty or reaches
	// out of the torrent is HoleUnknown, as is any of a closed store.
	ViewHoles(off int64, n int) HoleEvidence
}

// ZeroEvidence says whether a piece must be read to be hashed.
//
//sumtype:decl
type ZeroEvidence interface{ zeroEvidence() }

// AllZero says that all bytes of the piece are there and zero. Sum is their hash,
// which nobody may change.
type AllZero struct{ Sum []byte }

// ToRead says that the piece's bytes are not known.
type ToRead struct{}

func (AllZero) zeroEvidence() {}
func (ToRead) zeroEvidence()  {}

// Zeros hashes those pieces of a torrent that lie in holes, without reading them.
// It is a passive leaf, safe for concurrent use.
type Zeros struct {
	viewer   HoleViewer
	geometry geometry.Geometry
	newHash  func(piece int) hash.Hash
	// What pieces of zeros hash to, full ones and the last, from when one was first
	// met. Whoever misses a sum computes it: two may, and neither waits.
	full, last atomic.Pointer[[]byte]
}

// NewZeros looks for holes with viewer; with nil it knows of none. newHash
// returns the hash of a piece (metainfo.Verifier has one).
func NewZeros(viewer HoleViewer, g geometry.Geometry, newHash func(piece int) hash.Hash) *Zeros {
	return &Zeros{viewer: viewer, geometry: g, newHash: newHash}
}

// View says whether piece i, which must be in range, is nothing but a hole.
func (z *Zeros) View(i pieceset.Index) ZeroEvidence {
	size := z.geometry.PieceSize(i)
	if z.viewer == nil || z.viewer.ViewHoles(z.geometry.PieceOffset(i), int(size)) != AllHole {
		return ToRead{}
	}
	kept := &z.full
	if size < z.geometry.PieceLength {
		kept = &z.last
	}
	if sum := kept.Load(); sum != nil {
		return AllZero{Sum: *sum}
	}
	sum := sumOfZeros(z.newHash(int(i)), size)
	kept.Store(&sum)
	return AllZero{Sum: sum}
}

// zeros is what a hole reads as, a part at a time.
var zeros [64 << 10]byte

func sumOfZeros(h hash.Hash, n int64) []byte {
	for ; n > 0; n -= int64(len(zeros)) {
		_, _ = h.Write(zeros[:min(n, int64(len(zeros)))]) // a hash takes everything
	}
	return h.Sum(nil)
}
