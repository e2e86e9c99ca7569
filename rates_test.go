package etorrent_test

import (
	"math"
	"testing"
	"time"

	"github.com/etorrent/etorrent"
	"github.com/etorrent/etorrent/etorrenttest"
)

// TestRatesOfTheClientAndOfATorrentMayChange fetches two torrents of one seeder, and
// measures ten seconds at each rate.
func TestRatesOfTheClientAndOfATorrentMayChange(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		seeder, leecher := s.join(), s.join()
		leecher.SetRates(1, 1) // until it is measured
		var fetching []*etorrent.Torrent
		for _, name := range []string{"one", "other"} {
			c := etorrenttest.NewContent(t, name, 64<<10, 60_000_000)
			c.Seed(t, seeder.Client, seeder.storage)
			fetching = append(fetching, c.Fetch(t, leecher.Client, seeder.at()))
		}
		for _, c := range []struct {
			down, own float64 // of the leecher, of its first torrent
			up        float64 // of the seeder
			want      [2]float64
		}{
			{down: 20 << 10, want: [2]float64{10 << 10, 10 << 10}},
			{down: 20 << 10, own: 5 << 10, want: [2]float64{5 << 10, 15 << 10}},
			{own: 10 << 10, up: 1 << 20, want: [2]float64{10 << 10, 1<<20 - 10<<10}},
			{down: 100 << 10, own: 1 << 20, want: [2]float64{50 << 10, 50 << 10}},
			{down: 2 << 20, own: 200 << 10, want: [2]float64{200 << 10, 2<<20 - 200<<10}},
			{up: 1 << 20, want: [2]float64{512 << 10, 512 << 10}},
		} {
			leecher.SetRates(int64(c.down), 0)
			seeder.SetRates(0, int64(c.up))
			fetching[0].SetRates(int64(c.own), 0)
			time.Sleep(5 * time.Second)
			var before [2]int64
			for k, f := range fetching {
				before[k] = f.Stats().Downloaded
			}
			time.Sleep(10 * time.Second)
			for k, f := range fetching {
				got := float64(f.Stats().Downloaded-before[k]) / 10
				if math.Abs(got-c.want[k]) > 0.02*c.want[k]+16<<10/10 { // it is counted in blocks
					t.Errorf("%+v: torrent %d received %.0f bytes a second", c, k, got)
				}
			}
		}
	})
}
