package etorrent_test

import (
	"fmt"
	"net/netip"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/etorrent/etorrent"
	"github.com/etorrent/etorrent/etorrenttest"
	"github.com/etorrent/etorrent/internal/vocab/tracker"
)

// requests are when a tracker heard of each torrent.
func (o *oracle) requests() map[string][]time.Time {
	o.mu.Lock()
	defer o.mu.Unlock()
	out := map[string][]time.Time{}
	for i, q := range o.heard {
		out[q.Get("info_hash")] = append(out[q.Get("info_hash")], o.at[i])
	}
	return out
}

// closest is the shortest span between two requests of one torrent.
func (o *oracle) closest() time.Duration {
	least := time.Duration(1 << 62)
	for _, at := range o.requests() {
		for i := range at[1:] {
			least = min(least, at[i+1].Sub(at[i]))
		}
	}
	return least
}

// kill ends a member without a word to trackers, and without what they would have said.
func (m *member) kill(s killed, trackers ...*oracle) {
	for _, o := range trackers {
		o.hang()
	}
	s.now.Store(true)
	_ = m.Close()
	time.Sleep(time.Second)
	s.now.Store(false)
	for _, o := range trackers {
		o.goOn()
	}
}

// A program that is killed tells nobody that it stopped: to its trackers it goes on.
func TestATorrentThatIsKilledAgainAndAgainKeepsToItsTrackersInterval(t *testing.T) {
	const interval, floor = 10 * time.Minute, 4 * time.Minute
	for name, how := range map[string][]etorrent.AddOption{
		"served": {etorrent.ShareOnly()}, "fetched": nil, "being fetched": nil,
	} {
		t.Run(name, func(t *testing.T) {
			inSwarm(t, func(t *testing.T, s *swarm) {
				o, state := s.oracle(), killed{lasting{etorrent.NewMemoryState()}, &atomic.Bool{}}
				o.answers(tracker.Response{Interval: interval, MinInterval: floor})
				c := etorrenttest.NewContent(t, "killed", 32<<10, 500_000)
				m := s.join(func(opts *etorrent.Options) { opts.State = state })
				if name != "being fetched" {
					c.Put(t, m.storage, etorrenttest.Dir)
				}
				began := time.Now()
				for range 40 {
					s.add(m, c, append(how, trackers(o))...)
					time.Sleep(33 * time.Second)
					m.kill(state, o)
					m.start(t, func(opts *etorrent.Options) { opts.State = state })
				}
				least, want := floor, interval // between requests, and in the mean at most
				if name == "being fetched" {
					want = floor
				} else {
					least = interval
				}
				n := len(o.events())
				if closest := o.closest(); closest < least || n < int(time.Since(began)/(want+2*time.Minute)) {
					t.Errorf("%d requests in %v, two of them within %v", n, time.Since(began), closest)
				}
				if slices.Contains(o.events(), "stopped") {
					t.Errorf("heard %q", o.events())
				}
			})
		})
	}
}

// Who stopped in order, or was away for long, is back soon, one torrent after the other.
func TestManyTorrentsThatComeUpAtOnceAskOneAfterTheOther(t *testing.T) {
	const torrents = 200
	for name, shut := range map[string]func(*testing.T, *member, killed, []*oracle){
		"stopped in order": func(t *testing.T, m *member, _ killed, _ []*oracle) { etorrenttest.Shutdown(t, m.Client) },
		"killed":           func(_ *testing.T, m *member, s killed, all []*oracle) { m.kill(s, all...) },
	} {
		t.Run(name, func(t *testing.T) {
			inSwarm(t, func(t *testing.T, s *swarm) {
				var all []*oracle // so many hosts that it is not their pace that parts them
				for range 20 {
					all = append(all, s.oracle())
				}
				state := killed{lasting{etorrent.NewMemoryState()}, &atomic.Bool{}}
				m := s.join(func(opts *etorrent.Options) { opts.State = state })
				up := func() {
					for i := range torrents {
						c := etorrenttest.NewContent(t, fmt.Sprint("t", i), 32<<10, 1000)
						c.Put(t, m.storage, etorrenttest.Dir)
						s.add(m, c, etorrent.ShareOnly(), trackers(all[i%len(all)]))
					}
				}
				up()
				time.Sleep(2 * time.Minute)
				shut(t, m, state, all)
				time.Sleep(time.Hour)
				m.start(t, func(opts *etorrent.Options) { opts.State = state })
				began := time.Now()
				up()
				time.Sleep(10 * time.Minute)
				perSecond, heard := map[time.Duration]int{}, 0
				for _, o := range all {
					for _, at := range o.requests() {
						if first := slices.IndexFunc(at, func(a time.Time) bool { return !a.Before(began) }); first >= 0 {
							perSecond[at[first].Sub(began).Truncate(time.Second)]++
							heard++
						}
					}
				}
				for second, n := range perSecond {
					if n > torrents/2 || second > 10*time.Second {
						t.Errorf("%d torrents are back after %v", n, second)
					}
				}
				if heard != torrents || len(perSecond) < 4 {
					t.Errorf("%d torrents are back within %d seconds", heard, len(perSecond))
				}
			})
		})
	}
}

// A program that was killed goes on with the peers that its tracker named, which it may
// not ask again yet.
func TestAFetchGoesOnWithThePeersThatWereNamedBefore(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		o, state := s.oracle(), killed{lasting{etorrent.NewMemoryState()}, &atomic.Bool{}}
		c := etorrenttest.NewContent(t, "killed", 32<<10, 500_000)
		seeder := s.join()
		c.Put(t, seeder.storage, etorrenttest.Dir)
		c.Fetch(t, seeder.Client)
		s.listens(seeder)
		o.answers(tracker.Response{Interval: time.Hour, MinInterval: time.Hour, Peers: []netip.AddrPort{seeder.at()}})
		m := s.join(func(opts *etorrent.Options) { opts.State, opts.Limits = state, etorrent.Limits{Down: 10 << 10} })
		s.add(m, c, trackers(o))
		time.Sleep(20 * time.Second)
		m.kill(state, o)
		m.start(t, func(opts *etorrent.Options) { opts.State = state })
		began := time.Now()
		s.stored(s.add(m, c, trackers(o)))
		if took := time.Since(began); took > 10*time.Minute { // the tracker may be asked after an hour
			t.Errorf("it took %v", took)
		}
	})
}
