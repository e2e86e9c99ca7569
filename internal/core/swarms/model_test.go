package swarms

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/etorrent/etorrent/internal/fuzzseed"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/tracker"
)

const (
	testInterval = 100 * time.Second
	testTorrents = 3
	testPeers    = 8
)

func small() Config {
	return Config{Interval: testInterval, Torrents: testTorrents, Peers: testPeers}
}

// place is one peer of one torrent.
type place struct {
	hash tracker.InfoHash
	at   netip.AddrPort
}

// member is what the model knows of a place.
type member struct {
	role    role
	heard   mono.Instant
	counted bool
}

// pair is the core beside a model that is slow and plain.
type pair struct {
	core       *Swarms
	now        mono.Instant
	order      []place // by when they announced last
	members    map[place]*member
	torrents   []tracker.InfoHash // known ones; those without peers by since when
	downloaded map[tracker.InfoHash]tracker.Count
	list       List
	response   tracker.Response
}

func newPair(run uint64) *pair {
	return &pair{
		core: New(small(), rand.New(rand.NewPCG(run, run))), now: 1,
		members: map[place]*member{}, downloaded: map[tracker.InfoHash]tracker.Count{},
	}
}

type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

func (p *pair) of(hash tracker.InfoHash) []place {
	return slices.DeleteFunc(slices.Clone(p.order), func(o place) bool { return o.hash != hash })
}

func (p *pair) remove(o place) {
	p.order = slices.DeleteFunc(p.order, func(x place) bool { return x == o })
	delete(p.members, o)
	if len(p.of(o.hash)) == 0 { // it is the last one without peers now
		p.torrents = slices.DeleteFunc(p.torrents, func(h tracker.InfoHash) bool { return h == o.hash })
		p.torrents = append(p.torrents, o.hash)
	}
}

func (p *pair) expire() {
	life := Lives * (testInterval + testInterval/spread)
	for len(p.order) > 0 && p.now.Sub(p.members[p.order[0]].heard) > life {
		p.remove(p.order[0])
	}
}

// allowed says what becomes of an announce, and makes room for its torrent.
func (p *pair) admit(a *tracker.Announce) AnnounceEvidence {
	if _, listed := p.list[a.InfoHash]; p.list != nil && !listed {
		return Unlisted
	}
	if slices.Contains(p.torrents, a.InfoHash) || !stays(a) {
		return Announced
	}
	if len(p.torrents) == testTorrents {
		i := slices.IndexFunc(p.torrents, func(h tracker.InfoHash) bool { return len(p.of(h)) == 0 })
		if i < 0 {
			return TorrentsFull
		}
		delete(p.downloaded, p.torrents[i])
		p.torrents = slices.Delete(p.torrents, i, i+1)
	}
	p.torrents = append(p.torrents, a.InfoHash)
	return Announced
}

func (p *pair) note(o place, a *tracker.Announce) {
	m := p.members[o]
	if !stays(a) {
		if m != nil {
			p.remove(o)
		}
		return
	}
	switch {
	case m == nil:
		if len(p.order) == testPeers {
			p.remove(p.order[0])
		}
		m = &member{}
		p.members[o] = m
	default:
		p.order = slices.DeleteFunc(p.order, func(x place) bool { return x == o })
	}
	p.order = append(p.order, o)
	m.heard, m.role = p.now, roleOf(a)
	if a.Event == tracker.Completed && a.Left == 0 && !m.counted {
		m.counted = true
		p.downloaded[o.hash]++
	}
}

func (p *pair) announce(t failer, ask Ask) {
	t.Helper()
	a := ask.Announce
	p.expire()
	o := place{a.InfoHash, netip.AddrPortFrom(ask.From, a.Port)}
	want := p.admit(a)
	if got := p.core.Announce(p.now, ask, &p.response); got != want {
		t.Fatalf("%+v from %v: %d, want %d", a, ask.From, got, want)
	}
	if want != Announced {
		return
	}
	p.note(o, a)
	p.check(t, o, ask)
}

// check looks at what the announcer was told.
func (p *pair) check(t failer, o place, ask Ask) {
	t.Helper()
	var may []netip.AddrPort
	seeders, leechers := tracker.Count(0), tracker.Count(0)
	for _, x := range p.of(o.hash) {
		r := p.members[x].role
		if r == seeder {
			seeders++
		} else {
			leechers++
		}
		own := familyOf(x.at.Addr()) == familyOf(ask.From)
		if x != o && (own || ask.Told == TellBoth) && (r == leecher || roleOf(ask.Announce) == leecher) {
			may = append(may, x.at)
		}
	}
	got := p.response
	if got.Seeders != seeders || got.Leechers != leechers || got.Downloaded != p.downloaded[o.hash] {
		t.Fatalf("told %d, %d, %d, want %d, %d, %d", got.Seeders, got.Leechers, got.Downloaded, seeders, leechers, p.downloaded[o.hash])
	}
	if most := min(wanted(ask.Announce), len(may)); len(got.Peers) != most {
		t.Fatalf("told %v, %d of %v", got.Peers, most, may)
	}
	for i, peer := range got.Peers {
		if !slices.Contains(may, peer) || slices.Contains(got.Peers[:i], peer) {
			t.Fatalf("told %v, of %v", got.Peers, may)
		}
	}
	if got.Interval < testInterval || got.Interval > testInterval+testInterval/spread {
		t.Fatalf("interval %v", got.Interval)
	}
}

func (p *pair) allow(l List) {
	p.list = l
	for _, o := range slices.Clone(p.order) {
		if _, listed := l[o.hash]; !listed {
			p.remove(o)
		}
	}
	p.torrents = slices.DeleteFunc(p.torrents, func(h tracker.InfoHash) bool {
		_, listed := l[h]
		if !listed {
			delete(p.downloaded, h)
		}
		return !listed
	})
	p.core.Allow(l)
}

// audit compares all, and looks at what the core keeps.
func (p *pair) audit(t failer) {
	t.Helper()
	p.expire()
	all := p.core.Totals(p.now)
	if all.Seeders+all.Leechers != len(p.order) || len(p.core.keys) != len(p.order) || len(p.core.hashes) != len(p.torrents) {
		t.Fatalf("%+v with %d torrents, want %d peers of %d torrents", all, len(p.core.hashes), len(p.order), len(p.torrents))
	}
	places := 0
	for w := range p.core.swarms.values {
		for f, groups := range p.core.swarms.values[w].groups {
			for r, g := range groups {
				for i, n := range g {
					places++
					if e := p.core.peers.values[n]; e.at != int32(i) || e.role != role(r) || e.family() != family(f) || e.key.swarm != int32(w) {
						t.Fatalf("peer %d of group %d, %d, %d: %+v", i, w, f, r, e)
					}
				}
			}
		}
	}
	if places != len(p.order) || p.core.silence.length != len(p.order) {
		t.Fatalf("%d places and a chain of %d for %d peers", places, p.core.silence.length, len(p.order))
	}
}

func hashOf(n int) tracker.InfoHash { return tracker.InfoHash{byte(n)} }

var addrs = []netip.Addr{
	netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2"), netip.MustParseAddr("2001:db8::1"), netip.MustParseAddr("2001:db8::2"),
}

func TestAnnouncesAreAnsweredByWhoIsThere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := newPair(rapid.Uint64().Draw(t, "run"))
		t.Repeat(map[string]func(*rapid.T){
			"announce": func(t *rapid.T) {
				p.announce(t, Ask{
					Announce: &tracker.Announce{
						InfoHash: hashOf(rapid.IntRange(0, 4).Draw(t, "torrent")), Port: uint16(rapid.IntRange(0, 3).Draw(t, "port")),
						Left: int64(rapid.IntRange(0, 1).Draw(t, "left")), Event: tracker.Event(rapid.IntRange(0, 3).Draw(t, "event")),
						NumWant: int32(rapid.SampledFrom([]int{-1, 0, 1, 2, 100}).Draw(t, "wanted")),
					},
					From: rapid.SampledFrom(addrs).Draw(t, "from"), Told: Told(rapid.IntRange(0, 1).Draw(t, "told")),
				})
			},
			"wait": func(t *rapid.T) { p.now = p.now.Add(time.Duration(rapid.IntRange(0, 150).Draw(t, "s")) * time.Second) },
			"list": func(t *rapid.T) {
				l := List{}
				for range rapid.IntRange(2, 8).Draw(t, "listed") {
					l[hashOf(rapid.IntRange(0, 4).Draw(t, "torrent"))] = struct{}{}
				}
				p.allow(l)
			},
			"": func(t *rapid.T) { p.audit(t) },
		})
	})
}

// FuzzSwarms reads its input as steps of four bytes.
func FuzzSwarms(f *testing.F) {
	fuzzseed.Add(f)
	f.Add([]byte{0, 1, 1, 0, 4, 1, 0, 9, 8, 2, 1, 1, 0, 1, 1, 2, 3, 255, 255, 255, 2, 7, 0, 0, 0, 1, 1, 0})
	f.Fuzz(func(t *testing.T, steps []byte) {
		p := newPair(3)
		for ; len(steps) >= 4; steps = steps[4:] {
			switch b := steps[:4]; b[0] & 3 {
			case 2:
				l := List{}
				for n := range 8 {
					if b[1]>>n&1 == 1 {
						l[hashOf(n)] = struct{}{}
					}
				}
				p.allow(l)
			case 3:
				p.now = p.now.Add(time.Duration(b[1]) * time.Second)
			default:
				p.announce(t, Ask{
					Announce: &tracker.Announce{
						InfoHash: hashOf(int(b[1] % 5)), Port: uint16(b[2] >> 4), Left: int64(b[2] & 1),
						Event: tracker.Event(b[3] & 3), NumWant: int32(b[3]>>2) - 1,
					},
					From: addrs[b[0]>>2&3], Told: Told(b[0] >> 4 & 1),
				})
			}
			p.audit(t)
		}
	})
}
