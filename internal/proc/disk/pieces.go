package disk

import (
	"iter"

	"github.com/etorrent/etorrent/internal/storage"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// piecesIn yields the pieces that have a byte of a file.
func piecesIn(s *storage.Spec, file int) iter.Seq[pieceset.Index] {
	return func(yield func(pieceset.Index) bool) {
		f := s.Files[file]
		if f.Length == 0 {
			return
		}
		for i := f.Offset / s.Geometry.PieceLength; i <= (f.Offset+f.Length-1)/s.Geometry.PieceLength; i++ {
			if !yield(pieceset.Index(i)) {
				return
			}
		}
	}
}

// touches says whether a set has a piece of a file.
func touches(s *storage.Spec, file int, set *pieceset.Set) bool {
	for i := range piecesIn(s, file) {
		if set.Has(i) {
			return true
		}
	}
	return false
}

// hasAll says whether a set has every piece of a file.
func hasAll(s *storage.Spec, file int, set *pieceset.Set) bool {
	for i := range piecesIn(s, file) {
		if !set.Has(i) {
			return false
		}
	}
	return true
}
