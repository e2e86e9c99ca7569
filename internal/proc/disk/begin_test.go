package disk_test

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/etorrent/etorrent/internal/proc/disk"
	"github.com/etorrent/etorrent/internal/storage"
	"github.com/etorrent/etorrent/internal/store"
)

// linked is a storage whose first file has another name until it is separated.
type linked struct {
	storage.Storage
	links    uint64
	separate func(context.Context) error
}

type linkedStore struct {
	storage.Store
	of *linked
}

func (s *linked) Open(ctx context.Context, spec storage.Spec) (storage.Store, error) {
	st, err := s.Storage.Open(ctx, spec)
	return linkedStore{st, s}, err
}

func (s linkedStore) Examine(ctx context.Context) ([]storage.FileFacts, error) {
	facts, err := s.Store.Examine(ctx)
	if len(facts) > 0 {
		if p, there := facts[0].(storage.Present); there {
			p.Links = s.of.links
			facts[0] = p
		}
	}
	return facts, err
}

func (s linkedStore) Separate(ctx context.Context, _ []int) error {
	if err := s.of.separate(ctx); err != nil {
		return err
	}
	s.of.links = 1
	return nil
}

// newLinked is a world whose file has another name and lacks its second piece.
func newLinked(t *testing.T, separate func(context.Context) error) *world {
	w := newWorld(t, 4*pieceLength, nil)
	w = w.beside(w.data, "empty")
	w.put("/d/data", changed(w.data, 1))
	w.restartOn(&linked{Storage: w.storage, links: 2, separate: separate})
	return w
}

// withEmpty adds a file of no bytes.
func withEmpty(prepare ...int) func(*disk.OpenRequest) {
	return func(q *disk.OpenRequest) {
		q.Spec.Files = append(q.Spec.Files, storage.File{Path: "empty", Offset: q.Spec.Geometry.TotalLength})
		q.Prepare = prepare
	}
}

func TestACopyUnderWayEndsWithItsTorrentAndWithTheDisk(t *testing.T) {
	for name, end := range map[string]func(*world){
		"torrent": func(w *world) {
			w.close()
			if n := w.row().Claims.Count(); n != 3 {
				w.t.Errorf("%d pieces are claimed", n)
			}
		},
		"disk": func(*world) {},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newLinked(t, func(ctx context.Context) error {
					<-ctx.Done()
					return ctx.Err()
				})
				w.mustOpen(nil)
				w.untilDurable(0, 2, 3)
				w.send(1, w.piece(1))
				synctest.Wait()
				end(w)
				w.stop()
			})
		})
	}
}

// A file is made, and known from then on, while another is copied.
func TestWhatIsLearntOfFilesWhileOneIsCopiedIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		copied := make(chan struct{})
		w := newLinked(t, func(context.Context) error {
			<-copied
			return nil
		})
		w.mustOpen(withEmpty(0))
		w.untilDurable(0, 2, 3)
		w.send(1, w.piece(1))
		synctest.Wait()
		w.mustOpen(withEmpty(0, 1))
		close(copied)
		w.untilDurable(1)
		w.close()
		files := w.row().Files
		if len(files) != 2 || files[0].State != store.FileClean || files[1].State != store.FileClean {
			t.Errorf("the row has %+v", files)
		}
		w.stop()
	})
}
