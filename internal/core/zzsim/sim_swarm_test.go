package storage

import (
	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// arrive brings one block, mostly a missing one.
func (w *world) arrive() {
	if _, running := w.t.Phase().(Running); !running {
		return
	}
	missing := w.missing()
	if len(missing) == 0 || w.happens(20) {
		i := pieceset.Index(w.rnd.IntN(w.geometry.Pieces()))
		missing = []geometry.Block{{Piece: i, Number: uint32(w.rnd.IntN(int(w.geometry.Blocks(i))))}}
	}
	w.bring(missing[w.rnd.IntN(len(missing))])
}

func (w *world) bring(b geometry.Block) {
	begin, length := w.geometry.BlockBytes(b)
	c := good
	if w.happens(w.chances.corrupt) {
		c = bad
	}
	w.input(func() {
		if w.t.StoreBlock(w.now, Block{Piece: b.Piece, Begin: begin, Length: length}, w) == BlockStored {
			w.memory[b] = c
		}
	})
}

// missing are the blocks that a picker would ask for.
func (w *world) missing() []geometry.Block {
	v := w.t.View()
	var out []geometry.Block
	for k := range w.geometry.Pieces() {
		i := pieceset.Index(k)
		for n := range w.geometry.Blocks(i) {
			if !v.Held.Has(i) && !v.Present[i].Has(n) {
				out = append(out, geometry.Block{Piece: i, Number: n})
			}
		}
	}
	return out
}
