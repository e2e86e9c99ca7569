package storage_test

import (
	"math/rand/v2"
	"testing"

	"github.com/etorrent/etorrent/internal/storage"
	"github.com/etorrent/etorrent/internal/vocab/geometry"
)

// Every byte of a piece that a file shares has a place of its own in the parts
// file, and no other byte has one.
func TestEdgesHaveAPlaceForEachByteOfASharedPiece(t *testing.T) {
	for run := range uint64(500) {
		r := rand.New(rand.NewPCG(run, 0))
		spec := storage.Spec{Name: "edges", Dir: "/x", Geometry: geometry.Geometry{PieceLength: 1 + r.Int64N(40)}}
		for range 1 + r.IntN(12) {
			f := storage.File{Offset: spec.Geometry.TotalLength, Length: r.Int64N(120)}
			if r.IntN(6) == 0 {
				f.Role = storage.Padding
			}
			spec.Files = append(spec.Files, f)
			spec.Geometry.TotalLength += f.Length
		}
		edges := storage.NewEdges(&spec)
		taken := map[int64]int{}
		for i, f := range spec.Files {
			for off := int64(0); off < f.Length; off++ {
				at, n := edges.Place(i, off, 1000)
				if want := f.Role == storage.Data && isShared(&spec, i, f.Offset+off); want != (n > 0) {
					t.Fatalf("run %d, file %d, byte %d: %d bytes, shared %v", run, i, off, n, want)
				}
				if n == 0 {
					continue
				}
				if first, again := taken[at]; again || at < 0 || at+int64(n) > edges.Size() || off+int64(n) > f.Length {
					t.Fatalf("run %d, file %d, byte %d: %d bytes at %d, taken by %d", run, i, off, n, at, first)
				}
				taken[at] = i
			}
			if has := edges.View(i) == storage.HasEdge; has != hasPlace(edges, i, f.Length) {
				t.Fatalf("run %d, file %d: it has an edge: %v", run, i, has)
			}
		}
	}
}

// isShared says whether the piece of a byte of file i has bytes of another file.
func isShared(spec *storage.Spec, i int, at int64) bool {
	length := spec.Geometry.PieceLength
	begin := at / length * length
	end := min(begin+length, spec.Geometry.TotalLength)
	return begin < spec.Files[i].Offset || end > spec.Files[i].Offset+spec.Files[i].Length
}

func hasPlace(edges *storage.Edges, i int, length int64) bool {
	for off := range length {
		if _, n := edges.Place(i, off, 1); n > 0 {
			return true
		}
	}
	return false
}
