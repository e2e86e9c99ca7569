package disk_test

import (
	"testing"
	"testing/synctest"

	"github.com/etorrent/etorrent/internal/proc/disk"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
	"github.com/etorrent/etorrent/sup"
)

// From the slab to the file a piece costs its reports and no more: what carries its
// blocks, its hash and its write is used again.
func TestBlocksAreStoredWithFewObjectsAPiece(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const pieces, warm, counted = 300, 50, 200
		w := newWorld(t, pieces*pieceLength, nil)
		w.open(nil)
		next := pieceset.Index(0)
		var told sup.Taken[disk.Report]
		store := func() {
			w.send(next, w.piece(next))
			for written := false; !written; {
				<-w.reports.Wake()
				for told.Take(w.reports); told.Left() > 0; {
					r, is := told.Next().(*disk.PieceWritten)
					written = written || is && r.Piece == next
				}
			}
			next++
		}
		for range warm {
			store()
		}
		if n := testing.AllocsPerRun(counted, store); n > 2 {
			t.Errorf("%v objects a piece", n)
		}
		w.stop()
	})
}
