package etorrent_test

import (
	"fmt"
	"io"
	"net"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/etorrent/etorrent"
	"github.com/etorrent/etorrent/etorrenttest"
	"github.com/etorrent/etorrent/internal/core/book"
	"github.com/etorrent/etorrent/internal/proc/client"
)

// flock is a number of connections from one host.
func (s *swarm) flock(from string, to *member, n int) []net.Conn {
	s.t.Helper()
	var all []net.Conn
	s.listens(to)
	host := s.network.Host(from)
	for range n {
		c, err := host.DialContext(s.t.Context(), "tcp", to.at().String())
		if err != nil {
			s.t.Fatal(err)
		}
		s.t.Cleanup(func() { _ = c.Close() })
		all = append(all, c)
		synctest.Wait()
	}
	return all
}

// stillOpen is how many of them the other side has not closed.
func stillOpen(all []net.Conn) int {
	ended := make(chan struct{}, len(all))
	for _, c := range all {
		go func() {
			_, _ = io.Copy(io.Discard, c)
			ended <- struct{}{}
		}()
	}
	synctest.Wait()
	return len(all) - len(ended)
}

func TestOneAddressCannotKeepStrangersOfOthersOut(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		c := etorrenttest.NewContent(t, "strangers", 16<<10, 320<<10)
		seeder := s.join(func(o *etorrent.Options) { o.Limits.PeersPerAddress = 8 })
		c.Seed(t, seeder.Client, seeder.storage)
		silent := s.flock("10.9.0.1", seeder, 600)
		if n := stillOpen(silent); n != 8 {
			t.Errorf("%d connections that say nothing are open, of one address", n)
		}
		s.strangerFrom("10.9.0.2", seeder).meet(c)
		leecher := s.join()
		s.stored(c.Fetch(t, leecher.Client, seeder.at()))
		for _, x := range silent {
			_ = x.Close()
		}
	})
}

func TestOneAddressCannotKeepPeersOfOthersOut(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		c := etorrenttest.NewContent(t, "peers", 16<<10, 320<<10)
		seeder := s.join()
		c.Seed(t, seeder.Client, seeder.storage)
		many := s.flock("10.9.0.1", seeder, 200)
		for n, x := range many {
			_, _ = x.Write(greetingOf(c, n))
			synctest.Wait()
		}
		if n := stillOpen(many); n != 64 {
			t.Errorf("%d peers of one address", n)
		}
		leecher := s.join()
		s.stored(c.Fetch(t, leecher.Client, seeder.at()))
		for _, x := range many {
			_ = x.Close()
		}
		synctest.Wait()
		again := s.flock("10.9.0.1", seeder, 70)
		for n, x := range again {
			_, _ = x.Write(greetingOf(c, n))
			synctest.Wait()
		}
		if n := stillOpen(again); n != 64 {
			t.Errorf("%d peers of the same address, after the first had gone", n)
		}
		for _, x := range again {
			_ = x.Close()
		}
	})
}

// ranked is the addresses of a network that are preferred least and most (BEP 40).
func ranked(by netip.AddrPort) (least, most string) {
	rank := func(address string) uint32 {
		return book.Priority(by, netip.AddrPortFrom(netip.MustParseAddr(address), 6881))
	}
	least, most = "10.9.0.1", "10.9.0.1"
	for n := range 250 * 250 {
		x := fmt.Sprintf("10.9.%d.%d", n/250, 1+n%250)
		if rank(x) < rank(least) {
			least = x
		}
		if rank(x) > rank(most) {
			most = x
		}
	}
	return least, most
}

// As many as a torrent's bound are served at once, and one more is not, unless BEP 40
// prefers it: then it takes the place of another. When one leaves there is room again.
func TestATorrentTakesAsManyConnectionsAsItsBound(t *testing.T) {
	long(t)
	bound := min(4000, client.Divide(client.Descriptors()).Peers)
	inSwarm(t, func(t *testing.T, s *swarm) {
		c := etorrenttest.NewContent(t, "many", 16<<10, 32<<10)
		seeder := s.join()
		seeding := c.Seed(t, seeder.Client, seeder.storage)
		var all []*stranger
		for n := range bound {
			x := s.strangerFrom(fmt.Sprintf("10.8.%d.%d", n/64/250, 1+n/64%250), seeder)
			_, _ = x.conn.Write(greetingOf(c, n))
			all = append(all, x)
			if n%50 == 0 {
				synctest.Wait()
			}
		}
		synctest.Wait()
		if n := seeding.Stats().Peers; n != bound {
			t.Errorf("%d connections are admitted", n)
		}
		least, most := ranked(seeder.at())
		over := s.strangerFrom(least, seeder)
		_, _ = over.conn.Write(greetingOf(c, bound))
		if n := stillOpen([]net.Conn{over.conn}); n != 0 {
			t.Error("one more is admitted")
		}
		_ = over.conn.Close()
		if bound == 4000 { // else it is the engine that is full, for all its torrents
			time.Sleep(time.Second)
			preferred := s.strangerFrom(most, seeder)
			_, _ = preferred.conn.Write(greetingOf(c, bound+1))
			synctest.Wait()
			if n := seeding.Stats().Peers; n != bound {
				t.Errorf("%d connections are admitted, with one that is preferred", n)
			}
			if n := stillOpen([]net.Conn{preferred.conn}); n != 1 {
				t.Error("one that is preferred is not let in")
			}
			_ = preferred.conn.Close()
		}
		_ = all[0].conn.Close()
		synctest.Wait()
		s.strangerFrom("10.9.0.9", seeder).meet(c)
		for _, x := range all {
			_ = x.conn.Close()
		}
	})
}

// The bounds that are asked for hold for connections of either direction, and those
// of all torrents beside those of each.
func TestConnectionsAreBoundedOfATorrentAndOfAll(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		limits := etorrent.Limits{PeersPerTorrent: 5, Peers: 8, Down: 1000}
		leecher := s.join(func(o *etorrent.Options) { o.Limits = limits })
		var fetching []*etorrent.Torrent
		for k := range 2 {
			c := etorrenttest.NewContent(t, fmt.Sprint("content ", k), 16<<10, 320<<10)
			fetching = append(fetching, c.Fetch(t, leecher.Client))
			for range 6 {
				seeder := s.join()
				c.Seed(t, seeder.Client, seeder.storage)
				introduce(t, fetching[k], seeder.at())
			}
			for range 3 {
				c.Fetch(t, s.join().Client, leecher.at())
			}
		}
		time.Sleep(time.Minute)
		one, other := fetching[0].Stats().Peers, fetching[1].Stats().Peers
		if one != 5 || other != 3 {
			t.Errorf("%d and %d connections, with bounds of 5 for each and 8 for both", one, other)
		}
	})
}
