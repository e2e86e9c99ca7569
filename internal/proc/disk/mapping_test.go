package disk_test

import (
	"bytes"
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/etorrent/etorrent/internal/proc/disk"
	"github.com/etorrent/etorrent/internal/storage"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
	"github.com/etorrent/etorrent/sup"
)

// mapped is a storage whose stores lend what they have, as far as they are said to.
type mapped struct {
	storage.Storage
	w           *world
	lent, asked atomic.Int64
	most        int64 // that are lent at a time
}

func (m *mapped) Open(ctx context.Context, s storage.Spec) (storage.Store, error) {
	st, err := m.Storage.Open(ctx, s)
	return mappedStore{st, m}, err
}

func (m *mapped) EndLoan() { m.lent.Add(-1) }

type mappedStore struct {
	storage.Store
	of *mapped
}

func (s mappedStore) Unwrap() storage.Store { return s.Store }

// MapCached lends every other time, so that the loop and workers both do.
func (s mappedStore) MapCached(off int64, n int) storage.Mapping {
	if s.of.asked.Add(1)%2 == 0 {
		return s.Map(off, n)
	}
	return storage.Mapping{}
}

func (s mappedStore) Map(off int64, n int) storage.Mapping {
	if s.of.lent.Load() == s.of.most {
		return storage.Mapping{}
	}
	s.of.lent.Add(1)
	return storage.NewMapping(s.of.w.data[off:off+int64(n)], s.of)
}

// onMapped has all pieces stored, and the disk begin again on a storage that lends.
func onMapped(t *testing.T, most int64) (*world, *mapped) {
	w := newWorld(t, 4*pieceLength, nil)
	w.fetchAll()
	m := &mapped{Storage: w.storage, w: w, most: most}
	w.restartOn(m)
	w.mustOpen(nil)
	return w, m
}

// readFor asks for the second block of a piece.
func (w *world) readFor(who disk.Reader, i pieceset.Index, reply *sup.Mailbox[disk.ReadDone]) {
	w.disk.ReadRun(disk.ReadRun{Torrent: w.id, Piece: i, Begin: 1 << 14, Length: 1 << 14, Reader: who, Reply: reply})
	synctest.Wait()
}

func TestWhatTheKernelAloneReadsIsLentWhereTheStoreLends(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, m := onMapped(t, 1)
		reply := sup.NewMailbox[disk.ReadDone]()
		w.readFor(disk.ReadByKernel, 1, reply)
		w.readFor(disk.ReadByKernel, 1, reply)
		w.readFor(disk.ReadByUs, 1, reply)
		got, want := reply.Take(nil), w.piece(1)[1<<14:2<<14]
		if len(got) != 3 {
			t.Fatalf("%d answers", len(got))
		}
		if first := got[0]; first.Mapping.IsNone() || !first.Slab.IsNone() || !bytes.Equal(first.Mapping.ForKernel(0, 1<<14), want) {
			t.Error("it was not lent, or something else was")
		}
		for _, r := range got[1:] { // the store lends no more, and it is for us
			if !r.Mapping.IsNone() || r.Slab.IsNone() || !bytes.Equal(r.Data, want) {
				t.Error("it was not read, or something else was")
			}
		}
		for _, r := range got {
			r.Release()
		}
		w.stop()
		if n := m.lent.Load(); n != 0 {
			t.Errorf("%d are lent in the end", n)
		}
	})
}

func TestWhatIsLentToOneWhoIsGoneIsGivenBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, m := onMapped(t, 8)
		reply := sup.NewMailbox[disk.ReadDone]()
		w.readFor(disk.ReadByKernel, 1, reply)
		if n := m.lent.Load(); n != 1 {
			t.Fatalf("%d are lent", n)
		}
		w.disk.ReadRun(disk.ReadRun{Torrent: w.id, Piece: 2, Length: 1 << 14, Reader: disk.ReadByKernel, Reply: reply})
		w.disk.Abandon(reply)
		synctest.Wait()
		if n := m.lent.Load(); n != 0 {
			t.Errorf("%d are lent to nobody", n)
		}
		w.stop()
	})
}

func TestTheFilesOfWhatCouldNotBeSentAreLookedAt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _ := onMapped(t, 8)
		reply := sup.NewMailbox[disk.ReadDone]()
		w.readFor(disk.ReadByKernel, 1, reply)
		for _, r := range reply.Take(nil) {
			r.Release()
		}
		if w.hears() != 0 {
			t.Fatal("files are said to have changed")
		}
		w.outside(w.memory.Truncate("/d/data", pieceLength))
		w.disk.Missed(w.id, 1)
		w.disk.Missed(99, 1) // a torrent that is gone
		if w.hears() != 1 {
			t.Error("nobody hears that the file changed")
		}
		w.stop()
	})
}
