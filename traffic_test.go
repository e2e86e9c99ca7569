package etorrent_test

import (
	"testing"

	"github.com/etorrent/etorrent"
	"github.com/etorrent/etorrent/etorrenttest"
)

func TestStatisticsTellWhatEachTransportCarried(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		overTCP := func(o *etorrent.Options) { o.Transport = etorrent.OnlyTCP }
		seeder, fetcher := s.join(overTCP), s.join(overTCP)
		var all etorrent.Traffic
		for _, name := range []string{"one", "another"} {
			c := etorrenttest.NewContent(t, name, 16<<10, 100_000)
			c.Seed(t, seeder.Client, seeder.storage)
			fetching := c.Fetch(t, fetcher.Client, seeder.at())
			s.stored(fetching)
			stats := fetching.Stats()
			tcp := stats.Over(etorrent.TCP)
			if tcp.Downloaded != 100_000 || tcp.Downloaded != stats.Downloaded || tcp.Uploaded != 0 || tcp.Peers != stats.Peers || stats.Over(etorrent.UTP) != (etorrent.Traffic{}) {
				t.Errorf("%s: %+v of %+v", name, tcp, stats)
			}
			all.Downloaded += tcp.Downloaded
			all.Peers += tcp.Peers
		}
		if got := fetcher.Over(etorrent.TCP); got.Downloaded != all.Downloaded || got.Uploaded != 0 {
			t.Errorf("in all %+v, of torrents %+v", got, all)
		}
		if got := fetcher.Over(etorrent.UTP); got != (etorrent.Traffic{}) {
			t.Errorf("over uTP %+v", got)
		}
	})
}
