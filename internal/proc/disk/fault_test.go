package disk_test

import (
	"bytes"
	"fmt"
	"syscall"
	"testing"
	"testing/synctest"

	"github.com/etorrent/etorrent/internal/proc/calls"
	"github.com/etorrent/etorrent/internal/proc/disk"
	"github.com/etorrent/etorrent/internal/storage"
	"github.com/etorrent/etorrent/internal/storage/faulty"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// Each fault of the environment ends in its own state, keeps what was claimed,
// and the torrent completes when the fault is gone and it is opened again.
func TestAFaultPausesTheTorrentAndNothingClaimedIsLost(t *testing.T) {
	for _, tc := range []struct {
		op    faulty.Op
		err   syscall.Errno
		means storage.FaultEvidence
	}{
		{faulty.Write, syscall.ENOSPC, storage.NoSpace{}},
		{faulty.Write, syscall.EDQUOT, storage.QuotaExceeded{}},
		{faulty.Write, syscall.EROFS, storage.ReadOnlyFileSystem{}},
		{faulty.Write, syscall.EIO, storage.InputOutput{}},
		{faulty.Write, syscall.EFBIG, storage.FileTooLarge{}},
		{faulty.Sync, syscall.EIO, storage.InputOutput{}},
		{faulty.Sync, syscall.ENOSPC, storage.NoSpace{}},
	} {
		t.Run(fmt.Sprintf("%v %v", tc.op, tc.err), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, 6*pieceLength, nil)
				w.open(nil)
				w.send(0, w.piece(0))
				w.send(1, w.piece(1))
				w.untilDurable(0, 1)
				w.storage.InjectAll(tc.op, faulty.Fail{Err: tc.err})
				w.send(2, w.piece(2))
				w.until("the fault", func(r disk.Report) bool {
					f, ok := r.(disk.TorrentFaulted)
					return ok && f.Fault == tc.means
				})
				if got := w.row().Claims.Held(6); !got.Has(0) || !got.Has(1) || got.Has(2) {
					t.Errorf("claimed %d", got.Count())
				}
				w.storage.Heal(tc.op)
				if e, ok := w.open(nil).(disk.Opened); !ok || e.Claimed.Count() != 2 {
					t.Fatalf("opened again: %+v", e)
				}
				for i := pieceset.Index(2); i < 6; i++ {
					w.send(i, w.piece(i))
				}
				w.untilDurable(2, 3, 4, 5)
				if !bytes.Equal(w.stored(), w.data) {
					t.Error("the file differs")
				}
				w.stop()
			})
		})
	}
}

func (w *world) untilDurable(pieces ...pieceset.Index) {
	w.t.Helper()
	missing := pieceset.Of(w.meta.PieceCount(), pieces...)
	w.until("durable", func(r disk.Report) bool {
		if d, ok := r.(disk.PiecesDurable); ok {
			missing.RemoveAll(d.Pieces)
		}
		return missing.IsEmpty()
	})
}

// What is claimed is looked at again when the files changed behind our back.
func TestAFileThatChangedWhileItWasClosedIsReadAgain(t *testing.T) {
	for name, change := range map[string]func(*world){
		"truncated": func(w *world) { w.outside(w.memory.Truncate("/d/data", 3*pieceLength)) },
		"deleted":   func(w *world) { w.outside(w.memory.Remove("/d/data")) },
		"replaced": func(w *world) {
			w.outside(w.memory.Remove("/d/data"))
			w.put("/d/data", append(make([]byte, pieceLength), w.data[pieceLength:2*pieceLength]...))
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, 6*pieceLength, nil)
				w.fetchAll()
				if err := w.disk.Close(t.Context(), calls.ControlCloseFiles, w.id); err != nil {
					t.Fatal(err)
				}
				change(w)
				if e, ok := w.open(nil).(disk.Opened); !ok || e.Checking == 0 || !e.Claimed.IsEmpty() {
					t.Fatalf("opened %+v", e)
				}
				w.until("check ended", func(r disk.Report) bool {
					_, ok := r.(disk.CheckEnded)
					return ok
				})
				w.refetch()
				w.stop()
			})
		})
	}
	t.Run("replaced by somebody's while closed", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, 6*pieceLength, nil)
			w.fetchAll()
			if err := w.disk.Close(t.Context(), calls.ControlCloseFiles, w.id); err != nil {
				t.Fatal(err)
			}
			theirs := bytes.Repeat([]byte("mine"), len(w.data)/4)
			w.outside(w.memory.Remove("/d/data"))
			w.put("/d/data", theirs)
			for range 2 { // it stays so
				w.open(nil)
				w.until("nothing matched", func(r disk.Report) bool { return r == disk.NothingMatched{Path: "data"} })
				if err := w.disk.Close(t.Context(), calls.ControlCloseFiles, w.id); err != nil {
					t.Fatal(err)
				}
			}
			if !bytes.Equal(w.stored(), theirs) {
				t.Error("it was written over")
			}
			if n := w.row().Claims.Count(); n > 0 {
				t.Errorf("%d pieces are claimed", n)
			}
			w.stop()
		})
	})
}

// outside checks that a change from outside could be made.
func (w *world) outside(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) fetchAll() {
	w.open(nil)
	for i := range w.meta.PieceCount() {
		w.send(pieceset.Index(i), w.piece(pieceset.Index(i)))
	}
	w.until("all durable", w.allDurable())
	synctest.Wait() // the last look at what was written is over
}

// refetch sends what the row does not claim until it claims everything.
func (w *world) refetch() {
	w.t.Helper()
	synctest.Wait() // the row takes back what is lost; until then nothing is taken for it
	n := w.meta.PieceCount()
	var missing []pieceset.Index
	for i := range n {
		if !w.row().Claims.Held(n).Has(pieceset.Index(i)) {
			missing = append(missing, pieceset.Index(i))
		}
	}
	for _, i := range missing {
		w.send(i, w.piece(i))
	}
	synctest.Wait()
	if err := w.disk.Close(w.t.Context(), calls.ControlCloseFiles, w.id); err != nil {
		w.t.Fatal(err)
	}
	if got := w.row().Claims.Held(n); !got.IsFull() {
		w.t.Errorf("%d of %d pieces are claimed", got.Count(), n)
	}
	if !bytes.Equal(w.stored(), w.data) {
		w.t.Error("the file differs")
	}
}
