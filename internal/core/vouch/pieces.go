package vouch

import (
	"iter"

	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// pieces are those that have a byte of the file behind from.
func pieces(g geometry.Geometry, f File, from int64) iter.Seq[pieceset.Index] {
	return func(yield func(pieceset.Index) bool) {
		if from >= f.Length {
			return
		}
		last := (f.Offset + f.Length - 1) / g.PieceLength
		for i := (f.Offset + from) / g.PieceLength; i <= last; i++ {
			if !yield(pieceset.Index(i)) {
				return
			}
		}
	}
}

// addPieces adds the pieces that have a byte of the file behind from.
func addPieces(g geometry.Geometry, f File, from int64, to *pieceset.Set) {
	for i := range pieces(g, f, from) {
		to.Add(i)
	}
}

// overlaps says whether a set has a piece of the file.
func overlaps(g geometry.Geometry, f File, with *pieceset.Set) bool {
	for i := range pieces(g, f, 0) {
		if with.Has(i) {
			return true
		}
	}
	return false
}
