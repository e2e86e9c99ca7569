package storage_test

import (
	"crypto/sha1"
	"hash"
	"testing"

	"github.com/etorrent/etorrent/internal/storage"
	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// holes is a viewer that calls every range the same.
type holes storage.HoleEvidence

func (h holes) ViewHoles(int64, int) storage.HoleEvidence { return storage.HoleEvidence(h) }

func TestPiecesInHolesHashAsTheirZerosDo(t *testing.T) {
	for _, g := range []geometry.Geometry{
		{TotalLength: 1_000_000, PieceLength: 300_000}, {TotalLength: 600_000, PieceLength: 300_000}, {TotalLength: 5, PieceLength: 1 << 20},
	} {
		made := 0
		z := storage.NewZeros(holes(storage.AllHole), g, func(int) hash.Hash { made++; return sha1.New() })
		sizes := map[int64]struct{}{}
		for range 2 {
			for i := range g.Pieces() {
				size := g.PieceSize(pieceset.Index(i))
				sizes[size] = struct{}{}
				want := sha1.Sum(make([]byte, size))
				got, zero := z.View(pieceset.Index(i)).(storage.AllZero)
				if !zero || string(got.Sum) != string(want[:]) {
					t.Errorf("%+v: piece %d: %x, want %x", g, i, got.Sum, want)
				}
			}
		}
		if made != len(sizes) {
			t.Errorf("%+v: %d hashes were made for %d sizes", g, made, len(sizes))
		}
	}
}

func TestOtherPiecesAreToBeRead(t *testing.T) {
	g := geometry.Geometry{TotalLength: 10, PieceLength: 10}
	for _, viewer := range []storage.HoleViewer{nil, holes(storage.HoleUnknown), holes(storage.HasData)} {
		z := storage.NewZeros(viewer, g, func(int) hash.Hash { return sha1.New() })
		if got := z.View(0); got != (storage.ToRead{}) {
			t.Errorf("%v: %v", viewer, got)
		}
	}
}
