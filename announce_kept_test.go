package etorrent_test

import (
	"context"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/etorrent/etorrent"
	"github.com/etorrent/etorrent/etorrenttest"
	"github.com/etorrent/etorrent/internal/store"
	"github.com/etorrent/etorrent/metainfo"
)

// lasting is a state that outlives its client.
type lasting struct{ etorrent.State }

func (lasting) Close() error { return nil }

// Hold lets the next client have what the one before held.
func (l lasting) Hold(ctx context.Context, k store.Key, _ string) (store.Hold, error) {
	return l.State.Hold(ctx, k, "all")
}

func TestTrackersThatAPersonAddedAreKept(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		own, given, added, other := s.oracle(), s.oracle(), s.oracle(), s.oracle()
		state := lasting{etorrent.NewMemoryState()}
		c := etorrenttest.NewContent(t, "kept", 32<<10, 100_000)
		c.Metainfo.Announce = [][]string{{own.url}}
		meta, err := metainfo.Parse(c.Metainfo.Encode())
		if err != nil {
			t.Fatal(err)
		}
		c.Metainfo = meta
		m := s.join(func(o *etorrent.Options) { o.State = state })
		run := func(want string, meanwhile func(*etorrent.Torrent), how ...etorrent.AddOption) {
			t.Helper()
			before := map[*oracle]int{}
			for _, o := range []*oracle{own, given, added, other} {
				before[o] = len(o.events())
			}
			torrent := s.add(m, c, how...)
			meanwhile(torrent)
			time.Sleep(15 * time.Second) // who left is back after ten
			got := ""
			for i, o := range []*oracle{own, given, added, other} {
				if len(o.events()) > before[o] {
					got += "ogax"[i : i+1]
				}
			}
			if got != want {
				t.Errorf("%q heard of it, and not %q", got, want)
			}
			etorrenttest.Shutdown(t, m.Client)
			m.start(t, func(o *etorrent.Options) { o.State = state })
		}
		nothing := func(*etorrent.Torrent) {}
		run("og", nothing, trackers(given))
		run("oga", func(tor *etorrent.Torrent) {
			if err := tor.AddTracker(t.Context(), 9, added.url); err != nil {
				t.Error(err)
			}
		})
		run("oga", nothing)
		run("", nothing, etorrent.WithoutTrackers())
		run("x", func(tor *etorrent.Torrent) {
			if err := tor.AddTracker(t.Context(), 9, other.url); err != nil {
				t.Error(err)
			}
		}, etorrent.WithoutTrackers())
		run("ogax", nothing)
		run("ox", nothing, trackers(other)) // in place of the others
		run("ox", nothing)
		run("o", nothing, etorrent.WithTrackers())
		run("o", nothing)
	})
}

// The row says in the claim of the last piece that a torrent was fetched, and of one that
// was found it never does: so a program that is killed before its trackers heard of it
// tells them in the next run.
func TestTheRowSaysWithTheLastClaimThatATorrentWasFetched(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		c := etorrenttest.NewContent(t, "fetched", 32<<10, 500_000)
		seeder := s.join()
		c.Put(t, seeder.storage, etorrenttest.Dir)
		c.Fetch(t, seeder.Client)
		s.listens(seeder)
		for _, found := range [][]int{nil, {0, 1, 2}, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}} {
			state := lasting{etorrent.NewMemoryState()}
			m := s.join(func(o *etorrent.Options) { o.State = state })
			if found != nil {
				c.PutPieces(t, m.storage, etorrenttest.Dir, found...)
			}
			s.stored(c.Fetch(t, m.Client, seeder.at()))
			rows, err := state.List(t.Context(), 0, 9)
			if err != nil || len(rows) != 1 || rows[0].Claimed != 16 {
				t.Fatalf("%+v, %v", rows, err)
			}
			if fetched := !rows[0].Completed.IsZero(); fetched != (len(found) < 16) {
				t.Errorf("with %d pieces found it was fetched at %v", len(found), rows[0].Completed)
			}
		}
	})
}

// killed is a state that keeps nothing any more of what trackers were told, from an
// instant on.
type killed struct {
	lasting
	now *atomic.Bool
}

func (k killed) SaveAnnounces(ctx context.Context, us []store.AnnounceUpdate) []error {
	if k.now.Load() {
		return make([]error, len(us))
	}
	return k.lasting.SaveAnnounces(ctx, us)
}

func TestATrackerHearsInTheNextRunThatATorrentWasFetchedWhichItCouldNotHear(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		o := s.oracle()
		c := etorrenttest.NewContent(t, "killed", 32<<10, 500_000)
		seeder := s.join()
		c.Put(t, seeder.storage, etorrenttest.Dir)
		c.Fetch(t, seeder.Client)
		s.listens(seeder)
		state := killed{lasting{etorrent.NewMemoryState()}, &atomic.Bool{}}
		m := s.join(func(o *etorrent.Options) { o.State = state })
		fetching := s.add(m, c, trackers(o))
		time.Sleep(time.Second)
		o.hang()
		state.now.Store(true)
		if err := fetching.AddPeers(t.Context(), seeder.at()); err != nil {
			t.Fatal(err)
		}
		s.stored(fetching)
		time.Sleep(time.Second)
		_ = m.Close()
		time.Sleep(time.Minute)
		o.goOn()
		state.now.Store(false)
		m.start(t, func(o *etorrent.Options) { o.State = state })
		s.add(m, c)
		time.Sleep(time.Minute)
		if got := o.events(); !slices.Equal(got, []string{"started", "started", "completed"}) {
			t.Errorf("heard %q", got)
		}
		m.Client.Close()
		m.start(t, func(o *etorrent.Options) { o.State = state })
		s.add(m, c)
		time.Sleep(time.Minute)
		if got := o.events(); strings.Count(strings.Join(got, " "), "completed") != 1 {
			t.Errorf("heard %q in the end", got)
		}
	})
}
