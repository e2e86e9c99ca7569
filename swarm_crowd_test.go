package etorrent_test

import (
	"io"
	"net"
	"testing"
	"testing/synctest"

	"github.com/etorrent/etorrent"
	"github.com/etorrent/etorrent/etorrenttest"
)

// flock is a number of connections from one host.
func (s *swarm) flock(from string, to *member, n int) []net.Conn {
	s.t.Helper()
	var all []net.Conn
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
