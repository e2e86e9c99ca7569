package etorrent_test

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/etorrent/etorrent"
	"github.com/etorrent/etorrent/etorrenttest"
)

// joined is how many connections a member has admitted and not lost.
func joined(m *member) int {
	return count[etorrent.PeerJoinedEvent](m) - count[etorrent.PeerLeftEvent](m)
}

// counted is a host that counts the connections it makes.
type counted struct {
	*etorrenttest.Host
	dials atomic.Int64
}

func (c *counted) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	c.dials.Add(1)
	return c.Host.DialContext(ctx, network, address)
}

// counting has a member count what it dials.
func counting(into *counted) func(*etorrent.Options) {
	return func(o *etorrent.Options) {
		into.Host = o.Network.(*etorrenttest.Host)
		o.Network = into
	}
}

func TestOfSimultaneousDialsOneConnectionStays(t *testing.T) {
	for _, latency := range []time.Duration{0, 20 * time.Millisecond} {
		inSwarm(t, func(t *testing.T, s *swarm) {
			s.network.SetLink(etorrenttest.Link{Latency: latency})
			c := etorrenttest.NewContent(t, "both ways", 16<<10, 320<<10)
			var dials [2]counted
			a, b := s.join(counting(&dials[0])), s.join(counting(&dials[1]))
			c.PutPieces(t, a.storage, etorrenttest.Dir, 0, 1, 2)
			c.PutPieces(t, b.storage, etorrenttest.Dir, 3, 4, 5)
			first, second := c.Fetch(t, a.Client, b.at()), c.Fetch(t, b.Client, a.at())
			time.Sleep(time.Minute)
			for _, m := range []*member{a, b} {
				if n := joined(m); n != 1 {
					t.Errorf("latency %v: %v has %d connections", latency, m.host.Addr(), n)
				}
			}
			if n := s.network.Open(); n != 1 {
				t.Errorf("latency %v: %d connections are open", latency, n)
			}
			before := dials[0].dials.Load() + dials[1].dials.Load()
			time.Sleep(3 * time.Hour)
			if n := dials[0].dials.Load() + dials[1].dials.Load() - before; n != 0 {
				t.Errorf("latency %v: %d further dials in three hours", latency, n)
			}
			for _, side := range []*etorrent.Torrent{first, second} {
				if got := side.Stats().Durable; got != 6 {
					t.Errorf("latency %v: %d pieces", latency, got)
				}
			}
		})
	}
}

func TestOfTwoEndpointsOfOnePeerOneIsKept(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		c := etorrenttest.NewContent(t, "two doors", 16<<10, 320<<10)
		var dials counted
		a := s.join(func(o *etorrent.Options) { o.Listen = []string{":6881", ":6882"} })
		b := s.join(counting(&dials))
		c.PutPieces(t, a.storage, etorrenttest.Dir, 0, 1, 2)
		c.Fetch(t, a.Client)
		fetching := c.Fetch(t, b.Client, a.at(), netip.AddrPortFrom(a.host.Addr(), 6882))
		time.Sleep(time.Hour) // the ends may have to agree which one
		before := dials.dials.Load()
		time.Sleep(time.Hour)
		if n, tries := joined(b), dials.dials.Load()-before; n != 1 || tries != 0 {
			t.Errorf("%d connections; %d dials in the second hour, %d in the first", n, tries, before)
		}
		if got := fetching.Stats().Durable; got != 3 {
			t.Errorf("%d pieces", got)
		}
	})
}

func TestAConnectionToOurselvesEndsForGood(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		c := etorrenttest.NewContent(t, "mirror", 16<<10, 320<<10)
		var dials counted
		// The second of its ports, since what it knows to be its own it does not dial.
		a := s.join(counting(&dials), func(o *etorrent.Options) { o.Listen = []string{":6881", ":6882"} })
		s.listens(a)
		fetching := c.Fetch(t, a.Client, a.at(), netip.AddrPortFrom(a.host.Addr(), 6882))
		time.Sleep(time.Hour)
		synctest.Wait()
		if s.network.Open() != 0 || count[etorrent.PeerJoinedEvent](a) != 0 || count[etorrent.CrashedEvent](a) != 0 {
			t.Errorf("%d open, events %+v", s.network.Open(), past(a))
		}
		if known, tries := fetching.Stats().Known, dials.dials.Load(); known != 0 || tries != 1 {
			t.Errorf("%d endpoints are known beside ourselves after %d dials", known, tries)
		}
	})
}

// A connection may be quiet for as long as both sides keep it alive, and one
// that is made late is as good as an early one.
func TestQuietAndLateConnectionsStay(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		c := etorrenttest.NewContent(t, "quiet", 16<<10, 320<<10)
		a, b := s.join(), s.join()
		c.PutPieces(t, a.storage, etorrenttest.Dir, 0, 1, 2)
		c.Fetch(t, a.Client)
		time.Sleep(time.Hour)
		fetching := c.Fetch(t, b.Client, a.at())
		time.Sleep(10 * time.Hour)
		if n, left := joined(b), count[etorrent.PeerLeftEvent](b); n != 1 || left != 0 {
			t.Errorf("%d connections, %d lost", n, left)
		}
		if got := fetching.Stats().Durable; got != 3 {
			t.Errorf("%d pieces", got)
		}
	})
}

// However many leave at once, it is told of each why.
func TestOfEachOfManyWhoLeaveAtOnceItIsToldWhy(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		c := etorrenttest.NewContent(t, "left", 32<<10, 100_000)
		seeder := s.join()
		c.Seed(t, seeder.Client, seeder.storage)
		const all = 40
		var strangers []*stranger
		for n := range all {
			x := s.strangerFrom(fmt.Sprintf("10.9.%d.1", n), seeder)
			_, _ = x.conn.Write(greetingOf(c, n))
			strangers = append(strangers, x)
		}
		time.Sleep(5 * time.Second)
		if n := joined(seeder); n != all {
			t.Fatalf("%d are there", n)
		}
		for _, x := range strangers {
			_ = x.conn.Close()
		}
		time.Sleep(time.Second)
		left := 0
		for _, e := range past(seeder) {
			if l, is := e.(etorrent.PeerLeftEvent); is {
				if left++; l.Reason == "" {
					t.Errorf("%v left, and nobody knows why", l.Addr)
				}
			}
		}
		if left != all {
			t.Errorf("%d left", left)
		}
	})
}
