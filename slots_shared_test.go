package etorrent_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/etorrent/etorrent"
	"github.com/etorrent/etorrent/etorrenttest"
)

// served is how many of some remotes have an upload slot.
func served(all []*asker) (n int) {
	synctest.Wait()
	for _, x := range all {
		if x.isServed() {
			n++
		}
	}
	return n
}

// crowdOfTorrents are remotes of so many torrents of one seeder, three of each, and
// the seeder, whose limit all its torrents are under.
func crowdOfTorrents(s *swarm, torrents int, up int64) (*member, []*etorrent.Torrent, []*asker) {
	s.t.Helper()
	seeder := s.join(func(o *etorrent.Options) { o.Limits.Up = up })
	var seeding []*etorrent.Torrent
	var all []*asker
	for k := range torrents {
		c := etorrenttest.NewContent(s.t, fmt.Sprint("content ", k), 16<<10, 64<<10)
		seeding = append(seeding, c.Seed(s.t, seeder.Client, seeder.storage))
		for range 3 {
			all = append(all, s.asker(seeder, c, 1+len(all)))
		}
	}
	return seeder, seeding, all
}

// Twenty torrents under one limit have no more slots in all than the limit is enough
// for, and all of them get their turns.
func TestTorrentsUnderOneLimitShareItsSlots(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		_, _, all := crowdOfTorrents(s, 20, sevenSlots)
		for second := range 6 * 60 {
			if second%60 == 0 {
				for _, x := range all {
					x.stay()
				}
			}
			n := served(all)
			if n != 7 { // a slot that was taken from one is on its way to another, and so is the news of it
				time.Sleep(100 * time.Millisecond)
				n = served(all)
			}
			if n != 7 {
				t.Fatalf("%d of %d remotes are served, with seven slots", n, len(all))
			}
			time.Sleep(time.Second)
		}
		for k, x := range all {
			if x.unchokes.Load() == 0 {
				t.Errorf("remote %d was never served", k)
			}
		}
	})
}

func TestSlotsFollowTheLimitOfAllTorrentsAndThatOfOne(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		seeder, seeding, all := crowdOfTorrents(s, 20, 0)
		expect := func(want int, when string) {
			t.Helper()
			if n := served(all); n != want {
				t.Errorf("%d are served %s, want %d", n, when, want)
			}
		}
		expect(len(all), "without a limit")
		seeder.SetLimits(etorrent.Limits{Up: fourSlots})
		expect(4, "at once when there is one")
		seeder.SetLimits(etorrent.Limits{Up: 1 << 20})
		expect(24, "when it is higher")
		seeder.SetLimits(etorrent.Limits{})
		expect(len(all), "without a limit again")
		seeder.SetLimits(etorrent.Limits{Up: sevenSlots})
		for _, one := range seeding[:19] {
			if err := one.Retire(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		all = all[57:]
		expect(3, "when one torrent is left")
	})
}

// What one torrent lets go another has at once.
func TestSlotsOfATorrentThatEndsGoToTheOthers(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		_, seeding, all := crowdOfTorrents(s, 3, sevenSlots)
		if n := served(all); n != 7 {
			t.Fatalf("%d are served", n)
		}
		if err := seeding[0].Retire(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := served(all[3:]); n != 6 {
			t.Errorf("%d of the six that are left are served", n)
		}
	})
}

// All of twenty torrents are fetched under one limit, by two each, and the limit is
// used until the end.
func TestTwentyTorrentsUnderOneLimitAreFetchedAtItsRate(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		const size = 128 << 10
		seeder := s.join(func(o *etorrent.Options) { o.Limits.Up = 100 << 10 })
		leechers := []*member{s.join(), s.join()}
		var fetching []*etorrent.Torrent
		begun := time.Now()
		for k := range 20 {
			c := etorrenttest.NewContent(t, fmt.Sprint("content ", k), 16<<10, size)
			c.Seed(t, seeder.Client, seeder.storage)
			for _, l := range leechers {
				fetching = append(fetching, c.Fetch(t, l.Client, seeder.at()))
			}
		}
		s.stored(fetching...)
		took, least := time.Since(begun).Seconds(), float64(2*20*size)/(100<<10)
		if took < 0.95*least || took > 1.4*least {
			t.Errorf("they took %.0f s, at the full rate %.0f", took, least)
		}
	})
}
