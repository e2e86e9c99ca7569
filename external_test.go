package etorrent_test

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/etorrent/etorrent"
	"github.com/etorrent/etorrent/etorrenttest"
	"github.com/etorrent/etorrent/internal/vocab/tracker"
)

// joinAt adds a client on a host of an address.
func (s *swarm) joinAt(address string) *member {
	s.t.Helper()
	m := &member{host: s.network.Host(address), storage: etorrenttest.NewStorage()}
	m.start(s.t)
	return m
}

func TestPeersOfSeveralNetworksTellWhereTheySeeUs(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		c := etorrenttest.NewContent(t, "seen", 16<<10, 320<<10)
		for i, want := range []string{"invalid IP", "198.51.100.7"} {
			a := s.joinAt("198.51.100.7")
			fetching := c.Fetch(t, a.Client)
			for n := range 4 {
				network := "203.0.113" // of which all are, at first
				if i == 1 {
					network = fmt.Sprintf("203.1.%d", n)
				}
				m := s.joinAt(fmt.Sprintf("%s.%d", network, n+1))
				c.Fetch(t, m.Client)
				s.listens(m)
				if err := fetching.AddPeers(t.Context(), m.at()); err != nil {
					t.Fatal(err)
				}
			}
			time.Sleep(time.Minute)
			if got := etorrent.External(a.Client)[0]; joined(a) != 4 || got.String() != want {
				t.Errorf("%d peers, and we are at %v, not %v", joined(a), got, want)
			}
			etorrenttest.Shutdown(t, a.Client)
		}
	})
}

func TestATrackerAndAPeerTellWhereTheySeeUs(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		c := etorrenttest.NewContent(t, "seen", 16<<10, 320<<10)
		o := s.oracleAt("203.0.113.1")
		o.answers(tracker.Response{Interval: time.Hour, ExternalIP: netip.MustParseAddr("198.51.100.7")})
		a := s.joinAt("198.51.100.7")
		fetching := s.add(a, c, trackers(o))
		time.Sleep(time.Minute)
		if got := etorrent.External(a.Client)[0]; got.IsValid() {
			t.Errorf("by one tracker we are at %v", got)
		}
		m := s.joinAt("203.1.0.1")
		c.Fetch(t, m.Client)
		s.listens(m)
		if err := fetching.AddPeers(t.Context(), m.at()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		if got := etorrent.External(a.Client)[0]; got.String() != "198.51.100.7" {
			t.Errorf("with a peer's we are at %v", got)
		}
	})
}
