package geometry_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// shapes draws torrents small enough to walk, with pieces that are and are not
// whole blocks.
func shapes() *rapid.Generator[geometry.Geometry] {
	return rapid.Custom(func(t *rapid.T) geometry.Geometry {
		lengths := rapid.OneOf(rapid.SampledFrom([]int64{1, 1 << 14, 1 << 15, 1 << 18}), rapid.Int64Range(1, 1<<18))
		piece := lengths.Draw(t, "piece length")
		total := rapid.OneOf(rapid.Int64Range(0, 40*piece), rapid.Just(piece), rapid.Just(3*piece))
		return geometry.Geometry{TotalLength: total.Draw(t, "total length"), PieceLength: piece}
	})
}

func TestPiecesCoverTheTorrentOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := shapes().Draw(t, "geometry")
		next := int64(0)
		for i := range pieceset.Index(g.Pieces()) {
			size := g.PieceSize(i)
			if g.PieceOffset(i) != next || size < 1 || size > g.PieceLength {
				t.Fatalf("piece %d: %d bytes at %d, want it at %d", i, size, g.PieceOffset(i), next)
			}
			if last := int(i) == g.Pieces()-1; !last && size != g.PieceLength {
				t.Fatalf("piece %d of %d is short", i, g.Pieces())
			}
			next += size
		}
		if next != g.TotalLength {
			t.Fatalf("pieces cover %d bytes", next)
		}
	})
}

func TestBlocksCoverAPieceOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := shapes().Filter(func(g geometry.Geometry) bool { return g.Pieces() > 0 }).Draw(t, "geometry")
		i := pieceset.Index(rapid.IntRange(0, g.Pieces()-1).Draw(t, "piece"))
		next := uint32(0)
		for n := range g.Blocks(i) {
			begin, length := g.BlockBytes(geometry.Block{Piece: i, Number: n})
			if begin != next || length < 1 || length > geometry.BlockSize {
				t.Fatalf("block %d: %d bytes at %d, want it at %d", n, length, begin, next)
			}
			if n < g.Blocks(i)-1 && length != geometry.BlockSize {
				t.Fatalf("block %d of %d is short", n, g.Blocks(i))
			}
			next += length
		}
		if int64(next) != g.PieceSize(i) {
			t.Fatalf("blocks cover %d of %d bytes", next, g.PieceSize(i))
		}
	})
}

func TestKnownShapes(t *testing.T) {
	for _, c := range []struct {
		g                geometry.Geometry
		pieces           int
		lastSize         int64
		lastBlocks       uint32
		lastBegin, bytes uint32
	}{
		{geometry.Geometry{TotalLength: 1, PieceLength: 1 << 14}, 1, 1, 1, 0, 1},
		{geometry.Geometry{TotalLength: 1 << 18, PieceLength: 1 << 18}, 1, 1 << 18, 16, 15 << 14, 1 << 14},
		{geometry.Geometry{TotalLength: 1<<18 + 1, PieceLength: 1 << 18}, 2, 1, 1, 0, 1},
		{geometry.Geometry{TotalLength: 100_000, PieceLength: 40_000}, 3, 20_000, 2, 1 << 14, 20_000 - 1<<14},
		{geometry.Geometry{TotalLength: 5 << 40, PieceLength: 1 << 24}, 327_680, 1 << 24, 1024, 1023 << 14, 1 << 14},
	} {
		last := pieceset.Index(c.pieces - 1)
		if c.g.Pieces() != c.pieces || c.g.PieceSize(last) != c.lastSize || c.g.Blocks(last) != c.lastBlocks {
			t.Errorf("%+v: %d pieces, the last of %d bytes in %d blocks", c.g, c.g.Pieces(), c.g.PieceSize(last), c.g.Blocks(last))
		}
		begin, length := c.g.BlockBytes(geometry.Block{Piece: last, Number: c.lastBlocks - 1})
		if begin != c.lastBegin || length != c.bytes {
			t.Errorf("%+v: last block has %d bytes at %d", c.g, length, begin)
		}
	}
}

func TestATorrentOfNothingHasNoPieces(t *testing.T) {
	for _, g := range []geometry.Geometry{{}, {TotalLength: 100}, {PieceLength: 1 << 14}, {TotalLength: 5, PieceLength: -1}} {
		if g.Pieces() != 0 {
			t.Errorf("%+v has %d pieces", g, g.Pieces())
		}
	}
}
