package disk

import (
	core "github.com/etorrent/etorrent/internal/core/storage"
	"github.com/etorrent/etorrent/internal/store"
	"github.com/etorrent/etorrent/internal/vocab/geometry"
)

// The row keeps a block map as bytes, high bit first; the core as words, low bit
// first.

func corePartials(from store.Partials) []core.PartialPiece {
	var out []core.PartialPiece
	for _, p := range from {
		s := core.NewBlockSet(uint32(len(p.Blocks) * 8))
		for n := range uint32(len(p.Blocks) * 8) {
			if p.Blocks[n/8]&(0x80>>(n%8)) != 0 {
				s[n/64] |= 1 << (n % 64)
			}
		}
		out = append(out, core.PartialPiece{Piece: p.Piece, Blocks: s})
	}
	return out
}

func storePartials(g geometry.Geometry, from []core.PartialPiece) store.Partials {
	out := store.Partials{}
	for _, p := range from {
		bits := make([]byte, (g.Blocks(p.Piece)+7)/8)
		for n := range g.Blocks(p.Piece) {
			if p.Blocks.Has(n) {
				bits[n/8] |= 0x80 >> (n % 8)
			}
		}
		out = append(out, store.Partial{Piece: p.Piece, Blocks: bits})
	}
	return out
}
