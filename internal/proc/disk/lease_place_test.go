package disk_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/etorrent/etorrent/internal/proc/disk"
	"github.com/etorrent/etorrent/internal/storage"
	"github.com/etorrent/etorrent/internal/storage/faulty"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// A torrent looks at the folder before another makes the file, and comes to it after.
func TestATorrentThatFindsOutLateWhoseItsFileIsWaits(t *testing.T) {
	for name, wrote := range map[string]int{"empty": 0, "written": 1} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, 4*pieceLength, nil)
				other := w.beside(w.data)
				looked := make(chan struct{})
				w.storage.InjectAll(faulty.Recheck, faulty.Stall{Until: looked})
				answer := make(chan disk.OpenEvidence, 1)
				go func() {
					answer <- other.open(func(q *disk.OpenRequest) { q.Written = pieceset.Of(4, 3) })
				}()
				synctest.Wait()
				w.mustOpen(nil)
				for i := range wrote {
					w.send(pieceset.Index(i), w.piece(pieceset.Index(i)))
				}
				synctest.Wait()
				close(looked)
				if _, is := (<-answer).(disk.Opened); is {
					other.until("fault", func(r disk.Report) bool {
						f, is := r.(disk.TorrentFaulted)
						var shared *disk.SharedFileError
						return is && errors.As(f.Err, &shared)
					})
				}
				other.send(2, other.piece(2))
				time.Sleep(time.Second)
				if n := other.row().Claims.Count(); n > 0 {
					t.Errorf("%d claims", n)
				}
				w.send(2, w.piece(2))
				w.untilDurable(2)
				w.stop()
			})
		})
	}
}

// numberless is a storage whose files have no numbers.
type numberless struct{ storage.Storage }

type numberlessStore struct{ storage.Store }

func (s numberless) Open(ctx context.Context, spec storage.Spec) (storage.Store, error) {
	st, err := s.Storage.Open(ctx, spec)
	return numberlessStore{st}, err
}

func (s numberlessStore) Examine(ctx context.Context) ([]storage.FileFacts, error) {
	facts, err := s.Store.Examine(ctx)
	for i, f := range facts {
		if p, there := f.(storage.Present); there {
			p.Device, p.Inode = 0, 0
			facts[i] = p
		}
	}
	return facts, err
}

func TestFilesWithoutNumbersAreKnownByTheirPaths(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 4*pieceLength, nil)
		other := w.beside(w.data)
		w.restartOn(numberless{w.storage})
		other.restartedWith(w)
		w.mustOpen(nil)
		w.writeRest(0)
		other.mustWait(nil, disk.SharedWanting)
		w.writeRest(1, 2, 3)
		other.mustOpen(nil)
		other.until("all durable", other.allDurable())
		w.stop()
	})
}

// slow is a storage that has its callers wait when they have looked at the files.
type slow struct {
	storage.Storage
	looked *func()
}

type slowStore struct {
	storage.Store
	looked *func()
}

func (s slow) Open(ctx context.Context, spec storage.Spec) (storage.Store, error) {
	st, err := s.Storage.Open(ctx, spec)
	return slowStore{st, s.looked}, err
}

func (s slowStore) Examine(ctx context.Context) ([]storage.FileFacts, error) {
	facts, err := s.Store.Examine(ctx)
	(*s.looked)()
	return facts, err
}

// What a look showed of a file counts no more when another torrent begins to write it
// before the one that looked has it, though that one lacks nothing.
func TestAWholeTorrentThatLooksAtItsFileBesideTheFirstWriteOfAnotherWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 4*pieceLength, nil)
		other := w.beside(changed(changed(w.data, 0), 1))
		w.fetchAll()
		w.close()
		looked, until := func() {}, make(chan struct{})
		w.restartOn(slow{w.storage, &looked})
		other.restartedWith(w)
		other.mustOpen(nil)
		other.until("check ended", func(r disk.Report) bool { return r == disk.CheckEnded{Good: 2, Bad: 2} })
		synctest.Wait()
		looked = func() { <-until }
		answer := make(chan disk.OpenEvidence, 1)
		go func() { answer <- w.open(nil) }()
		synctest.Wait()
		looked = func() {}
		other.writeRest(0)
		close(until)
		var shared *disk.SharedFileError
		if e, failed := (<-answer).(disk.OpenFailed); !failed || !errors.As(e.Err, &shared) {
			t.Errorf("%+v", e)
		}
		w.stop()
	})
}
