package etorrent_test

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/etorrent/etorrent"
	"github.com/etorrent/etorrent/etorrenttest"
	"github.com/etorrent/etorrent/sup"
)

// A torrent whose process crashes again and again is put aside. Nothing else
// notices, nobody's connection is kept waiting for it, and it is tried again.
func TestATorrentThatKeepsCrashingIsQuarantined(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		bad := etorrenttest.NewContent(t, "bad", 16<<10, 200_000)
		good := etorrenttest.NewContent(t, "good", 16<<10, 200_000)
		var sick, rosterSick atomic.Bool
		sick.Store(true)
		seeder := s.join()
		leecher := s.join(func(o *etorrent.Options) {
			o.Hook = func(p sup.Point) {
				if sick.Load() && p.Path == "client/torrents/pool/torrent[1]/control" && p.At == sup.OnReceive {
					panic("sick")
				}
				if p.Kind == "roster" && p.At == sup.OnReceive && rosterSick.CompareAndSwap(true, false) {
					panic("sick")
				}
			}
		})
		for _, c := range []*etorrenttest.Content{bad, good} {
			c.Seed(t, seeder.Client, seeder.storage)
		}
		first := bad.Fetch(t, leecher.Client, seeder.at())
		second := good.Fetch(t, leecher.Client, seeder.at())
		time.Sleep(30 * time.Second)
		if count[etorrent.QuarantinedEvent](leecher) != 1 {
			t.Fatalf("not quarantined: %v", leecher.Tree())
		}
		s.stored(second)
		if shown := leecher.Tree().String(); !strings.Contains(shown, "\n      torrent[1]  quarantined until ") || !strings.Contains(shown, "\n      torrent[2]  running") {
			t.Errorf("the tree shows\n%s", shown)
		}
		rosterSick.Store(true) // looking for the torrent brings it down
		stranger, err := s.network.Host("10.9.9.9").DialContext(t.Context(), "tcp", leecher.at().String())
		if err != nil {
			t.Fatal(err)
		}
		hash := first.ID().V1
		hello := append([]byte("\x13BitTorrent protocol\x00\x00\x00\x00\x00\x00\x00\x00"), hash[:]...)
		if _, err := stranger.Write(append(hello, "-XX0000-123456789012"...)); err != nil {
			t.Fatal(err)
		}
		_ = stranger.SetReadDeadline(time.Now().Add(time.Second))
		if n, err := stranger.Read(make([]byte, 1)); n > 0 || err == nil || err.Error() != "EOF" {
			t.Errorf("a connection for it is not closed: %v", err)
		}
		stranger.Close()
		time.Sleep(10 * time.Second)
		if rosterSick.Load() || count[etorrent.QuarantinedEvent](leecher) != 1 {
			t.Errorf("a new roster did not go on with the quarantine: %v", leecher.Tree())
		}
		if s := first.Stats(); s.Phase != etorrent.Opening || s.Err == nil {
			t.Errorf("in quarantine it shows %v, %v", s.Phase, s.Err)
		}
		sick.Store(false)
		if err := first.Resume(t.Context()); err != nil {
			t.Error(err)
		}
		s.stored(first)
		bad.Check(t, leecher.storage, etorrenttest.Dir)
		if err := leecher.Err(); err != nil {
			t.Error(err)
		}
	})
}

func TestAStoppedClientTakesNoTorrent(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		c := etorrenttest.NewContent(t, "late", 16<<10, 1000)
		m := s.join()
		etorrenttest.Shutdown(t, m.Client)
		if _, err := m.Add(t.Context(), etorrent.FromMetainfo(c.Metainfo)); err == nil {
			t.Error("a stopped client took a torrent")
		}
	})
}
