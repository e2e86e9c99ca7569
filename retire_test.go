package etorrent_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/etorrent/etorrent"
	"github.com/etorrent/etorrent/etorrenttest"
	"github.com/etorrent/etorrent/internal/storage"
)

// lingering is a storage of one store that takes long to tell how files look which
// it has just made.
type lingering struct {
	storage.Storage
	made  atomic.Bool
	until chan struct{}
}

func (l *lingering) Open(ctx context.Context, s storage.Spec) (storage.Store, error) {
	st, err := l.Storage.Open(ctx, s)
	return &lingeringStore{st, l}, err
}

type lingeringStore struct {
	storage.Store
	of *lingering
}

func (s *lingeringStore) Prepare(ctx context.Context, files []int) ([]int, error) {
	made, err := s.Store.Prepare(ctx, files)
	s.of.made.Store(len(made) > 0)
	return made, err
}

func (s *lingeringStore) Examine(ctx context.Context) ([]storage.FileFacts, error) {
	facts, err := s.Store.Examine(ctx)
	if s.of.made.Load() {
		<-s.of.until
	}
	return facts, err
}

// Files are still being made when their torrent is closed: nobody waits for that,
// and nothing is done with what comes of it.
func TestATorrentIsRetiredWhileItsFilesAreBeingMade(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		c := etorrenttest.NewContent(t, "slow", 16<<10, 100_000, 100_000)
		inner := etorrenttest.NewStorage()
		// The first file is there in part, so that the second is made after a check.
		if err := inner.Put(etorrenttest.Dir+"/slow/0.bin", c.Bytes[:50_000]); err != nil {
			t.Fatal(err)
		}
		slow := &lingering{Storage: inner, until: make(chan struct{})}
		m := s.join(func(o *etorrent.Options) { o.Storage = slow })
		torrent := c.Fetch(t, m.Client)
		synctest.Wait()
		if n := count[etorrent.CheckedEvent](m); n != 0 || !slow.made.Load() {
			t.Fatal("the check did not wait for the files")
		}
		if err := torrent.Retire(t.Context()); err != nil {
			t.Fatal(err)
		}
		close(slow.until)
		synctest.Wait()
		if n := count[etorrent.CrashedEvent](m); n != 0 {
			t.Errorf("%d crashes", n)
		}
	})
}
