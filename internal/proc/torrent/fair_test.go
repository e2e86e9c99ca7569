package torrent_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/etorrent/etorrent/etorrenttest"
	"github.com/etorrent/etorrent/internal/vocab/transport"
)

func TestALimitIsSharedFairlyWhateverCarriesIt(t *testing.T) {
	for _, how := range [][2]weather{{fair, fair}, {fair, thin}, {thin, fair}} {
		synctest.Test(t, func(t *testing.T) {
			a := newAir(t)
			a.network.SetLink(etorrenttest.Link{Latency: hop})
			content := etorrenttest.NewContent(t, "two ways", 64<<10, 6<<20)
			all := make([]int, content.Metainfo.PieceCount())
			for i := range all {
				all[i] = i
			}
			seed := a.engine(t, "203.0.113.1", transport.Any)
			for _, over := range transport.All {
				a.set(seed.at(over), how[over])
			}
			const rate = 400 << 10
			seed.up.SetRate(rate)
			seeding := seed.share(content, all)
			a.engine(t, "198.51.100.1", transport.OnlyTCP).run(content, seed)
			a.engine(t, "198.51.100.2", transport.OnlyUTP).run(content, seed)
			time.Sleep(15 * time.Second)
			synctest.Wait()
			_, tcp := seeding.Tally().Over(transport.TCP)
			_, utp := seeding.Tally().Over(transport.UTP)
			if both := tcp + utp; both < 15*rate*9/10 || 10*min(tcp, utp) < 9*max(tcp, utp) {
				t.Errorf("%v: %d bytes over TCP, %d over uTP", how, tcp, utp)
			}
		})
	}
}
