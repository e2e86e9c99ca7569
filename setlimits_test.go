package etorrent_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/etorrent/etorrent"
	"github.com/etorrent/etorrent/etorrenttest"
)

// leftFor is how many connections a member ended for a reason.
func leftFor(m *member, reason string) int {
	n := 0
	for _, e := range past(m) {
		if left, is := e.(etorrent.PeerLeftEvent); is && left.Reason == reason {
			n++
		}
	}
	return n
}

// idlers are connections of one host that take part in a torrent and want nothing.
// One that is refused is none.
func (s *swarm) idlers(from string, to *member, c *etorrenttest.Content, n int) {
	s.t.Helper()
	for k, x := range s.flock(from, to, n) {
		_, _ = x.Write(greetingOf(c, 1000*int(from[len(from)-1])+k))
		synctest.Wait()
	}
}

// wantPeers waits until the torrents have settled, and compares.
func wantPeers(t *testing.T, what string, of map[*etorrent.Torrent]int) {
	t.Helper()
	synctest.Wait()
	for f, want := range of {
		if got := f.Stats().Peers; got != want {
			t.Errorf("%s: %d connections, want %d", what, got, want)
		}
	}
}

// Of ten connections one fetches, and stays whatever it costs the others.
func TestALowerBoundEndsIdleConnectionsFirstAndAHigherOneLetsThemIn(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		c := etorrenttest.NewContent(t, "bounded", 16<<10, 2_000_000)
		seeder, leecher := s.join(), s.join(func(o *etorrent.Options) { o.Limits.Down = 10 << 10 })
		seeding := c.Seed(t, seeder.Client, seeder.storage)
		s.idlers("10.9.0.1", seeder, c, 5)
		fetching := c.Fetch(t, leecher.Client, seeder.at())
		time.Sleep(30 * time.Second)
		s.idlers("10.9.0.2", seeder, c, 4)
		wantPeers(t, "before", map[*etorrent.Torrent]int{seeding: 10, fetching: 1})

		seeder.SetLimits(etorrent.Limits{PeersPerTorrent: 7})
		wantPeers(t, "of a torrent", map[*etorrent.Torrent]int{seeding: 7, fetching: 1})
		seeder.SetLimits(etorrent.Limits{PeersPerAddress: 2})
		wantPeers(t, "of an address", map[*etorrent.Torrent]int{seeding: 4, fetching: 1})
		seeder.SetLimits(etorrent.Limits{Peers: 3})
		wantPeers(t, "of all", map[*etorrent.Torrent]int{seeding: 3, fetching: 1})
		if err := seeding.SetLimits(t.Context(), etorrent.TorrentLimits{Peers: 1}); err != nil {
			t.Fatal(err)
		}
		wantPeers(t, "of this torrent", map[*etorrent.Torrent]int{seeding: 1, fetching: 1})
		if n := leftFor(seeder, "over the limit"); n != 9 {
			t.Errorf("%d were told to leave", n)
		}
		before := fetching.Stats().Downloaded
		time.Sleep(10 * time.Second)
		if fetching.Stats().Downloaded == before {
			t.Error("the one that fetches does so no more")
		}

		seeder.SetLimits(etorrent.Limits{PeersPerAddress: 3})
		if err := seeding.SetLimits(t.Context(), etorrent.TorrentLimits{}); err != nil {
			t.Fatal(err)
		}
		s.idlers("10.9.0.3", seeder, c, 5)
		wantPeers(t, "with more room", map[*etorrent.Torrent]int{seeding: 4, fetching: 1})
	})
}

// A bound of all torrents takes from those whose connections are idle.
func TestABoundOfAllTorrentsTakesFromThoseThatAreIdle(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		busy, idle := etorrenttest.NewContent(t, "busy", 16<<10, 2_000_000), etorrenttest.NewContent(t, "idle", 16<<10, 100_000)
		seeder := s.join()
		one, other := busy.Seed(t, seeder.Client, seeder.storage), idle.Seed(t, seeder.Client, seeder.storage)
		s.idlers("10.9.0.1", seeder, idle, 6)
		for range 4 {
			busy.Fetch(t, s.join(func(o *etorrent.Options) { o.Limits.Down = 10 << 10 }).Client, seeder.at())
		}
		time.Sleep(30 * time.Second)
		wantPeers(t, "before", map[*etorrent.Torrent]int{one: 4, other: 6})
		seeder.SetLimits(etorrent.Limits{Peers: 5})
		wantPeers(t, "five in all", map[*etorrent.Torrent]int{one: 4, other: 1})
		seeder.SetLimits(etorrent.Limits{Peers: 3})
		wantPeers(t, "three in all", map[*etorrent.Torrent]int{one: 3, other: 0})
	})
}

// A connection whose handshake is not finished counts, and leaves before others.
func TestWhoHasNotFinishedItsHandshakeLeavesFirst(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		c := etorrenttest.NewContent(t, "half", 16<<10, 100_000)
		seeder := s.join()
		seeding := c.Seed(t, seeder.Client, seeder.storage)
		s.idlers("10.9.0.1", seeder, c, 2)
		half := s.flock("10.9.0.2", seeder, 3)
		for k, x := range half {
			_, _ = x.Write(greetingOf(c, k)[:48]) // up to the info-hash
		}
		synctest.Wait()
		seeder.SetLimits(etorrent.Limits{PeersPerTorrent: 2})
		if n := stillOpen(half); n != 0 {
			t.Errorf("%d are open that have not finished their handshake", n)
		}
		wantPeers(t, "two", map[*etorrent.Torrent]int{seeding: 2})
	})
}

// Where there is room again those are dialled again that had to leave, and the bound of
// a torrent holds in the next run too.
func TestAHigherBoundDialsAgainAndIsKept(t *testing.T) {
	long(t)
	inSwarm(t, func(t *testing.T, s *swarm) {
		c := etorrenttest.NewContent(t, "again", 16<<10, 60_000_000)
		state := etorrenttest.NewState()
		open := func(o *etorrent.Options) { o.State, o.Limits.Down = state.Open(), 8<<10 }
		leecher := s.join(open)
		f := c.Fetch(t, leecher.Client)
		for range 8 {
			seeder := s.join()
			c.Seed(t, seeder.Client, seeder.storage)
			introduce(t, f, seeder.at())
		}
		bound := func(n int) {
			t.Helper()
			if err := f.SetLimits(t.Context(), etorrent.TorrentLimits{Peers: n}); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
		time.Sleep(time.Minute)
		wantPeers(t, "without a bound", map[*etorrent.Torrent]int{f: 8})
		bound(3)
		wantPeers(t, "three", map[*etorrent.Torrent]int{f: 3})
		time.Sleep(time.Hour)
		wantPeers(t, "three an hour later", map[*etorrent.Torrent]int{f: 3})
		bound(0)
		time.Sleep(time.Minute)
		wantPeers(t, "without a bound again", map[*etorrent.Torrent]int{f: 8})
		bound(2)
		etorrenttest.Shutdown(t, leecher.Client)
		leecher.start(t, open)
		f = c.Fetch(t, leecher.Client)
		if got := f.Limits(); got != (etorrent.TorrentLimits{Peers: 2}) {
			t.Errorf("the next run has %+v", got)
		}
	})
}

func TestTheLimitsThatCountAreTold(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		m := s.join()
		usual := m.Limits()
		if usual.PeersPerTorrent != min(4000, usual.PeersPerTorrent) || usual.Peers < 1 || usual.PeersPerAddress != 64 || usual.Down != 0 {
			t.Errorf("usual: %+v", usual)
		}
		want := etorrent.Limits{Down: 5, Up: 6, Peers: 7, PeersPerTorrent: 8, PeersPerAddress: 9}
		if m.SetLimits(want); m.Limits() != want {
			t.Errorf("%+v, want %+v", m.Limits(), want)
		}
		m.SetLimits(etorrent.Limits{Down: -1, Up: -1, Peers: -1, PeersPerTorrent: 1 << 30, PeersPerAddress: -1})
		if got := m.Limits(); got != usual {
			t.Errorf("%+v, want %+v", got, usual)
		}
	})
}
