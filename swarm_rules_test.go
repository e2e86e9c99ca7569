package etorrent_test

import (
	"testing"
	"time"

	"github.com/etorrent/etorrent"
	"github.com/etorrent/etorrent/etorrenttest"
)

func TestOnlySelectedFilesAreFetched(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		c := etorrenttest.NewContent(t, "select", 16<<10, 160<<10, 160<<10, 160<<10)
		seeder, leecher := s.join(), s.join()
		c.Seed(t, seeder.Client, seeder.storage)
		fetching, err := leecher.Add(t.Context(), etorrent.FromMetainfo(c.Metainfo),
			etorrent.WithPeers(seeder.at()), etorrent.WithPriorities(etorrent.PriorityUnwanted, etorrent.PriorityHigh, etorrent.PriorityUnwanted))
		if err != nil {
			t.Fatal(err)
		}
		s.stored(fetching)
		c.CheckFile(t, leecher.storage, etorrenttest.Dir, 1)
		if got := fetching.Stats().Downloaded; got != 160<<10 {
			t.Errorf("%d bytes were fetched", got)
		}
		if err := fetching.SetPriorities(t.Context(), etorrent.PriorityLow, etorrent.PriorityHigh, etorrent.PriorityNormal); err != nil {
			t.Fatal(err)
		}
		s.stored(fetching)
		c.Check(t, leecher.storage, etorrenttest.Dir)
	})
}

func TestFilesOfHighPriorityComeFirst(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		c := etorrenttest.NewContent(t, "first", 16<<10, 640<<10, 320<<10)
		seeder, leecher := s.join(), s.join(func(o *etorrent.Options) { o.Limits.Down = 100_000 })
		c.Seed(t, seeder.Client, seeder.storage)
		fetching, err := leecher.Add(t.Context(), etorrent.FromMetainfo(c.Metainfo),
			etorrent.WithPeers(seeder.at()), etorrent.WithPriorities(etorrent.PriorityNormal, etorrent.PriorityHigh))
		if err != nil {
			t.Fatal(err)
		}
		s.stored(fetching)
		others, wanted := 0, 0
		for _, piece := range verified(leecher) {
			if piece < 40 {
				others++
			} else if wanted++; wanted == 20 {
				break
			}
		}
		if others > 8 { // as many as a remote is asked for of what it allows while it chokes us
			t.Errorf("%d pieces of the file that is less wanted came before the other was whole", others)
		}
	})
}

// verified are the pieces in the order in which they came.
func verified(m *member) []int {
	var out []int
	for _, e := range past(m) {
		if p, is := e.(etorrent.PieceEvent); is && p.State == etorrent.PieceVerified {
			out = append(out, int(p.Index))
		}
	}
	return out
}

func TestRatesAreKept(t *testing.T) {
	for _, limits := range []struct {
		name     string
		up, down int64 // of the seeder, of each of two leechers
		rate     int64 // of each leecher
	}{
		{"up", 200_000, 0, 100_000},
		{"down", 0, 100_000, 100_000},
		{"both", 200_000, 400_000, 100_000},
	} {
		t.Run(limits.name, func(t *testing.T) {
			inSwarm(t, func(t *testing.T, s *swarm) {
				c := etorrenttest.NewContent(t, "rates", 32<<10, 2_000_000)
				seeder := s.join(func(o *etorrent.Options) { o.Limits.Up = limits.up })
				c.Seed(t, seeder.Client, seeder.storage)
				begun := time.Now()
				var fetching []*etorrent.Torrent
				for range 2 {
					m := s.join(func(o *etorrent.Options) { o.Limits.Down = limits.down })
					fetching = append(fetching, c.Fetch(t, m.Client, seeder.at()))
				}
				s.stored(fetching...)
				want := time.Duration(2_000_000/limits.rate) * time.Second
				if took := time.Since(begun); took < want*9/10 || took > want*12/10 {
					t.Errorf("took %v of virtual time, about %v was allowed", took, want)
				}
			})
		})
	}
}

func TestMoreLeechersThanSlotsAllFinish(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		c := etorrenttest.NewContent(t, "crowd", 16<<10, 128<<10)
		seeder := s.join(func(o *etorrent.Options) { o.Limits.Up = 1_000_000 })
		c.Seed(t, seeder.Client, seeder.storage)
		var fetching []*etorrent.Torrent
		var leechers []*member
		for range 70 {
			m := s.join()
			leechers = append(leechers, m)
			fetching = append(fetching, c.Fetch(t, m.Client, seeder.at()))
		}
		s.stored(fetching...)
		for _, m := range leechers {
			c.Check(t, m.storage, etorrenttest.Dir)
		}
	})
}
