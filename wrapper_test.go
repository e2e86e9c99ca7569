package etorrent_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/etorrent/etorrent"
	"github.com/etorrent/etorrent/etorrenttest"
)

// A file that nobody wants is not made where the files can keep what it shares with
// one that somebody does: the engine asks that of the files in a wrapper too.
func TestTheEngineUsesWhatAWrappedStoreIsBeside(t *testing.T) {
	dir := t.TempDir()
	inSwarm(t, func(t *testing.T, s *swarm) {
		c := etorrenttest.NewContent(t, "pair", 32<<10, 100_000, 100_000)
		seeder := s.join()
		c.Seed(t, seeder.Client, seeder.storage)
		counting := &tallied{Storage: etorrent.NewFileStorage(0)}
		m := s.join(func(o *etorrent.Options) { o.Dir, o.Storage = dir, counting })
		f, err := m.Add(t.Context(), etorrent.FromMetainfo(c.Metainfo),
			etorrent.WithPeers(seeder.at()), etorrent.WithPriorities(etorrent.PriorityNormal, etorrent.PriorityUnwanted))
		if err != nil {
			t.Fatal(err)
		}
		s.stored(f)
		if _, err := os.Stat(filepath.Join(dir, "pair", "1.bin")); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("the file that nobody wants: %v", err)
		}
		if got, err := os.ReadFile(filepath.Join(dir, "pair", "0.bin")); err != nil || string(got) != string(c.Bytes[:100_000]) {
			t.Errorf("the other one: %d bytes, %v", len(got), err)
		}
		if counting.writes.Load() == 0 {
			t.Error("nothing was written through the wrapper")
		}
	})
}
