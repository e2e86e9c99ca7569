package etorrent_test

import (
	"context"
	"net"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/etorrent/etorrent"
	"github.com/etorrent/etorrent/etorrenttest"
	"github.com/etorrent/etorrent/internal/storage/faulty"
	"github.com/etorrent/etorrent/internal/store"
	"github.com/etorrent/etorrent/sup"
)

// counters are those of the only row of a state.
func counters(t *testing.T, s *etorrenttest.State) store.Counters {
	t.Helper()
	rows, err := s.Open().List(t.Context(), 0, 2)
	if err != nil || len(rows) != 1 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	return rows[0].Counters
}

func TestTheCountersOfASeedAreKeptWhileItUploads(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		c := etorrenttest.NewContent(t, "given", 32<<10, 300_000)
		state := etorrenttest.NewState()
		seeder, leecher := s.join(func(o *etorrent.Options) { o.State = state.Open() }), s.join()
		c.Seed(t, seeder.Client, seeder.storage)
		time.Sleep(time.Minute)
		fetching := c.Fetch(t, leecher.Client, seeder.at())
		s.stored(fetching)
		time.Sleep(time.Minute)
		if up := counters(t, state).Uploaded; up < int64(len(c.Bytes)) {
			t.Errorf("%d bytes are kept of %d", up, len(c.Bytes))
		}
	})
}

func TestTheLastWordToATrackerHasTheCountersAsTheyAre(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		o := s.oracle()
		c := etorrenttest.NewContent(t, "long", 256<<10, 5_000_000)
		seeder, leecher := s.join(func(o *etorrent.Options) { o.Limits.Up = 50_000 }), s.join()
		seeding := c.Seed(t, seeder.Client, seeder.storage, trackers(o))
		c.Fetch(t, leecher.Client, seeder.at())
		time.Sleep(17 * time.Second)
		given := seeding.Stats().Uploaded
		etorrenttest.Shutdown(t, seeder.Client)
		if last := o.last(t); last.Get("event") != "stopped" || given == 0 || number(t, last, "uploaded") < given {
			t.Errorf("%d bytes were given; the tracker heard %v", given, last)
		}
	})
}

func TestACrashOfControlCountsNothingTwice(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		c := etorrenttest.NewContent(t, "once", 32<<10, 600_000)
		state := etorrenttest.NewState()
		var armed atomic.Bool
		seeder := s.join()
		leecher := s.join(func(o *etorrent.Options) {
			o.State = state.Open()
			o.Limits.Down = 20_000
			o.Hook = func(p sup.Point) {
				if p.Kind == "control" && armed.CompareAndSwap(true, false) {
					panic("injected")
				}
			}
		})
		c.Seed(t, seeder.Client, seeder.storage)
		fetching := c.Fetch(t, leecher.Client, seeder.at())
		time.Sleep(15 * time.Second)
		if counters(t, state).Downloaded == 0 {
			t.Fatal("nothing was kept before the crash")
		}
		armed.Store(true)
		s.stored(fetching)
		etorrenttest.Shutdown(t, leecher.Client)
		if got, want := counters(t, state).Downloaded, fetching.Stats().Downloaded; armed.Load() || got != want {
			t.Errorf("%d bytes are kept, %d came", got, want)
		}
	})
}

func TestAPausedTorrentStaysAnnouncedAndAsksForNoPeers(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		o := s.oracle()
		c := etorrenttest.NewContent(t, "paused", 16<<10, 600_000)
		seeder := s.join()
		c.Seed(t, seeder.Client, seeder.storage)
		disk := faulty.New(etorrenttest.NewStorage())
		m := s.join(func(o *etorrent.Options) { o.Storage = disk })
		disk.InjectAll(faulty.Write, faulty.Fail{Err: syscall.ENOSPC})
		torrent := s.add(m, c, trackers(o), etorrent.WithPeers(seeder.at()))
		for torrent.Stats().Phase != etorrent.Paused {
			time.Sleep(time.Second)
		}
		if err := torrent.AnnounceNow(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(40 * time.Minute)
		heard := o.events()
		if len(heard) < 2 || heard[0] != "started" {
			t.Fatalf("heard %q", heard)
		}
		for _, e := range heard[1:] {
			if e != "" {
				t.Errorf("heard %q", heard)
			}
		}
		if n := o.of("numwant", "0"); len(n) == 0 {
			t.Errorf("it asked for peers each time: %v", o.last(t))
		}
	})
}

// lateListener takes its time to listen.
type lateListener struct{ *etorrenttest.Host }

func (l lateListener) Listen(ctx context.Context, network, address string) (net.Listener, error) {
	time.Sleep(2 * time.Second)
	return l.Host.Listen(ctx, network, address)
}

func TestATorrentIsAnnouncedWithThePortThatItIsReachedAt(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		o := s.oracle()
		c := etorrenttest.NewContent(t, "late", 16<<10, 100_000)
		m := s.join(func(o *etorrent.Options) { o.Network = lateListener{o.Network.(*etorrenttest.Host)} })
		if _, err := m.Add(t.Context(), etorrent.FromMetainfo(c.Metainfo), trackers(o)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		if all := o.events(); len(all) != 1 || o.last(t).Get("port") != "6881" {
			t.Errorf("heard %q, at last %v", all, o.last(t))
		}
		nowhere := s.join(func(o *etorrent.Options) { o.Listen = []string{} })
		if _, err := nowhere.Add(t.Context(), etorrent.FromMetainfo(c.Metainfo), trackers(o)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		if all := o.events(); len(all) != 2 {
			t.Errorf("who listens nowhere is not announced: %q", all)
		}
	})
}

func TestAShutdownWaitsForATrackerThatDoesNotAnswerForThreeSeconds(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		good, o := s.oracle(), s.oracle()
		m := s.join()
		s.add(m, etorrenttest.NewContent(t, "left", 16<<10, 100_000), trackers(o, good))
		time.Sleep(time.Second)
		o.hang()
		begun := time.Now()
		etorrenttest.Shutdown(t, m.Client)
		if took := time.Since(begun); took > 3*time.Second {
			t.Errorf("it took %v", took)
		}
		if last := good.last(t).Get("event"); last != "stopped" {
			t.Errorf("the other tracker heard %q", good.events())
		}
	})
}
