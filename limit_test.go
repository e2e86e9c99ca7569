package etorrent_test

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/etorrent/etorrent"
	"github.com/etorrent/etorrent/etorrenttest"
	"github.com/etorrent/etorrent/internal/storage"
	"github.com/etorrent/etorrent/internal/storage/faulty"
)

// A file that the file system cannot hold pauses the torrent before anything is
// made or fetched, until it is not wanted any more or the file system can hold it.
func TestAFileTooLargeForItsFileSystemPausesTheTorrentUntilItIsLeftOut(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		c := etorrenttest.NewContent(t, "mixed", 16<<10, 100_000, 300_000, 50_000)
		seeder := s.join()
		c.Seed(t, seeder.Client, seeder.storage)
		inner := etorrenttest.NewStorage()
		disk := faulty.New(inner)
		disk.LimitSizes(200_000)
		leecher := s.join(func(o *etorrent.Options) { o.Storage = disk })
		torrent := c.Fetch(t, leecher.Client, seeder.at())
		large := filepath.Join(etorrenttest.Dir, "mixed", "1.bin")
		wantTooLarge := func() {
			t.Helper()
			var at *etorrent.StorageError
			if st := torrent.Stats(); st.Phase != etorrent.Paused || !errors.As(st.Err, &at) || at.Path != large || !errors.Is(at, storage.ErrTooLarge) {
				t.Fatalf("%v, %v", st.Phase, st.Err)
			}
		}
		time.Sleep(10 * time.Second)
		wantTooLarge()
		if n := disk.Calls(faulty.Prepare) + disk.Calls(faulty.Write); n > 0 || torrent.Stats().Downloaded > 0 {
			t.Errorf("%d files were made or written, %d bytes fetched", n, torrent.Stats().Downloaded)
		}
		prefer := func(large etorrent.Priority) {
			t.Helper()
			if err := torrent.SetPriorities(t.Context(), etorrent.PriorityNormal, large, etorrent.PriorityUnwanted); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Minute) // it tries again by itself
		}
		prefer(etorrent.PriorityUnwanted)
		s.stored(torrent)
		c.CheckFile(t, inner, etorrenttest.Dir, 0)
		prefer(etorrent.PriorityNormal)
		wantTooLarge()
		disk.LimitSizes(storage.SizeLimitUnknown)
		time.Sleep(time.Minute)
		s.stored(torrent)
		c.CheckFile(t, inner, etorrenttest.Dir, 1)
	})
}
