package disk

import (
	"testing"

	"github.com/etorrent/etorrent/internal/storage"
	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// File 1 has bytes 15 to 55 of pieces of 10; piece 1 and 5 it shares.
func TestAFileTakesTheRoomOfItsWantedPieces(t *testing.T) {
	spec := storage.Spec{Geometry: geometry.Geometry{TotalLength: 58, PieceLength: 10}, Files: []storage.File{
		{Length: 15}, {Offset: 15, Length: 40}, {Offset: 55, Length: 3}, {Offset: 58},
	}}
	full := spec
	full.Allocate = storage.Full
	for _, c := range []struct {
		spec   storage.Spec
		file   int
		holes  storage.Sparseness
		wanted []pieceset.Index
		want   int64
	}{
		{spec, 1, storage.HolesFree, []pieceset.Index{1, 2, 3, 4, 5}, 40},
		{spec, 1, storage.HolesFree, []pieceset.Index{1, 5}, 10},
		{spec, 1, storage.SparsenessUnknown, []pieceset.Index{0, 1}, 5},
		{spec, 1, storage.HolesFilled, []pieceset.Index{1}, 5},
		{spec, 1, storage.HolesFilled, []pieceset.Index{5}, 40},
		{spec, 1, storage.HolesFilled, []pieceset.Index{0}, 0},
		{full, 1, storage.HolesFree, []pieceset.Index{1}, 40},
		{spec, 2, storage.HolesFree, []pieceset.Index{5}, 3},
		{spec, 3, storage.HolesFilled, []pieceset.Index{5}, 0},
	} {
		req := OpenRequest{Spec: c.spec, Wanted: pieceset.Of(6, c.wanted...)}
		if got := roomOf(req, c.file, c.holes); got != c.want {
			t.Errorf("file %d, pieces %v, %v: %d bytes, want %d", c.file, c.wanted, c.holes, got, c.want)
		}
	}
}
