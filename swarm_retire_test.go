package etorrent_test

import (
	"errors"
	"testing"

	"github.com/etorrent/etorrent"
	"github.com/etorrent/etorrent/etorrenttest"
)

// A retired torrent has no process, no connection and no hold; added again it
// goes on where it was.
func TestARetiredTorrentGoesOnWhereItWas(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		c := etorrenttest.NewContent(t, "retire", 16<<10, 400_000)
		seeder, leecher := s.join(), s.join()
		c.Seed(t, seeder.Client, seeder.storage)
		first := c.Fetch(t, leecher.Client, seeder.at())
		s.stored(first)
		fetched := first.Stats().Downloaded
		for range 2 { // the second time it does nothing
			if err := first.Retire(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if err := first.Wait(t.Context(), etorrent.DataStored); !errors.Is(err, etorrent.ErrStopped) {
			t.Errorf("waiting for a retired torrent ended with %v", err)
		}
		for range leecher.Torrents() {
			t.Error("a torrent runs")
		}
		again := c.Fetch(t, leecher.Client, seeder.at())
		s.stored(again)
		if n := again.Stats().Downloaded; n != 0 || fetched < 400_000 {
			t.Errorf("%d bytes were fetched, and %d again", fetched, n)
		}
		c.Check(t, leecher.storage, etorrenttest.Dir)
	})
}
