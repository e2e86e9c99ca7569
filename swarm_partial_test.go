package etorrent_test

import (
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/etorrent/etorrent"
	"github.com/etorrent/etorrent/etorrenttest"
	"github.com/etorrent/etorrent/internal/vocab/wire"
)

// halves is a torrent of two files of ten pieces each.
func halves(t *testing.T, name string) *etorrenttest.Content {
	return etorrenttest.NewContent(t, name, 16<<10, 160<<10, 160<<10)
}

// What of two files is wanted.
var firstFile, allFiles = []etorrent.Priority{etorrent.PriorityNormal, etorrent.PriorityUnwanted}, []etorrent.Priority{etorrent.PriorityNormal, etorrent.PriorityNormal}

// partings are the addresses of those that a member left for a reason.
func partings(m *member, reason string) []netip.AddrPort {
	var out []netip.AddrPort
	for _, e := range past(m) {
		if left, is := e.(etorrent.PeerLeftEvent); is && left.Reason == reason {
			out = append(out, left.Addr)
		}
	}
	return out
}

// wants adds content with what of it is wanted.
func wants(t *testing.T, m *member, c *etorrenttest.Content, files []etorrent.Priority, from ...*member) *etorrent.Torrent {
	t.Helper()
	o := []etorrent.AddOption{etorrent.WithPriorities(files...)}
	for _, f := range from {
		o = append(o, etorrent.WithPeers(f.at()))
	}
	fetching, err := m.Add(t.Context(), etorrent.FromMetainfo(c.Metainfo), o...)
	if err != nil {
		t.Fatal(err)
	}
	return fetching
}

func TestAPartialSeedSaysSoUntilMoreIsWanted(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		c := halves(t, "partial")
		seeder, leecher := s.join(), s.join()
		fetching := wants(t, leecher, c, firstFile, seeder)
		opened(t, fetching)
		x := s.speaker("10.9.0.1", leecher, c, 1)
		x.say(wire.Message{Kind: wire.HaveNone})
		if got := goals(x.told(time.Second)); !slices.Equal(got, []wire.UploadOnly{wire.UploadOnlyUnsaid}) {
			t.Errorf("while it fetches it says %v", got)
		}
		c.Seed(t, seeder.Client, seeder.storage)
		s.stored(fetching)
		if got := goals(x.told(time.Second)); !slices.Equal(got, []wire.UploadOnly{wire.UploadOnlyYes}) {
			t.Errorf("with all that it wants it says %v", got)
		}
		if err := fetching.SetPriorities(t.Context(), allFiles...); err != nil {
			t.Fatal(err)
		}
		s.stored(fetching)
		if got := goals(x.told(time.Second)); !slices.Equal(got, []wire.UploadOnly{wire.UploadOnlyNo, wire.UploadOnlyYes}) {
			t.Errorf("when more is wanted, and then is there, it says %v", got)
		}
		c.Check(t, leecher.storage, etorrenttest.Dir)
	})
}

func TestOneThatOnlyServesSaysSoThoughItLacksPieces(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		c := halves(t, "serve")
		m := s.join()
		c.PutPieces(t, m.storage, etorrenttest.Dir, 0, 1, 2)
		serving, err := m.Add(t.Context(), etorrent.FromMetainfo(c.Metainfo), etorrent.ShareOnly(), etorrent.SuperSeeding())
		if err != nil {
			t.Fatal(err)
		}
		opened(t, serving)
		x := s.speaker("10.9.0.1", m, c, 1)
		first := x.told(time.Second)
		if got := goals(first); !slices.Equal(got, []wire.UploadOnly{wire.UploadOnlyYes}) {
			t.Errorf("it says %v", got)
		}
		if n := len(of(first, wire.Bitfield)); n != 1 {
			t.Errorf("it hides what it has, though it is not everything: %v", first)
		}
	})
}

func TestTwoPartialSeedsPart(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		c := halves(t, "part")
		seeder, one, two := s.join(), s.join(), s.join()
		c.Seed(t, seeder.Client, seeder.storage)
		s.listens(two)
		s.stored(wants(t, one, c, firstFile, seeder, two), wants(t, two, c, firstFile, seeder))
		time.Sleep(time.Minute)
		synctest.Wait()
		// Who was named by a person is tried again and again, and left after ten seconds
		// each time: there may be a young connection.
		from := func(m *member) func(netip.AddrPort) bool {
			return func(a netip.AddrPort) bool { return a.Addr() == m.at().Addr() }
		}
		if !slices.ContainsFunc(partings(one, "nothing to trade"), from(two)) && !slices.ContainsFunc(partings(two, "nothing to trade"), from(one)) {
			t.Error("neither left the other")
		}
		if since := oldest(seeder); since > 15*time.Second {
			t.Errorf("the seeder has a connection since %v", since)
		}
	})
}

// oldest is for how long a member has the oldest of its connections; 0 if it has none.
func oldest(m *member) time.Duration {
	began := map[netip.AddrPort]time.Time{}
	for _, e := range past(m) {
		switch e := e.(type) {
		case etorrent.PeerJoinedEvent:
			began[e.Addr] = e.At
		case etorrent.PeerLeftEvent:
			delete(began, e.Addr)
		}
	}
	since := time.Duration(0)
	for _, at := range began {
		since = max(since, time.Since(at))
	}
	return since
}

func TestAPartialSeedThatHasNothingMoreForAFetcherIsLeft(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		c := halves(t, "rest")
		seeder, partial, fetcher := s.join(), s.join(), s.join()
		c.Seed(t, seeder.Client, seeder.storage)
		s.stored(wants(t, partial, c, firstFile, seeder))
		fetching := wants(t, fetcher, c, allFiles, partial)
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if n := joined(fetcher); n != 1 || fetching.Stats().Durable != 10 {
			t.Errorf("%d connections, %d pieces", n, fetching.Stats().Durable)
		}
		x := s.speaker("10.9.0.1", fetcher, c, 1) // it may still want something
		x.say(wire.Message{Kind: wire.HaveNone})
		time.Sleep(15 * time.Second)
		synctest.Wait()
		if left := partings(fetcher, "nothing to trade"); !slices.Equal(left, []netip.AddrPort{partial.at()}) {
			t.Errorf("it left %v", left)
		}
	})
}
