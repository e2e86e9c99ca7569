package etorrent_test

import (
	"net"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/etorrent/etorrent"
	"github.com/etorrent/etorrent/etorrenttest"
)

// filter is a filter with a line for each address.
func filter(t *testing.T, lines ...string) *etorrent.Filter {
	t.Helper()
	f, err := etorrent.ParseFilter(strings.NewReader(strings.Join(lines, "\n")))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestAFilteredAddressIsNeitherDialledNorLetIn(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		c := etorrenttest.NewContent(t, "filtered", 16<<10, 320<<10)
		bad, good := s.join(), s.join()
		var there []*etorrent.Torrent
		for _, m := range []*member{bad, good} {
			c.PutPieces(t, m.storage, etorrenttest.Dir, 0, 1, 2)
			there = append(there, c.Fetch(t, m.Client))
			s.listens(m)
		}
		var dials atomic.Int64
		r := &rough{dials: map[netip.Addr]*atomic.Int64{bad.host.Addr(): &dials}}
		a := s.join(through(r), func(o *etorrent.Options) { o.Filter = filter(t, bad.host.Addr().String()) })
		fetching := c.Fetch(t, a.Client, bad.at(), good.at())
		s.listens(a)
		introduce(t, there[0], a.at()) // it knocks, too
		time.Sleep(time.Minute)
		if n := fetching.Stats(); n.Known != 1 || n.Peers != 1 || dials.Load() != 0 {
			t.Errorf("%d known, %d connected, %d dials at the filtered one", n.Known, n.Peers, dials.Load())
		}
		if joined(bad) != 0 {
			t.Error("it was let in")
		}
		if n := stillOpen([]net.Conn{s.strangerAt(bad.host, a)}); n != 0 {
			t.Error("a connection that says nothing is kept")
		}
	})
}

func TestAFilterThatChangesEndsConnectionsAndLetsOthersIn(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		c := etorrenttest.NewContent(t, "refiltered", 16<<10, 320<<10)
		one, two, a := s.join(), s.join(), s.join()
		for _, m := range []*member{one, two} {
			c.PutPieces(t, m.storage, etorrenttest.Dir, 0)
			c.Fetch(t, m.Client)
			s.listens(m)
		}
		fetching := c.Fetch(t, a.Client, one.at(), two.at())
		time.Sleep(time.Minute)
		if joined(a) != 2 {
			t.Fatalf("%d connected", joined(a))
		}
		a.SetFilter(filter(t, one.host.Addr().String()))
		synctest.Wait()
		left := 0
		for _, e := range past(a) {
			if e, is := e.(etorrent.PeerLeftEvent); is && e.Addr.Addr() == one.host.Addr() && e.Reason == "filtered" {
				left++
			}
		}
		if n := fetching.Stats(); left != 1 || n.Peers != 1 || n.Known != 1 {
			t.Errorf("%d left, %d connected, %d known", left, n.Peers, n.Known)
		}
		time.Sleep(time.Hour)
		if joined(a) != 1 || joined(one) != 0 {
			t.Errorf("%d connected an hour later, and %d there", joined(a), joined(one))
		}
		a.SetFilter(nil)
		synctest.Wait()
		time.Sleep(time.Minute)
		if joined(a) != 2 {
			t.Errorf("%d connected without a filter", joined(a))
		}
	})
}

// strangerAt is a connection from a host.
func (s *swarm) strangerAt(from *etorrenttest.Host, to *member) net.Conn {
	s.t.Helper()
	conn, err := from.DialContext(s.t.Context(), "tcp", to.at().String())
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = conn.Close() })
	return conn
}
