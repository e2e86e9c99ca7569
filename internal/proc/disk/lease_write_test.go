package disk_test

import (
	"bytes"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/etorrent/etorrent/internal/proc/disk"
	"github.com/etorrent/etorrent/internal/storage"
	"github.com/etorrent/etorrent/internal/storage/faulty"
	"github.com/etorrent/etorrent/internal/store"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// differs opens the torrent, whose bytes another holds differently, and closes it.
func (w *world) differs() {
	w.t.Helper()
	w.mustOpen(nil)
	w.until("fault", func(r disk.Report) bool {
		f, is := r.(disk.TorrentFaulted)
		var shared *disk.SharedFileError
		return is && errors.As(f.Err, &shared) && shared.Cause == disk.SharedDiffering
	})
	w.close()
}

// While a torrent waits for another that holds other bytes, nothing is read again.
func TestATorrentWaitsForDifferingBytesWithoutReadingThem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 4*pieceLength, nil)
		other := w.beside(changed(w.data, 0))
		w.fetchAll()
		other.differs()
		reads := w.storage.Calls(faulty.Read)
		for range 3 {
			other.mustWait(nil, disk.SharedDiffering)
		}
		if n := w.storage.Calls(faulty.Read) - reads; n > 0 {
			t.Errorf("%d reads", n)
		}
		other.mustOpen(wants(1, 2)) // they are the same
		other.close()
		w.stop()
	})
}

func TestATorrentWaitsForDifferingBytesUntilTheOtherLosesThem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 4*pieceLength, nil)
		other := w.beside(changed(w.data, 3))
		w.fetchAll()
		other.differs()
		other.mustWait(nil, disk.SharedDiffering)
		w.outside(w.memory.Truncate("/d/data", 3*pieceLength))
		w.mustOpen(func(q *disk.OpenRequest) { q.Verify = pieceset.Of(4, 3) })
		w.until("lost", func(r disk.Report) bool {
			_, is := r.(disk.PiecesLost)
			return is
		})
		w.disk.Want(w.id, pieceset.Of(4, 0, 1, 2))
		other.mustOpen(nil)
		other.until("check ended", func(r disk.Report) bool { return r == disk.CheckEnded{Good: 3, Bad: 1} })
		other.writeRest(3)
		w.stop()
	})
}

// What another holds and this one does not know to be there is read, not fetched.
func TestWhatAnotherTorrentHoldsIsReadBeforeItIsFetched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 4*pieceLength, nil)
		other := w.beside(w.data)
		w.fetchAll()
		w.close()
		u := store.UnclaimUpdate{ID: w.id, Epoch: w.epoch, Remove: pieceset.Of(4, 0, 3), Reason: store.LossChanged}
		if err := w.rows.Unclaim(t.Context(), u); err != nil {
			t.Fatal(err)
		}
		other.mustOpen(nil)
		other.until("all durable", other.allDurable())
		w.mustOpen(nil)
		w.untilDurable(0, 3)
		w.stop()
	})
}

func TestOneThatOnlySharesKeepsNobodyFromAFileThatItHasRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 2*pieceLength, nil)
		other := w.beside(changed(w.data, 1))
		w.put("/d/data", changed(w.data, 0))
		other.mustOpen(func(q *disk.OpenRequest) { q.Spec.Access = storage.ReadOnly })
		other.until("check ended", func(r disk.Report) bool { return r == disk.CheckEnded{Bad: 2} })
		w.mustOpen(nil)
		w.untilDurable(1)
		w.writeRest(0)
		w.stop()
	})
}

func TestAFileStaysATorrentsUntilItsLastWriteHasEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 4*pieceLength, nil)
		other := w.beside(w.data)
		w.mustOpen(nil)
		w.writeRest(0)
		written := make(chan struct{})
		w.storage.InjectAll(faulty.Write, faulty.Stall{Until: written})
		w.send(1, w.piece(1))
		synctest.Wait()
		w.disk.Want(w.id, pieceset.Of(4, 0))
		other.mustWait(nil, disk.SharedWanting)
		close(written)
		synctest.Wait()
		other.mustOpen(nil)
		w.stop()
	})
}

// A file that somebody makes between the look at the folder and the making of the
// torrent's files is looked at before it is written.
func TestAFileThatAppearsWhileATorrentIsOpenedIsNotWrittenOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 4*pieceLength, nil)
		theirs := bytes.Repeat([]byte("mine"), len(w.data)/4)
		looked := make(chan struct{})
		w.storage.InjectAll(faulty.Prepare, faulty.Stall{Until: looked})
		answer := make(chan disk.OpenEvidence, 1)
		go func() { answer <- w.open(nil) }()
		synctest.Wait()
		w.put("/d/data", theirs)
		close(looked)
		if e, is := (<-answer).(disk.OpenFailed); !is {
			t.Fatalf("%+v", e)
		}
		w.mustOpen(nil)
		w.until("nothing matched", func(r disk.Report) bool { return r == disk.NothingMatched{Path: "data"} })
		if !bytes.Equal(w.stored(), theirs) {
			t.Error("it was written over")
		}
		w.stop()
	})
}
