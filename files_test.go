package etorrent_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/etorrent/etorrent"
	"github.com/etorrent/etorrent/etorrenttest"
)

// toldFiles are the files that a client told of, in the order of the torrent. Each
// must come behind its pieces, and before the end.
func toldFiles(t *testing.T, m *member, c *etorrenttest.Content) []string {
	t.Helper()
	durable, ended := map[int64]struct{}{}, false
	var out []string
	for _, e := range past(m) {
		switch e := e.(type) {
		case etorrent.AddedEvent:
			for i := range e.Claimed.All() {
				durable[int64(i)] = struct{}{}
			}
		case etorrent.PieceEvent:
			if e.State == etorrent.PieceDurable {
				durable[int64(e.Index)] = struct{}{}
			}
		case etorrent.CompletedEvent:
			ended = true
		case etorrent.FileStoredEvent:
			f, length := c.Metainfo.Files[e.File], c.Metainfo.PieceLength
			for i := f.Offset / length; i <= (f.Offset+f.Length-1)/length; i++ {
				if _, is := durable[i]; !is {
					t.Errorf("told of %+v before piece %d was durable", e, i)
				}
			}
			if ended {
				t.Errorf("told of %+v after the end", e)
			}
			out = append(out, fmt.Sprintf("%d %s %d", e.File, e.Path, e.Size))
		}
	}
	slices.Sort(out)
	return out
}

func TestEachFileIsToldOnceWhenItIsWhole(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		// Small files in one piece, one without bytes, borders within pieces.
		c := etorrenttest.NewContent(t, "files", 16<<10, 100_000, 0, 5000, 3000, 200_000)
		state := etorrenttest.NewState()
		open := func(o *etorrent.Options) { o.State = state.Open() }
		seeder, leecher := s.join(), s.join(open)
		c.Seed(t, seeder.Client, seeder.storage)
		s.stored(c.Fetch(t, leecher.Client, seeder.at()))
		want := []string{"0 files/0.bin 100000", "2 files/2.bin 5000", "3 files/3.bin 3000", "4 files/4.bin 200000"}
		for name, m := range map[string]*member{"fetched": leecher, "checked": seeder} {
			if got := toldFiles(t, m, c); !slices.Equal(got, want) {
				t.Errorf("%s: told of %q", name, got)
			}
		}
		etorrenttest.Shutdown(t, leecher.Client)
		leecher.start(t, open)
		s.stored(c.Fetch(t, leecher.Client))
		if got := toldFiles(t, leecher, c); len(got) > 0 {
			t.Errorf("claimed ones were told again: %q", got)
		}
	})
}

func TestAFileThatWasBegunBeforeARestartIsToldAfterIt(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		c := etorrenttest.NewContent(t, "begun", 16<<10, 1_000_000, 1_000_000, 1_000_000)
		state := etorrenttest.NewState()
		open := func(o *etorrent.Options) { o.State, o.Limits.Down = state.Open(), 200_000 }
		seeder, leecher := s.join(), s.join(open)
		c.Seed(t, seeder.Client, seeder.storage)
		c.Fetch(t, leecher.Client, seeder.at())
		time.Sleep(10 * time.Second)
		etorrenttest.Shutdown(t, leecher.Client)
		told := toldFiles(t, leecher, c)
		leecher.start(t, open)
		s.stored(c.Fetch(t, leecher.Client, seeder.at()))
		told = append(told, toldFiles(t, leecher, c)...)
		if slices.Sort(told); len(told) != 3 || len(slices.Compact(told)) != 3 {
			t.Errorf("told of %q", told)
		}
	})
}

func TestFilesThatAreNotWantedAreToldIfTheyBecomeWhole(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		c := etorrenttest.NewContent(t, "some", 16<<10, 5000, 5000, 100_000)
		seeder, leecher := s.join(), s.join()
		c.Seed(t, seeder.Client, seeder.storage)
		fetching, err := leecher.Add(t.Context(), etorrent.FromMetainfo(c.Metainfo), etorrent.WithPeers(seeder.at()),
			etorrent.WithPriorities(etorrent.PriorityNormal, etorrent.PriorityUnwanted, etorrent.PriorityUnwanted))
		if err != nil {
			t.Fatal(err)
		}
		s.stored(fetching)
		if got, want := toldFiles(t, leecher, c), []string{"0 some/0.bin 5000", "1 some/1.bin 5000"}; !slices.Equal(got, want) {
			t.Errorf("told of %q", got)
		}
	})
}
