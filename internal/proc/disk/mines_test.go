package disk_test

import (
	"bytes"
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/etorrent/etorrent/internal/proc/disk"
	"github.com/etorrent/etorrent/internal/storage"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
	"github.com/etorrent/etorrent/sup"
)

// mines is a storage whose stores panic at one call, on the worker that makes it,
// and that counts the stores that are open.
type mines struct {
	storage.Storage
	calls, at atomic.Int64 // at: the call that panics; 0: none
	open      atomic.Int64
}

func (m *mines) Open(ctx context.Context, s storage.Spec) (storage.Store, error) {
	st, err := m.Storage.Open(ctx, s)
	if err != nil {
		return nil, err
	}
	m.open.Add(1)
	return &mined{Store: st, of: m}, nil
}

// step is at the beginning of every call of a worker.
func (m *mines) step() {
	if m.calls.Add(1) == m.at.Load() {
		panic("injected")
	}
}

type mined struct {
	storage.Store
	of     *mines
	closed sync.Once
}

func (s *mined) Close() error {
	s.closed.Do(func() { s.of.open.Add(-1) })
	return s.Store.Close()
}

func (s *mined) ViewFile(ctx context.Context, i int) storage.FileFacts {
	s.of.step()
	return s.Store.(storage.FileViewer).ViewFile(ctx, i)
}

func (s *mined) ReadAt(p []byte, at int64) (int, error) {
	s.of.step()
	return s.Store.ReadAt(p, at)
}

func (s *mined) WriteAt(p []byte, at int64) (int, error) {
	s.of.step()
	return s.Store.WriteAt(p, at)
}

func (s *mined) Prepare(ctx context.Context, files []int) ([]int, error) {
	s.of.step()
	return s.Store.Prepare(ctx, files)
}

func (s *mined) Sync(ctx context.Context, pieces *pieceset.Set) error {
	s.of.step()
	return s.Store.Sync(ctx, pieces)
}

func (s *mined) Recheck(ctx context.Context, files []int) error {
	s.of.step()
	return s.Store.Recheck(ctx, files)
}

func (s *mined) Examine(ctx context.Context) ([]storage.FileFacts, error) {
	s.of.step()
	return s.Store.Examine(ctx)
}

// A bug below a worker ends the disk process with all its workers. What the job
// held, a slab or an open store, is given back, and every read has one answer.
func TestAPanicInsideAnyJobLosesNothingAndLeavesNothing(t *testing.T) {
	for n, panicked := int64(1), true; panicked; n++ {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, 3*pieceLength, nil)
			w.mines.at.Store(n)
			w.open(nil)
			w.downloadThroughCrashes()
			w.readEverything()
			panicked = w.mines.calls.Load() >= n
			if !bytes.Equal(w.stored(), w.data) {
				t.Errorf("call %d: the file differs", n)
			}
			w.stop()
			if t.Failed() {
				t.Fatalf("call %d", n)
			}
		})
	}
}

// readEverything has the disk read every piece, again where it crashed meanwhile.
func (w *world) readEverything() {
	w.t.Helper()
	reply := sup.NewMailbox[disk.ReadDone]()
	missing := pieceset.Full(w.meta.PieceCount())
	for rounds := 0; !missing.IsEmpty(); rounds++ {
		if rounds > 5 {
			w.t.Fatalf("%d pieces are never read", missing.Count())
		}
		asked := missing.Count()
		for i := range missing.All() {
			w.disk.ReadRun(disk.ReadRun{Torrent: w.id, Piece: i, Length: uint32(len(w.piece(i))), Reply: reply})
		}
		time.Sleep(time.Second)
		answers := reply.Take(nil)
		if len(answers) != asked {
			w.t.Errorf("%d reads had %d answers", asked, len(answers))
		}
		for _, r := range answers {
			if r.Err != nil {
				continue
			}
			if !bytes.Equal(r.Data, w.piece(r.Piece)) {
				w.t.Errorf("piece %d was read wrong", r.Piece)
			}
			r.Slab.Release()
			missing.Remove(r.Piece)
		}
		w.reports.Take(nil)
		w.open(nil)
	}
}
