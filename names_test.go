package etorrent_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/etorrent/etorrent"
	"github.com/etorrent/etorrent/etorrenttest"
)

// byName fetches content from peers that are named HOST:PORT.
func byName(t *testing.T, m *member, c *etorrenttest.Content, peers ...string) *etorrent.Torrent {
	t.Helper()
	torrent, err := m.Add(t.Context(), etorrent.FromMetainfo(c.Metainfo), etorrent.WithPeerNames(peers...))
	if err != nil {
		t.Fatal(err)
	}
	return torrent
}

// unknownHosts are the warnings of hosts that could not be found.
func unknownHosts(m *member) []string {
	var out []string
	for _, e := range past(m) {
		var unknown *etorrent.LookupError
		if w, is := e.(etorrent.WarningEvent); is && errors.As(w.Err, &unknown) {
			out = append(out, unknown.Host)
		}
	}
	return out
}

func TestAPeerIsFoundByNameAtAnyOfItsAddresses(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		c := etorrenttest.NewContent(t, "named", 16<<10, 300_000)
		seeder, leecher := s.join(), s.join()
		s.network.SetName("seed.example", "10.9.9.9", seeder.host.Addr().String()) // nobody has the first
		c.Seed(t, seeder.Client, seeder.storage)
		torrent := byName(t, leecher, c, "seed.example:6881")
		s.stored(torrent)
		if known, warned := torrent.Stats().Known, unknownHosts(leecher); known != 2 || len(warned) > 0 {
			t.Errorf("%d endpoints are known, warned of %q", known, warned)
		}
	})
}

func TestAHostThatIsNotFoundIsToldOnceAndLookedUpUntilItIs(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		s.network.SetLink(etorrenttest.Link{Latency: 10 * time.Millisecond})
		c := etorrenttest.NewContent(t, "late", 16<<10, 300_000)
		seeder, leecher := s.join(), s.join()
		c.Seed(t, seeder.Client, seeder.storage)
		torrent := byName(t, leecher, c, "late.example:6881", "10.9.9.9:1")
		time.Sleep(10 * time.Minute)
		if warned := unknownHosts(leecher); len(warned) != 1 || warned[0] != "late.example" {
			t.Errorf("warned of %q", warned)
		}
		s.network.SetName("late.example", seeder.host.Addr().String())
		s.stored(torrent)
		if warned := unknownHosts(leecher); len(warned) != 1 {
			t.Errorf("warned of %q", warned)
		}
	})
}

func TestAPeerCanBeNamedToATorrentThatRuns(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		c := etorrenttest.NewContent(t, "again", 16<<10, 300_000)
		seeder, leecher := s.join(), s.join()
		s.network.SetName("seed.example", seeder.host.Addr().String())
		c.Seed(t, seeder.Client, seeder.storage)
		torrent := c.Fetch(t, leecher.Client)
		_, err := leecher.Add(t.Context(), etorrent.FromMetainfo(c.Metainfo), etorrent.WithPeerNames("seed.example:6881"))
		if !errors.Is(err, etorrent.ErrExists) {
			t.Fatal(err)
		}
		s.stored(torrent)
	})
}

// addressesOnly is a Network without names.
type addressesOnly struct{ etorrent.Network }

func TestANetworkWithoutNamesFindsNoHost(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		c := etorrenttest.NewContent(t, "nameless", 16<<10, 300_000)
		m := s.join(func(o *etorrent.Options) { o.Network = addressesOnly{o.Network} })
		byName(t, m, c, "seed.example:6881")
		time.Sleep(time.Second)
		if warned := unknownHosts(m); len(warned) != 1 {
			t.Errorf("warned of %q", warned)
		}
	})
}

func TestAPeerThatIsNoEndpointIsRefused(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		c := etorrenttest.NewContent(t, "bad", 16<<10, 300_000)
		_, err := s.join().Add(t.Context(), etorrent.FromMetainfo(c.Metainfo), etorrent.WithPeerNames("10.0.0.1:1", "no port"))
		if err == nil || !strings.Contains(err.Error(), `"no port"`) {
			t.Errorf("%v", err)
		}
	})
}
