package disk_test

import (
	"bytes"
	"testing"
	"testing/synctest"

	"github.com/etorrent/etorrent/internal/leaf/slab"
	"github.com/etorrent/etorrent/internal/proc/disk"
	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// sendSome gives blocks [from, to) of a piece to the disk, in one slab.
func (w *world) sendSome(i pieceset.Index, from, to uint32) {
	w.t.Helper()
	g, piece := w.geometry(), w.piece(i)
	s, err := w.receive.Rent(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	at := 13 // behind the head of a message
	for n := from; n < to; n++ {
		begin, length := g.BlockBytes(geometry.Block{Piece: i, Number: n})
		data := s.Bytes()[at : at+int(length)]
		at += 13 + copy(data, piece[begin:begin+length])
		s.Note(slab.Block{Piece: i, Begin: begin, Data: data})
	}
	w.disk.StoreBlocks(disk.StoreBlocks{Torrent: w.id, Holder: 7, Slab: s})
}

// A piece's blocks stay in the slabs that they came in until it is written. Others
// are lent meanwhile.
func TestBlocksStayInTheirSlabsUntilTheyAreWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 2*pieceLength, nil)
		w.open(nil)
		w.sendSome(0, 0, 3)
		synctest.Wait()
		if n := w.receive.Outstanding(); n != 1 {
			t.Errorf("%d slabs hold three blocks", n)
		}
		var others []slab.Slab
		for range 8 { // as many as the pool lends
			s, wait := w.receive.TryRent()
			if wait != nil {
				t.Fatal("the blocks keep others from being received")
			}
			others = append(others, s)
		}
		for _, s := range others {
			s.Release()
		}
		w.sendSome(0, 3, 4)
		w.until("the piece is written", func(r disk.Report) bool { _, is := r.(*disk.PieceWritten); return is })
		synctest.Wait()
		if n := w.receive.Outstanding(); n != 0 {
			t.Errorf("%d slabs are lent for what is written", n)
		}
		w.stop()
		if got := w.stored(); !bytes.Equal(got[:pieceLength], w.piece(0)) {
			t.Error("other bytes were written")
		}
	})
}

// The slabs that blocks stay in are bounded, and are given back with what they are
// for: by a torrent that is closed, and by a process that ends.
func TestFewBlocksDoNotKeepManySlabs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const pieces = 200
		w := newWorld(t, pieces*pieceLength, nil)
		w.open(nil)
		most := 0
		for i := range pieceset.Index(pieces) {
			w.sendSome(i, 0, 1)
			synctest.Wait()
			most = max(most, w.receive.Outstanding())
		}
		if most > 2 {
			t.Errorf("%d slabs were kept for one block each", most)
		}
		for i := range pieceset.Index(pieces) {
			w.sendSome(i, 1, 3)
			synctest.Wait()
			most = max(most, w.receive.Outstanding())
		}
		if most > 5 {
			t.Errorf("%d slabs were kept for two blocks each", most)
		}
		w.stop()
	})
}
