package disk_test

import (
	"bytes"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/etorrent/etorrent/internal/proc/calls"
	"github.com/etorrent/etorrent/internal/proc/disk"
	"github.com/etorrent/etorrent/internal/store"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
	"github.com/etorrent/etorrent/sup"
)

func TestPiecesBecomeDurableAndAreClaimed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 5*pieceLength+1000, nil)
		if _, ok := w.open(nil).(disk.Opened); !ok {
			t.Fatal("not opened")
		}
		for i := range w.meta.PieceCount() {
			w.send(pieceset.Index(i), w.piece(pieceset.Index(i)))
		}
		w.until("all durable", w.allDurable())
		if got := w.row().Claims.Count(); got != w.meta.PieceCount() {
			t.Errorf("%d pieces are claimed", got)
		}
		if !bytes.Equal(w.stored(), w.data) {
			t.Error("the file differs")
		}
		if err := w.disk.Close(t.Context(), calls.ControlCloseFiles, w.id); err != nil {
			t.Error(err)
		}
		if f := w.row().Files; len(f) != 1 || f[0].State != store.FileClean {
			t.Errorf("files %+v", f)
		}
		w.stop()
	})
}

func TestWrittenPiecesAreReadAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 2*pieceLength, nil)
		w.open(nil)
		w.send(0, w.piece(0))
		w.until("written", isWritten(0))
		reply := sup.NewMailbox[disk.ReadDone]()
		w.disk.ReadRun(disk.ReadRun{Torrent: w.id, Piece: 0, Begin: 16384, Length: 32768, Reply: reply})
		w.disk.ReadRun(disk.ReadRun{Torrent: w.id, Piece: 1, Begin: 0, Length: 16384, Reply: reply})
		synctest.Wait()
		got := map[pieceset.Index]disk.ReadDone{}
		for _, r := range reply.Take(nil) {
			got[r.Piece] = r
		}
		if r := got[0]; r.Err != nil || !bytes.Equal(r.Data, w.data[16384:16384+32768]) {
			t.Errorf("read %v, %d bytes", r.Err, len(r.Data))
		} else {
			r.Slab.Release()
		}
		if got[1].Err == nil {
			t.Error("a piece that is not written was read")
		}
		w.stop()
	})
}

func TestFoundFilesAreCheckedFirstAndStrangersAreNotTouched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 4*pieceLength, nil)
		there := bytes.Clone(w.data)
		there[pieceLength+5]++
		w.put("/d/data", there)
		if e, ok := w.open(nil).(disk.Opened); !ok || e.Checking != 4 {
			t.Fatalf("%+v", e)
		}
		w.until("check ended", func(r disk.Report) bool { return r == disk.CheckEnded{Good: 3, Bad: 1} })
		w.send(1, w.piece(1))
		w.until("durable", func(r disk.Report) bool {
			d, ok := r.(disk.PiecesDurable)
			return ok && d.Pieces.Has(1)
		})
		w.stop()
	})
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 4*pieceLength, nil)
		foreign := make([]byte, 4*pieceLength)
		w.put("/d/data", foreign)
		w.open(nil)
		w.until("nothing matched", func(r disk.Report) bool { return r == disk.NothingMatched{Path: "data"} })
		if !bytes.Equal(w.stored(), foreign) {
			t.Error("the stranger was touched")
		}
		w.stop()
	})
}

// TestAPanicAnywhereInTheDiskLosesNothing lets the disk panic at the n-th point
// of its life, for every n there is, while a torrent comes in. Whoever sends
// sends again what the disk does not have.
func TestAPanicAnywhereInTheDiskLosesNothing(t *testing.T) {
	for n, panicked := int64(1), true; panicked; n++ {
		synctest.Test(t, func(t *testing.T) {
			var at atomic.Int64
			hook := func(p sup.Point) {
				if p.Kind == "disk" && at.Add(1) == n {
					panic("injected")
				}
			}
			w := newWorld(t, 6*pieceLength, hook)
			w.open(nil)
			w.downloadThroughCrashes()
			panicked = at.Load() >= n
			if !bytes.Equal(w.stored(), w.data) {
				t.Errorf("run %d: the file differs", n)
			}
			w.stop()
		})
	}
}

func (w *world) downloadThroughCrashes() {
	written := pieceset.New(w.meta.PieceCount())
	durable := w.row().Claims.Held(w.meta.PieceCount())
	again := time.NewTicker(10 * time.Second)
	defer again.Stop()
	sendMissing := func() {
		for i := range w.meta.PieceCount() {
			if !durable.Has(pieceset.Index(i)) {
				w.send(pieceset.Index(i), w.piece(pieceset.Index(i)))
			}
		}
	}
	sendMissing()
	for rounds := 0; !durable.IsFull(); {
		select {
		case <-again.C:
			if rounds++; rounds > 20 {
				w.t.Fatalf("the torrent never completes: %d durable", durable.Count())
			}
			sendMissing()
		case <-w.reports.Wake():
			for _, r := range w.reports.Take(nil) {
				switch r := r.(type) {
				case *disk.PieceWritten:
					written.Add(r.Piece)
				case disk.PiecesDurable:
					durable.AddAll(r.Pieces)
				case disk.PiecesLost:
					durable.RemoveAll(r.Pieces)
				case disk.DiskRestarted:
					e := w.open(func(q *disk.OpenRequest) { q.Written = written.Clone() })
					durable = e.(disk.Opened).Claimed.Clone()
				default:
				}
			}
		}
	}
}
