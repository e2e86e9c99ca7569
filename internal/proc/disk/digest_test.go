package disk_test

import (
	"bytes"
	"testing"
	"testing/synctest"

	core "github.com/etorrent/etorrent/internal/core/storage"
	"github.com/etorrent/etorrent/internal/proc/disk"
)

func TestTheDigestsOfACorruptPieceDifferWhereItIsWrong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 2*pieceLength, nil)
		w.open(nil)
		bad := bytes.Clone(w.piece(0))
		bad[7]++
		w.send(0, bad)
		var wrong []core.Suspect
		var right []core.Digest
		w.until("corrupt", func(r disk.Report) bool {
			c, is := r.(disk.PieceCorrupt)
			wrong = c.Blocks
			return is && c.Piece == 0
		})
		w.send(0, w.piece(0))
		w.until("digested", func(r disk.Report) bool {
			d, is := r.(disk.PieceDigested)
			right = d.Digests
			return is && d.Piece == 0
		})
		if len(wrong) != len(right) {
			t.Fatalf("digests of %d and %d blocks", len(wrong), len(right))
		}
		for n, s := range wrong {
			if s.Sender != 7 || (s.Digest == right[n]) != (n > 0) {
				t.Errorf("block %d: sent by %d, differs: %t", n, s.Sender, s.Digest != right[n])
			}
		}
		w.send(1, w.piece(1))
		w.until("all durable", w.allDurable())
		w.stop()
	})
}

func TestWhatALiarSentOfAnOpenPieceIsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 2*pieceLength, nil)
		w.open(nil)
		w.sendBlocks(0, 1) // by 7
		w.disk.Disown(w.id, 6)
		w.disk.Disown(w.id, 7)
		w.until("lost", func(r disk.Report) bool {
			l, is := r.(disk.PiecesLost)
			return is && l.Pieces.Has(0) && l.Pieces.Count() == 1
		})
		w.send(0, w.piece(0))
		w.send(1, w.piece(1))
		w.until("all durable", w.allDurable())
		w.stop()
	})
}
