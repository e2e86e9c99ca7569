package swarms

import (
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/tracker"
)

func large() *Swarms {
	return New(Config{Interval: testInterval, Torrents: 100, Peers: 100_000}, rand.New(rand.NewPCG(1, 2)))
}

func peerOf(n int) netip.Addr {
	return netip.AddrFrom4([4]byte{10, byte(n >> 16), byte(n >> 8), byte(n)})
}

func (s *Swarms) announced(t *testing.T, from netip.Addr, a tracker.Announce) tracker.Response {
	t.Helper()
	var r tracker.Response
	if e := s.Announce(1, Ask{Announce: &a, From: from}, &r); e != Announced {
		t.Fatalf("announce: %d", e)
	}
	return r
}

func TestEveryPeerIsToldAboutAsOftenAsAnyOther(t *testing.T) {
	const crowd, draws, each = 40, 4000, 10
	s, told := large(), map[netip.AddrPort]int{}
	for n := range crowd {
		s.announced(t, peerOf(n+1), tracker.Announce{Port: 1, Left: int64(n % 2)})
	}
	for range draws {
		for _, p := range s.announced(t, peerOf(999), tracker.Announce{Port: 1, Left: 1, NumWant: each}).Peers {
			told[p]++
		}
	}
	if len(told) != crowd {
		t.Errorf("%d of %d peers were told", len(told), crowd)
	}
	for p, n := range told { // the deviation of each is 27
		if mean := draws * each / crowd; n < mean-200 || n > mean+200 {
			t.Errorf("%v was told %d times, the mean is %d", p, n, mean)
		}
	}
}

func TestOnePortOfAnAddressIsToldOfAnother(t *testing.T) {
	s := large()
	s.announced(t, peerOf(1), tracker.Announce{Port: 1, NumWant: 9})
	r := s.announced(t, peerOf(1), tracker.Announce{Port: 2, Left: 1, NumWant: 9})
	if len(r.Peers) != 1 || r.Peers[0].Port() != 1 {
		t.Errorf("told %v", r.Peers)
	}
}

func TestACompletionCountsOnceForEachPeer(t *testing.T) {
	s := large()
	for range 3 {
		s.announced(t, peerOf(1), tracker.Announce{Port: 1, Event: tracker.Completed})
	}
	s.announced(t, peerOf(2), tracker.Announce{Port: 1, Left: 4, Event: tracker.Completed}) // of a part
	if r := s.announced(t, peerOf(3), tracker.Announce{Port: 1, Left: 1}); r.Downloaded != 1 {
		t.Errorf("%d completions", r.Downloaded)
	}
}

func TestAScrapeTellsOfTheSwarmsAskedForInTheirOrder(t *testing.T) {
	s := large()
	s.announced(t, peerOf(1), tracker.Announce{InfoHash: hashOf(1), Port: 1, Event: tracker.Completed})
	s.announced(t, peerOf(2), tracker.Announce{InfoHash: hashOf(1), Port: 1, Left: 1})
	s.announced(t, peerOf(2), tracker.Announce{InfoHash: hashOf(2), Port: 1, Left: 1})
	s.Allow(List{hashOf(1): {}, hashOf(2): {}, hashOf(4): {}})
	got, e := s.Scrape(1, peerOf(1), []tracker.InfoHash{hashOf(2), hashOf(1), hashOf(3), hashOf(4)}, nil)
	want := []tracker.Scrape{
		{InfoHash: hashOf(2), Leechers: 1},
		{InfoHash: hashOf(1), Seeders: 1, Leechers: 1, Downloaded: 1},
		{InfoHash: hashOf(3), Seeders: tracker.Untold, Leechers: tracker.Untold, Downloaded: tracker.Untold},
		{InfoHash: hashOf(4)},
	}
	if e != Scraped || len(got) != len(want) {
		t.Fatalf("%d, %+v", e, got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("told %+v, want %+v", got[i], want[i])
		}
	}
}

func TestARefusalSaysWhatIsWrongSoThatClientsKnowIt(t *testing.T) {
	for e, want := range map[AnnounceEvidence]tracker.FailureKind{
		Unlisted: tracker.Unregistered, TorrentsFull: tracker.FailureOther, TooOften: tracker.TooOften,
	} {
		f := e.Failure()
		if got := tracker.ViewFailure(f.Reason).Kind; got != want || f.Kind != want {
			t.Errorf("%q is read as %v, want %v", f.Reason, got, want)
		}
	}
}

func TestAnAddressMayAskAsOftenAsTheRateAllows(t *testing.T) {
	l := newLimits(Rate{Each: time.Second, Burst: 3, Origins: 10})
	now := mono.Instant(time.Hour)
	asks := func(n int, from string) (taken int) {
		for range n {
			if l.take(now, netip.MustParseAddr(from)) == within {
				taken++
			}
		}
		return taken
	}
	if n := asks(9, "192.0.2.1"); n != 3 {
		t.Errorf("%d at once", n)
	}
	if n := asks(9, "::ffff:192.0.2.1"); n != 0 {
		t.Errorf("%d more by another form of the address", n)
	}
	if n := asks(9, "2001:db8::1"); n != 3 {
		t.Errorf("%d of another", n)
	}
	if n := asks(9, "2001:db8::2"); n != 0 {
		t.Errorf("%d more of the same /64", n)
	}
	if n := asks(99, "127.0.0.1") + asks(99, "::1"); n != 198 {
		t.Errorf("%d of the host itself", n)
	}
	now = now.Add(2 * time.Second)
	if n := asks(9, "192.0.2.1"); n != 2 {
		t.Errorf("%d after two seconds", n)
	}
}

func TestTheRatesOfFewOriginsAreRemembered(t *testing.T) {
	l := newLimits(Rate{Each: time.Second, Burst: 1, Origins: 10})
	for n := range 1000 {
		l.take(1, peerOf(n))
	}
	if len(l.known) != 10 || len(l.slots.values) != 10 || l.recent.length != 10 {
		t.Errorf("%d origins, %d buckets", len(l.known), len(l.slots.values))
	}
	if l.take(1, peerOf(999)) != limited || l.take(1, peerOf(0)) != within {
		t.Error("another than the oldest was forgotten")
	}
}

func TestARequestOverTheRateIsRefusedAndChangesNothing(t *testing.T) {
	c := small()
	c.Rate = Rate{Each: time.Minute, Burst: 1, Origins: 4}
	s := New(c, rand.New(rand.NewPCG(1, 1)))
	s.announced(t, peerOf(1), tracker.Announce{Port: 1})
	var r tracker.Response
	if e := s.Announce(1, Ask{Announce: &tracker.Announce{Port: 2}, From: peerOf(1)}, &r); e != TooOften {
		t.Errorf("announce: %d", e)
	}
	if got, e := s.Scrape(1, peerOf(1), []tracker.InfoHash{{}}, nil); e != ScrapeTooOften || len(got) > 0 {
		t.Errorf("scrape: %d", e)
	}
	if all := s.Totals(1); all.Seeders != 1 || all.TooOften != 2 {
		t.Errorf("%+v", all)
	}
}

func TestAConnectionIDIsGoodForItsAddressForAMinuteAtLeastAndTwoAtMost(t *testing.T) {
	g, here, there := NewGate(Secret{1}), peerOf(1), peerOf(2)
	for _, second := range []int{3600, 3601, 3630, 3659} {
		at := mono.Instant(time.Duration(second) * time.Second)
		c := g.Give(at, here)
		for after, want := range map[time.Duration]ConnectionEvidence{0: Connected, time.Minute: Connected, 2*time.Minute + time.Second: NotConnected} {
			if got := g.View(at.Add(after), here, c); got != want {
				t.Errorf("given at %d s, after %v: %d", second, after, got)
			}
		}
		if g.View(at, there, c) == Connected || NewGate(Secret{2}).View(at, here, c) == Connected || g.View(at, here, c+1) == Connected {
			t.Error("another was taken for it")
		}
		if NewGate(Secret{1}).View(at, here, c) != Connected {
			t.Error("the same secret does not know it")
		}
	}
}

func TestAnAnnounceToALargeSwarmAllocatesNothing(t *testing.T) {
	s := large()
	for n := range 50_000 {
		s.announced(t, peerOf(n), tracker.Announce{Port: 1, Left: 1})
	}
	var r tracker.Response
	a, n := tracker.Announce{Port: 1, Left: 1, NumWant: WantMost}, 0
	r.Peers = make([]netip.AddrPort, 0, WantMost)
	if got := testing.AllocsPerRun(1000, func() {
		n++
		s.Announce(1, Ask{Announce: &a, From: peerOf(n % 50_000)}, &r)
	}); got != 0 {
		t.Errorf("%v allocations", got)
	}
}

func TestAGroupThatShrankGivesItsRoomBack(t *testing.T) {
	s := large()
	for n := range 10_000 {
		s.announced(t, peerOf(n), tracker.Announce{Port: 1, Left: 1})
	}
	for n := range 9_990 {
		s.announced(t, peerOf(n), tracker.Announce{Port: 1, Left: 1, Event: tracker.Stopped})
	}
	if room := cap(s.swarms.values[0].groups[ipv4][leecher]); room > 100 {
		t.Errorf("ten peers have room for %d", room)
	}
}

func BenchmarkAnnounce(b *testing.B) {
	s := large()
	var r tracker.Response
	a := tracker.Announce{Port: 1, Left: 1, NumWant: WantDefault}
	for n := range 50_000 {
		s.Announce(1, Ask{Announce: &a, From: peerOf(n)}, &r)
	}
	for n := 0; b.Loop(); n++ {
		s.Announce(1, Ask{Announce: &a, From: peerOf(n % 50_000)}, &r)
	}
}
