package etorrenttest_test

import (
	"testing"

	"github.com/etorrent/etorrent"
	"github.com/etorrent/etorrent/etorrenttest"
)

func TestATorrentGoesFromOneHostToAnother(t *testing.T) {
	bubble(t, func(t *testing.T, n *etorrenttest.Network) {
		content := etorrenttest.NewContent(t, "small", 64<<10, 100_000, 0, 300_000)
		from, to := etorrenttest.NewStorage(), etorrenttest.NewStorage()
		seeder := etorrenttest.NewClient(t, n.Host("10.0.0.1"), etorrent.Options{Storage: from})
		leecher := etorrenttest.NewClient(t, n.Host("10.0.0.2"), etorrent.Options{Storage: to})
		content.Seed(t, seeder, from)
		fetching := content.Fetch(t, leecher, n.Host("10.0.0.1").Endpoint())
		if err := fetching.Wait(t.Context(), etorrent.DataStored); err != nil {
			t.Fatal(err)
		}
		content.Check(t, to, etorrenttest.Dir)
	})
}

func TestContentIsTheSameEachTime(t *testing.T) {
	a, b := etorrenttest.NewContent(t, "same", 1000, 5000), etorrenttest.NewContent(t, "same", 1000, 5000)
	other := etorrenttest.NewContent(t, "other", 1000, 5000)
	if a.Metainfo.ID() != b.Metainfo.ID() || a.Metainfo.ID() == other.Metainfo.ID() {
		t.Errorf("%v, %v and %v", a.Metainfo.ID(), b.Metainfo.ID(), other.Metainfo.ID())
	}
}
