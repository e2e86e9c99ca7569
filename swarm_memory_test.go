package etorrent_test

import (
	"context"
	"fmt"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/etorrent/etorrent"
	"github.com/etorrent/etorrent/etorrenttest"
)

// The tests of this file, and those that use its swarm, run whole swarms in
// memory and in virtual time. At their end every client is shut down: a
// goroutine, a connection or a slab that is left over fails them.

// swarm is some clients on a network of their own.
type swarm struct {
	t       *testing.T
	network *etorrenttest.Network
	hosts   int
}

// member is one client of a swarm.
type member struct {
	*etorrent.Client
	host    *etorrenttest.Host
	storage *etorrenttest.Storage
}

// long leaves a test out where time is short: beside the race detector it takes many times
// as long, and has the same goroutines do the same together as shorter ones.
func long(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("it takes long")
	}
}

func inSwarm(t *testing.T, run func(t *testing.T, s *swarm)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := &swarm{t: t, network: etorrenttest.NewNetwork(t)}
		run(t, s)
	})
}

// join adds a client on a host of its own.
func (s *swarm) join(change ...func(*etorrent.Options)) *member {
	s.t.Helper()
	s.hosts++
	m := &member{
		host:    s.network.Host(fmt.Sprintf("10.0.%d.%d", s.hosts/250, s.hosts%250+1)),
		storage: etorrenttest.NewStorage(),
	}
	m.start(s.t, change...)
	return m
}

// start runs the member's client, on what storage it has.
func (m *member) start(t *testing.T, change ...func(*etorrent.Options)) {
	t.Helper()
	o := etorrent.Options{Storage: m.storage, Network: m.host}
	for _, f := range change {
		f(&o)
	}
	t.Cleanup(func() {
		if n := etorrent.Slabs(m.Client); n != 0 {
			t.Errorf("%v: %d slabs are left over", m.host.Addr(), n)
		}
	})
	m.Client = etorrenttest.NewClient(t, m.host, o)
}

// onDisk makes a member keep its torrents as files in a folder.
func onDisk(dir string) func(*etorrent.Options) {
	return func(o *etorrent.Options) { o.Storage, o.Dir = etorrent.NewFileStorage(0), dir }
}

func (m *member) at() netip.AddrPort { return m.host.Endpoint() }

// listens waits until a member can be connected to.
func (s *swarm) listens(m *member) {
	s.t.Helper()
	if _, err := m.Listening(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
}

// stored waits, for an hour of virtual time at most, until all of a torrent is
// durable.
func (s *swarm) stored(torrents ...*etorrent.Torrent) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), time.Hour)
	defer cancel()
	for i, t := range torrents {
		if err := t.Wait(ctx, etorrent.DataStored); err != nil {
			s.t.Fatalf("torrent %d: %v: %+v", i, err, t.Stats())
		}
	}
}

// past are the events of a client so far.
func past(m *member) []etorrent.Event {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var out []etorrent.Event
	for e, err := range m.Events(ctx, 0) {
		if err == nil {
			out = append(out, e)
		}
	}
	return out
}

// count is how many of the events so far are E.
func count[E etorrent.Event](m *member) int {
	n := 0
	for _, e := range past(m) {
		if _, is := e.(E); is {
			n++
		}
	}
	return n
}

func TestALeecherFetchesFromASeeder(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		c := etorrenttest.NewContent(t, "one to one", 32<<10, 1_000_000)
		seeder, leecher := s.join(), s.join()
		seeding := c.Seed(t, seeder.Client, seeder.storage)
		fetching := c.Fetch(t, leecher.Client, seeder.at())
		s.stored(fetching)
		c.Check(t, leecher.storage, etorrenttest.Dir)
		if down, up := fetching.Stats().Downloaded, seeding.Stats().Uploaded; down != 1_000_000 || up != 1_000_000 {
			t.Errorf("%d bytes came and %d left", down, up)
		}
	})
}

func TestFiveLeechersOfOneSeederServeEachOther(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		s.network.SetLink(etorrenttest.Link{Latency: 10 * time.Millisecond, Rate: 1 << 20})
		c := etorrenttest.NewContent(t, "mesh", 32<<10, 700_000, 0, 333_333)
		slow := func(o *etorrent.Options) { o.Limits.Up = 100_000 }
		seeder := s.join(slow)
		seeding := c.Seed(t, seeder.Client, seeder.storage)
		var leechers []*member
		var fetching []*etorrent.Torrent
		for range 5 {
			m := s.join(slow)
			peers := []netip.AddrPort{seeder.at()}
			for _, other := range leechers {
				peers = append(peers, other.at())
			}
			leechers = append(leechers, m)
			fetching = append(fetching, c.Fetch(t, m.Client, peers...))
		}
		s.stored(fetching...)
		for _, m := range leechers {
			c.Check(t, m.storage, etorrenttest.Dir)
		}
		if up := seeding.Stats().Uploaded; up > 3*int64(len(c.Bytes)) {
			t.Errorf("the seeder sent %d bytes of %d to five leechers: they did not share", up, len(c.Bytes))
		}
	})
}

func TestTwoHalvesMakeAWhole(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		c := etorrenttest.NewContent(t, "halves", 16<<10, 20*16<<10)
		a, b, leecher := s.join(), s.join(), s.join()
		for i, m := range []*member{a, b} {
			var half []int
			for p := i; p < c.Metainfo.PieceCount(); p += 2 {
				half = append(half, p)
			}
			c.PutPieces(t, m.storage, etorrenttest.Dir, half...)
		}
		first := c.Fetch(t, a.Client)
		second := c.Fetch(t, b.Client, a.at())
		third := c.Fetch(t, leecher.Client, a.at(), b.at())
		s.stored(first, second, third)
		for _, m := range []*member{a, b, leecher} {
			c.Check(t, m.storage, etorrenttest.Dir)
		}
	})
}

func TestARestartedLeecherFetchesNothingAgain(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		c := etorrenttest.NewContent(t, "resume", 32<<10, 2_000_000)
		state := etorrenttest.NewState()
		open := func(o *etorrent.Options) { o.State, o.Limits.Down = state.Open(), 200_000 }
		seeder, leecher := s.join(), s.join(open)
		c.Seed(t, seeder.Client, seeder.storage)
		before := c.Fetch(t, leecher.Client, seeder.at())
		time.Sleep(5 * time.Second)
		etorrenttest.Shutdown(t, leecher.Client)
		durable := before.Stats().Stored
		fetched := before.Stats().Downloaded
		leecher.start(t, open)
		after := c.Fetch(t, leecher.Client, seeder.at())
		if err := after.Wait(t.Context(), etorrent.FilesOpen); err != nil {
			t.Fatal(err)
		}
		if got := after.Stats().Stored; got < durable || got == 0 {
			t.Errorf("%d bytes are claimed after the restart, %d were durable before", got, durable)
		}
		s.stored(after)
		c.Check(t, leecher.storage, etorrenttest.Dir)
		if all := fetched + after.Stats().Downloaded; all > int64(len(c.Bytes))+64<<10 {
			t.Errorf("%d bytes were fetched of %d", all, len(c.Bytes))
		}
		if n := count[etorrent.CheckingEvent](leecher); n != 0 {
			t.Errorf("%d checks", n)
		}
	})
}

// introduce names peers to a torrent that runs.
func introduce(t *testing.T, f *etorrent.Torrent, peers ...netip.AddrPort) {
	t.Helper()
	if err := f.AddPeers(t.Context(), peers...); err != nil {
		t.Fatal(err)
	}
}
