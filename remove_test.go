//go:build unix

package etorrent_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/etorrent/etorrent"
	"github.com/etorrent/etorrent/etorrenttest"
	"github.com/etorrent/etorrent/sqlitestate"
)

// kept has a member keep its files in a folder and its state on the disk.
func kept(t *testing.T, dir, state string) func(*etorrent.Options) {
	return func(o *etorrent.Options) {
		onDisk(dir)(o)
		driver, err := sqlitestate.Open(state)
		if err != nil {
			t.Fatal(err)
		}
		o.State = driver
	}
}

func TestRemoveDeletesOnlyFilesThatWereMadeForTheTorrent(t *testing.T) {
	dir, state := t.TempDir(), t.TempDir()
	inSwarm(t, func(t *testing.T, s *swarm) {
		c := etorrenttest.NewContent(t, "data", 16<<10, 50_000, 50_000, 50_000)
		there := filepath.Join(dir, "data", "1.bin")
		if err := os.MkdirAll(filepath.Dir(there), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(there, c.Bytes[50_000:100_000], 0o666); err != nil {
			t.Fatal(err)
		}
		seeder, m := s.join(), s.join(kept(t, dir, state))
		c.Seed(t, seeder.Client, seeder.storage)
		s.stored(c.Fetch(t, m.Client, seeder.at()))
		etorrenttest.Shutdown(t, m.Client)
		m.start(t, kept(t, dir, state)) // what is ours outlives the client
		f := c.Fetch(t, m.Client)
		s.stored(f)
		other := filepath.Join(dir, "data", "2.bin")
		if err := os.Rename(other, other+".kept"); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(other, []byte("another's"), 0o666); err != nil {
			t.Fatal(err)
		}
		if err := f.Remove(t.Context(), etorrent.DeleteData); err != nil {
			t.Fatal(err)
		}
		if got := below(t, dir); !slices.Equal(got, []string{"data/1.bin", "data/2.bin", "data/2.bin.kept"}) {
			t.Errorf("there is %v", got)
		}
		if _, err := m.Torrent(f.ID()); !errors.Is(err, etorrent.ErrUnknown) {
			t.Errorf("it runs: %v", err)
		}
		if err := f.Remove(t.Context(), etorrent.DeleteData); err != nil {
			t.Errorf("once more: %v", err)
		}
		again := c.Fetch(t, m.Client)
		if err := again.Wait(t.Context(), etorrent.FilesOpen); err == nil {
			t.Error("the state knows the torrent still: another's file was no reason to refuse it")
		}
	})
}

func TestRemoveLeavesNothingOfATorrentThatWasFetchedHere(t *testing.T) {
	dir := t.TempDir()
	inSwarm(t, func(t *testing.T, s *swarm) {
		c := etorrenttest.NewContent(t, "data", 16<<10, 50_000, 50_000)
		seeder, m := s.join(), s.join(onDisk(dir))
		c.Seed(t, seeder.Client, seeder.storage)
		for _, policy := range []etorrent.DataPolicy{etorrent.KeepData, etorrent.DeleteData} {
			f, err := m.Add(t.Context(), etorrent.FromMetainfo(c.Metainfo), etorrent.WithPeers(seeder.at()),
				etorrent.InDir(filepath.Join(dir, string(rune('a'+policy)))))
			if err != nil {
				t.Fatal(err)
			}
			s.stored(f)
			if err := f.Remove(t.Context(), policy); err != nil {
				t.Fatal(err)
			}
		}
		if got := below(t, dir); !slices.Equal(got, []string{"a/data/0.bin", "a/data/1.bin"}) {
			t.Errorf("there is %v", got)
		}
		if n := len(ofType[etorrent.WarningEvent](m)); n > 0 {
			t.Errorf("%d warnings", n)
		}
	})
}

func TestRemoveLeavesFilesThatAnotherTorrentHas(t *testing.T) {
	dir := t.TempDir()
	inSwarm(t, func(t *testing.T, s *swarm) {
		whole := contentOf(t, "data", 16<<10, map[string][]byte{"a": bytesOf(1, 32<<10), "b": bytesOf(2, 32<<10)})
		part := contentOf(t, "data", 16<<10, map[string][]byte{"a": bytesOf(1, 32<<10)})
		seeder, m := s.join(), s.join(onDisk(dir))
		whole.Seed(t, seeder.Client, seeder.storage)
		f := whole.Fetch(t, m.Client, seeder.at())
		s.stored(f)
		s.stored(part.Fetch(t, m.Client))
		if err := f.Remove(t.Context(), etorrent.DeleteData); err != nil {
			t.Fatal(err)
		}
		if got := below(t, dir); !slices.Equal(got, []string{"data/a"}) {
			t.Errorf("there is %v", got)
		}
	})
}
