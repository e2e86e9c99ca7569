//go:build unix

package etorrent_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/etorrent/etorrent"
	"github.com/etorrent/etorrent/etorrenttest"
	"github.com/etorrent/etorrent/sqlitestate"
)

// below are the names of what lies in a folder, and below it.
func below(t *testing.T, dir string) []string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			rel, _ := filepath.Rel(dir, path)
			names = append(names, filepath.ToSlash(rel))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// A file that is not wanted is not made, though it shares pieces with one that is.
// What came of it is served, outlives a restart, and is not fetched again when the
// file is wanted.
func TestUnwantedFilesAreNotMadeAndTheirEdgesAreKept(t *testing.T) {
	dir, state := t.TempDir(), t.TempDir()
	inSwarm(t, func(t *testing.T, s *swarm) {
		const size, piece = 100_000, 16 << 10
		c := etorrenttest.NewContent(t, "three", piece, size, size, size)
		parts := ".etorrent-" + c.Metainfo.ID().V1.String() + ".parts"
		keep := func(o *etorrent.Options) {
			onDisk(dir)(o)
			driver, err := sqlitestate.Open(state)
			if err != nil {
				t.Fatal(err)
			}
			o.State = driver
		}
		seeder, first := s.join(), s.join(keep)
		c.Seed(t, seeder.Client, seeder.storage)
		middle := etorrent.WithPriorities(etorrent.PriorityUnwanted, etorrent.PriorityNormal, etorrent.PriorityUnwanted)
		fetching, err := first.Add(t.Context(), etorrent.FromMetainfo(c.Metainfo), etorrent.WithPeers(seeder.at()), middle)
		if err != nil {
			t.Fatal(err)
		}
		s.stored(fetching)
		if got := below(t, dir); !slices.Equal(got, []string{parts, "three/1.bin"}) {
			t.Fatalf("there is %v", got)
		}
		mustHave(t, filepath.Join(dir, "three", "1.bin"), c.Bytes[size:2*size])
		etorrenttest.Shutdown(t, first.Client)

		second, other := s.join(keep), s.join()
		again, err := second.Add(t.Context(), etorrent.FromMetainfo(c.Metainfo))
		if err != nil {
			t.Fatal(err)
		}
		s.stored(again)
		if n := count[etorrent.CheckingEvent](second); n > 0 {
			t.Errorf("%d checks after a restart", n)
		}
		part, err := other.Add(t.Context(), etorrent.FromMetainfo(c.Metainfo), etorrent.WithPeers(second.at()), middle)
		if err != nil {
			t.Fatal(err)
		}
		s.stored(part)
		c.CheckFile(t, other.storage, etorrenttest.Dir, 1)

		introduce(t, again, seeder.at())
		if err := again.SetPriorities(t.Context(), etorrent.PriorityNormal, etorrent.PriorityNormal, etorrent.PriorityNormal); err != nil {
			t.Fatal(err)
		}
		s.stored(again)
		if got := below(t, dir); !slices.Equal(got, []string{"three/0.bin", "three/1.bin", "three/2.bin"}) {
			t.Errorf("there is %v", got)
		}
		for i := range 3 {
			mustHave(t, filepath.Join(dir, "three", string(rune('0'+i))+".bin"), c.Bytes[i*size:(i+1)*size])
		}
		for _, e := range past(second) {
			if p, is := e.(etorrent.PieceEvent); is && p.State == etorrent.PieceVerified && size/piece <= p.Index && p.Index <= (2*size-1)/piece {
				t.Errorf("piece %d was fetched again", p.Index)
			}
		}
	})
}

// The parts file has one time for all files in it: that one of them was written
// makes the others neither changed nor unknown.
func TestAFileInThePartsFileIsNotReadAgainBecauseAnotherWasWritten(t *testing.T) {
	dir, state := t.TempDir(), t.TempDir()
	inSwarm(t, func(t *testing.T, s *swarm) {
		const size = 50_000
		c := etorrenttest.NewContent(t, "five", 16<<10, size, size, size, size, size)
		keep := func(o *etorrent.Options) {
			onDisk(dir)(o)
			driver, err := sqlitestate.Open(state)
			if err != nil {
				t.Fatal(err)
			}
			o.State = driver
		}
		no, yes := etorrent.PriorityUnwanted, etorrent.PriorityNormal
		seeder := s.join()
		c.Seed(t, seeder.Client, seeder.storage)
		for _, wanted := range [][]etorrent.Priority{{no, yes, no, no, no}, {no, yes, no, yes, no}} {
			m := s.join(keep)
			fetching, err := m.Add(t.Context(), etorrent.FromMetainfo(c.Metainfo), etorrent.WithPeers(seeder.at()), etorrent.WithPriorities(wanted...))
			if err != nil {
				t.Fatal(err)
			}
			if err := fetching.SetPriorities(t.Context(), wanted...); err != nil {
				t.Fatal(err)
			}
			s.stored(fetching)
			other := s.join()
			part, err := other.Add(t.Context(), etorrent.FromMetainfo(c.Metainfo), etorrent.WithPeers(m.at()), etorrent.WithPriorities(wanted...))
			if err != nil {
				t.Fatal(err)
			}
			s.stored(part)
			if n := count[etorrent.CheckingEvent](m); n > 0 {
				t.Errorf("%v: %d checks", wanted, n)
			}
			etorrenttest.Shutdown(t, m.Client)
		}
		last := s.join(keep)
		again, err := last.Add(t.Context(), etorrent.FromMetainfo(c.Metainfo))
		if err != nil {
			t.Fatal(err)
		}
		s.stored(again)
		if n := count[etorrent.CheckingEvent](last); n > 0 {
			t.Errorf("%d checks at the end", n)
		}
	})
}
