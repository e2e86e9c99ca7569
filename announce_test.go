package etorrent_test

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/etorrent/etorrent"
	"github.com/etorrent/etorrent/etorrenttest"
	"github.com/etorrent/etorrent/internal/vocab/tracker"
	"github.com/etorrent/etorrent/sup"
)

func TestPeersFindEachOtherByATrackerThatHearsHowFarTheyAre(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		o := s.oracle()
		c := etorrenttest.NewContent(t, "found", 32<<10, 500_000)
		seeder, leecher := s.join(), s.join()
		c.Put(t, seeder.storage, etorrenttest.Dir)
		s.add(seeder, c, etorrent.ShareOnly(), trackers(o))
		time.Sleep(time.Second)
		fetching := s.add(leecher, c, trackers(o))
		s.stored(fetching)
		time.Sleep(time.Second)
		c.Check(t, leecher.storage, etorrenttest.Dir)
		seen := o.events()
		if !slices.Equal(seen, []string{"started", "started", "completed"}) {
			t.Fatalf("heard %q", seen)
		}
		size := int64(len(c.Bytes))
		seed, first, completed := o.heard[0], o.heard[1], o.heard[2]
		if number(t, seed, "left") != 0 || number(t, first, "left") != size || number(t, first, "downloaded") != 0 {
			t.Errorf("at the start: %v and %v", seed, first)
		}
		if number(t, completed, "left") != 0 || number(t, completed, "downloaded") < size || completed.Get("key") != first.Get("key") || completed.Get("port") != "6881" {
			t.Errorf("at the end: %v", completed)
		}
		etorrenttest.Shutdown(t, leecher.Client)
		if last := o.last(t); last.Get("event") != "stopped" || number(t, last, "numwant") != 0 {
			t.Errorf("at the shutdown: %v", last)
		}
		etorrenttest.Shutdown(t, seeder.Client)
		if last := o.last(t); last.Get("event") != "stopped" || number(t, last, "uploaded") < size {
			t.Errorf("the seeder's last word: %v", last)
		}
	})
}

func TestCompletedIsToldOfNothingButTheWholeTorrentFetchedHere(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		o := s.oracle()
		c := etorrenttest.NewContent(t, "parts", 32<<10, 100_000, 100_000)
		seeder := s.join()
		c.Put(t, seeder.storage, etorrenttest.Dir)
		s.add(seeder, c, etorrent.ShareOnly())
		peer := etorrent.WithPeers(seeder.at())

		found := s.join() // all is there, and is found by a check
		c.Put(t, found.storage, etorrenttest.Dir)
		s.stored(s.add(found, c, trackers(o), peer))
		time.Sleep(time.Second)
		partly := s.join() // one of two files
		selection := s.add(partly, c, trackers(o), peer, etorrent.WithPriorities(etorrent.PriorityNormal, etorrent.PriorityUnwanted))
		s.stored(selection)
		time.Sleep(time.Minute)
		if slices.Contains(o.events(), "completed") {
			t.Fatalf("heard %q", o.events())
		}
		if left := number(t, o.last(t), "left"); left == 0 {
			t.Errorf("left %d of a torrent of which a file is not wanted", left)
		}
		if err := selection.SetPriorities(t.Context(), etorrent.PriorityNormal, etorrent.PriorityNormal); err != nil {
			t.Fatal(err)
		}
		s.stored(selection)
		time.Sleep(time.Minute)
		if got := o.of("event", "completed"); len(got) != 1 {
			t.Errorf("heard %q", o.events())
		}
	})
}

func TestARestartKeepsTheKeyAndTheCounters(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		o := s.oracle()
		c := etorrenttest.NewContent(t, "again", 32<<10, 300_000)
		seeder, leecher := s.join(), s.join()
		c.Put(t, seeder.storage, etorrenttest.Dir)
		s.add(seeder, c, etorrent.ShareOnly())
		state := etorrenttest.NewState()
		withState := func(opts *etorrent.Options) { opts.State = state.Open() }
		etorrenttest.Shutdown(t, leecher.Client)
		leecher.start(t, withState)
		s.stored(s.add(leecher, c, trackers(o), etorrent.WithPeers(seeder.at())))
		etorrenttest.Shutdown(t, leecher.Client)
		leecher.start(t, withState)
		s.add(leecher, c, trackers(o))
		time.Sleep(15 * time.Second) // after `stopped` it waits for ten
		first, last := o.heard[0], o.last(t)
		if !slices.Equal(o.events(), []string{"started", "completed", "stopped", "started"}) {
			t.Fatalf("heard %q", o.events())
		}
		if first.Get("key") == "" || first.Get("key") != last.Get("key") || first.Get("peer_id") == last.Get("peer_id") {
			t.Errorf("key and peer id: %v, then %v", first, last)
		}
		if down := number(t, last, "downloaded"); down != number(t, o.heard[2], "downloaded") || down < int64(len(c.Bytes)) {
			t.Errorf("downloaded %d", down)
		}
	})
}

// A publisher adds a tracker to a torrent that was shared before: the info-hash is the same.
func TestATorrentThatComesAgainWithOtherTrackersIsAnnouncedToThem(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		o := s.oracle()
		c := etorrenttest.NewContent(t, "tracked", 32<<10, 100_000)
		state, seeder := etorrenttest.NewState(), s.join()
		withState := func(opts *etorrent.Options) { opts.State = state.Open() }
		c.Put(t, seeder.storage, etorrenttest.Dir)
		etorrenttest.Shutdown(t, seeder.Client)
		seeder.start(t, withState)
		s.add(seeder, c, etorrent.ShareOnly())
		etorrenttest.Shutdown(t, seeder.Client)
		tracked := *c.Metainfo
		tracked.Announce = [][]string{{o.url}}
		seeder.start(t, withState)
		s.add(seeder, &etorrenttest.Content{Metainfo: &tracked}, etorrent.ShareOnly())
		time.Sleep(time.Second)
		if got := o.events(); !slices.Equal(got, []string{"started"}) {
			t.Errorf("heard %q", got)
		}
	})
}

func TestARetiredTorrentTakesLeaveAndACrashedOneDoesNot(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		o := s.oracle()
		c := etorrenttest.NewContent(t, "retired", 32<<10, 100_000)
		var armed atomic.Bool
		m := s.join(func(opts *etorrent.Options) {
			opts.Hook = func(p sup.Point) {
				if p.Kind == "control" && armed.CompareAndSwap(true, false) {
					panic("injected")
				}
			}
		})
		torrent := s.add(m, c, trackers(o))
		time.Sleep(time.Second)
		armed.Store(true)
		introduce(t, torrent, s.network.Host("10.1.1.1").Endpoint())
		time.Sleep(time.Minute)
		if n := count[etorrent.CrashedEvent](m); n != 1 {
			t.Fatalf("%d crashes", n)
		}
		if got := o.events(); !slices.Equal(got, []string{"started"}) {
			t.Fatalf("heard %q after a crash", got)
		}
		if err := torrent.Retire(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		if got := o.events(); !slices.Equal(got, []string{"started", "stopped"}) {
			t.Errorf("heard %q", got)
		}
		if err := torrent.AnnounceNow(t.Context()); !errors.Is(err, etorrent.ErrStopped) {
			t.Errorf("announced when it is retired: %v", err)
		}
	})
}

func TestTrackersAreAddedWhileATorrentRuns(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		first, second := s.oracle(), s.oracle()
		c := etorrenttest.NewContent(t, "added", 32<<10, 100_000)
		m := s.join()
		torrent := s.add(m, c, trackers(first))
		time.Sleep(time.Second)
		if err := torrent.AddTracker(t.Context(), 7, second.url); err != nil {
			t.Fatal(err)
		}
		third := s.oracle()
		if _, err := m.Add(t.Context(), etorrent.FromMetainfo(c.Metainfo), trackers(third)); !errors.Is(err, etorrent.ErrExists) {
			t.Error(err)
		}
		var bad *etorrent.TrackerURLError
		if err := torrent.AddTracker(t.Context(), 0, "gopher://secret"); !errors.As(err, &bad) {
			t.Errorf("a URL of another kind: %v", err)
		}
		time.Sleep(time.Second)
		all := torrent.Trackers()
		if len(all) != 3 || all[2].URL != third.url || all[0].URL != first.url || all[1].URL != second.url || all[1].Tier != 1 ||
			all[1].State != etorrent.TrackerWorking || all[1].Seeders != 1 || all[1].Leechers != -1 || all[1].Next.IsZero() {
			t.Errorf("trackers %+v", all)
		}
		time.Sleep(6 * time.Minute)
		before := len(first.events())
		if err := torrent.AnnounceNow(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		if len(first.events()) != before+1 {
			t.Errorf("heard %q", first.events())
		}
	})
}

func TestOnlyTheTrackersThatAPersonGaveAreAskedWhereThatIsWanted(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		own, given := s.oracle(), s.oracle()
		c := etorrenttest.NewContent(t, "own", 32<<10, 100_000)
		c.Metainfo.Announce = [][]string{{own.url, "wss://elsewhere/announce"}}
		c.Metainfo.Raw = c.Metainfo.Encode()
		s.add(s.join(), c, trackers(given), etorrent.WithoutTrackers())
		time.Sleep(time.Second)
		if n := len(own.events()); n != 0 || len(given.events()) != 1 {
			t.Errorf("the torrent's tracker heard %d, the other %q", n, given.events())
		}
		s.add(s.join(), c, trackers(given))
		time.Sleep(time.Second)
		if len(own.events()) != 1 || len(given.events()) != 2 {
			t.Errorf("the torrent's tracker heard %q, the other %q", own.events(), given.events())
		}
	})
}

func TestARefusalIsToldWithItsKindAndReason(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		o := s.oracle()
		o.refuses("Torrent is not registered with this tracker")
		m := s.join()
		torrent := s.add(m, etorrenttest.NewContent(t, "refused", 32<<10, 100_000), trackers(o))
		time.Sleep(time.Second)
		var told []etorrent.TrackerEvent
		for _, e := range past(m) {
			if e, is := e.(etorrent.TrackerEvent); is {
				told = append(told, e)
			}
		}
		if len(told) != 1 || told[0].InfoHash != [20]byte(torrent.ID().V1) || told[0].State != etorrent.TrackerFailing {
			t.Fatalf("told %+v", told)
		}
		if err := told[0].Err; !errors.Is(err, etorrent.TrackerUnregistered) || err.Host == "" || err.Reason != "Torrent is not registered with this tracker" {
			t.Errorf("error %+v", err)
		}
	})
}

func TestAPrivateTorrentLeavesEverybodyWhenItsTrackerChanges(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		first, second := s.oracle(), s.oracle()
		c := privateContent(t)
		old, m := s.join(), s.join()
		s.add(old, c)
		first.names(old.at())
		torrent := s.add(m, c, trackers(first, second))
		time.Sleep(time.Minute)
		if n := torrent.Stats().Peers; n != 1 || len(second.events()) != 0 {
			t.Fatalf("%d peers; the second tracker heard %q", n, second.events())
		}
		first.refuses("go away")
		time.Sleep(time.Hour)
		if len(second.events()) == 0 {
			t.Fatal("the second tracker heard nothing")
		}
		if st := torrent.Stats(); st.Peers != 0 || st.Known != 0 {
			t.Errorf("%d peers, %d known", st.Peers, st.Known)
		}
	})
}

func TestTrackersTellHowLargeASwarmIsAndWhyNot(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		works, refuses, hangs := s.oracle(), s.oracle(), s.oracle()
		c := etorrenttest.NewContent(t, "counted", 32<<10, 100_000)
		works.scraped(c, tracker.Scrape{Seeders: 4, Leechers: 2, Downloaded: 7})
		refuses.refuses("unregistered torrent")
		hangs.hang()
		m := s.join()
		tor := s.add(m, c, trackers(works, refuses, hangs), etorrent.WithTrackers([]string{"udp://10.9.9.9:1", "http://10.9.9.9/announce/x"}))
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		got, err := tor.Scrape(ctx)
		if len(got) != 5 || !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("%+v, %v", got, err)
		}
		if first := got[0]; first.Err != nil || first.Seeders != 4 || first.Leechers != 2 || first.Completed != 7 || first.URL != works.url {
			t.Errorf("told %+v", first)
		}
		for i, want := range []error{etorrent.TrackerUnregistered, etorrent.TrackerTimedOut, etorrent.TrackerTimedOut, etorrent.TrackerNoScrape} {
			if one := got[i+1]; !errors.Is(one.Err, want) || one.Seeders != -1 {
				t.Errorf("%+v is not %v", one, want)
			}
		}
		etorrenttest.Shutdown(t, m.Client)
		if _, err := tor.Scrape(t.Context()); !errors.Is(err, etorrent.ErrStopped) {
			t.Errorf("after the end: %v", err)
		}
	})
}
