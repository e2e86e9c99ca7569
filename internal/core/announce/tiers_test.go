package announce

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/etorrent/etorrent/internal/vocab/tracker"
)

// order is the trackers of torrent 1 as they are walked, with the number of the tier.
func (r *rig) order() string {
	var all []string
	for _, p := range r.c.Trackers(1) {
		all = append(all, fmt.Sprintf("%d:%s-%s", p.Tier, p.Tracker.Scheme(), strings.TrimSuffix(p.Tracker.Host(), ".example")))
	}
	return strings.Join(all, " ")
}

func TestTheTiersAreWalkedUntilOneAnswers(t *testing.T) {
	r := newRig(t, Config{})
	r.add(1, urlA, urlB, urlC)
	r.fail(1, urlA, TimedOut{})
	r.fail(1, urlB, Nonsense{tracker.AnswerEmpty})
	r.answer(1, urlC)
	r.expect("send 1 started IPv4 "+urlA, "send 1 started IPv4 "+urlB, "send 1 started IPv4 "+urlC)
}

func TestTheNextAnnounceBeginsAtTheFirstTierAgain(t *testing.T) {
	r := newRig(t, Config{})
	r.add(1, urlA, urlB)
	r.fail(1, urlA, TimedOut{})
	r.answer(1, urlB)
	r.lines = nil
	r.pass(2 * interval)
	r.expect("send 1 started IPv4 " + urlA)
	r.fail(1, urlA, TimedOut{})
	r.expect("send 1 periodic IPv4 " + urlB)
	r.answer(1, urlB)
	r.pass(2 * interval)
	r.lines = nil
	r.answer(1, urlA)
	r.pass(2 * interval)
	r.expect("send 1 periodic IPv4 " + urlA)
	r.answer(1, urlA)
	r.pass(time.Second) // the gap of its host
	r.c.Remove(r.now, 1, r)
	r.pass(time.Second)
	r.expect("send 1 stopped IPv4 "+urlA, "send 1 stopped IPv4 "+urlB)
}

func TestWhoAnsweredIsTheFirstOfItsTier(t *testing.T) {
	r := newRig(t, Config{})
	r.add(1, urlA+" "+urlB+" "+urlC, "http://d.example/announce")
	before := strings.Fields(r.order())
	first, second := r.sent[0].Tracker.Secret(), ""
	r.fail(1, first, TimedOut{})
	second = r.sent[1].Tracker.Secret()
	r.fail(1, second, TimedOut{})
	r.answer(1, r.sent[2].Tracker.Secret())
	want := []string{before[2], before[0], before[1], before[3]} // the example of BEP 12
	if got := strings.Fields(r.order()); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestATierIsShuffled(t *testing.T) {
	firsts := map[string]int{}
	r := newRig(t, Config{})
	for range 200 {
		firsts[r.c.arrange(tiers(urlA+" "+urlB+" "+urlC), nil)[0][0].Host()]++
	}
	if len(firsts) != 3 || min(firsts["a.example"], firsts["b.example"], firsts["c.example"]) < 30 {
		t.Errorf("%v", firsts)
	}
}

func TestOfTrackersWithOneHostThoseOfUDPComeFirst(t *testing.T) {
	for _, c := range []struct {
		tiers []string
		want  string
	}{
		{[]string{urlA, udpA}, "0:udp-a 1:http-a"},
		{[]string{udpA, urlA}, "0:udp-a 1:http-a"},
		{[]string{urlA, urlB, udpA}, "0:udp-a 1:http-b 2:http-a"},
		{[]string{urlB, urlA, "udp://c.example", udpA}, "0:http-b 1:udp-a 2:udp-c 3:http-a"},
		{[]string{urlA, "http://a.example:81/announce", udpA}, "0:udp-a 1:http-a 2:http-a"},
		{[]string{urlA + " " + udpA}, "0:udp-a 0:http-a"},
		{[]string{urlA + " " + urlA, urlA}, "0:http-a"},
	} {
		r := newRig(t, Config{})
		r.c.Add(r.now, 1, Torrent{Tiers: tiers(c.tiers...)}, Fresh{}, r)
		if got := r.order(); got != c.want {
			t.Errorf("%q: %s, want %s", c.tiers, got, c.want)
		}
	}
}

func TestTiersKeepTheirSizesAndTheirTrackers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.Custom(func(t *rapid.T) string {
			return rapid.SampledFrom([]string{"http", "https", "udp"}).Draw(t, "scheme") + "://" +
				rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "host") + ".example:" + fmt.Sprint(rapid.IntRange(1, 4).Draw(t, "port"))
		})
		all := rapid.SliceOfNDistinct(text, 1, 20, func(s string) string { return s }).Draw(t, "trackers")
		var of []string
		for len(all) > 0 {
			n := rapid.IntRange(1, len(all)).Draw(t, "size of the tier")
			of = append(of, strings.Join(all[:n], " "))
			all = all[n:]
		}
		in := tiers(of...)
		out := newRig(t, Config{}).c.arrange(in, nil)
		if len(in) != len(out) {
			t.Fatalf("%d tiers become %d", len(in), len(out))
		}
		left := map[tracker.URL]int{}
		for i := range in {
			if len(in[i]) != len(out[i]) {
				t.Fatalf("tier %d has %d trackers instead of %d", i, len(out[i]), len(in[i]))
			}
			for j := range in[i] {
				left[in[i][j]]++
				left[out[i][j]]--
			}
		}
		for u, n := range left {
			if n != 0 {
				t.Fatalf("%s is there %d times less", u.Secret(), n)
			}
		}
	})
}

func TestAPrivateTorrentStaysWithATrackerThatWorks(t *testing.T) {
	r := newRig(t, Config{})
	r.addPrivate(1, urlA, urlB)
	r.fail(1, urlA, TimedOut{})
	r.answer(1, urlB)
	r.lines = nil
	for range 3 { // the first tier is not tried again
		r.pass(2 * interval)
		r.expect("send 1 periodic IPv4 " + urlB)
		r.answer(1, urlB)
	}
	for range steadfast {
		r.pass(2 * interval)
		r.expect("send 1 periodic IPv4 " + urlB)
		r.fail(1, urlB, TimedOut{})
	}
	r.expect("send 1 started IPv4 " + urlA)
}

func TestAPrivateTorrentLeavesThePeersOfItsOldTracker(t *testing.T) {
	peers := plain()
	peers.Peers = make([]netip.AddrPort, 1)
	for name, c := range map[string]struct {
		add  func(*rig)
		want []string
	}{
		"private":       {func(r *rig) { r.addPrivate(1, urlA, urlB) }, []string{"drop 1 a.example", "peers 1 1 of b.example"}},
		"the same host": {func(r *rig) { r.addPrivate(1, urlA, "https://a.example/other") }, []string{"peers 1 1 of a.example"}},
		"public":        {func(r *rig) { r.add(1, urlA, urlB) }, []string{"peers 1 1 of b.example"}},
	} {
		r := newRig(t, Config{})
		c.add(r)
		second := r.c.Trackers(1)[1].Tracker.Secret()
		r.answer(1, urlA)
		for r.c.flights[r.sent[len(r.sent)-1].ID] == nil || r.sent[len(r.sent)-1].Tracker != url(second) {
			r.lines = nil
			r.pass(2 * interval)
			if last := r.sent[len(r.sent)-1]; last.Tracker == url(urlA) {
				r.fail(1, urlA, TimedOut{})
			}
		}
		r.lines = nil
		r.answerWith(1, second, peers)
		if !slices.Equal(r.lines, c.want) {
			t.Errorf("%s: %q, want %q", name, r.lines, c.want)
		}
	}
}

func TestOtherTrackersMayBeSet(t *testing.T) {
	r := newRig(t, Config{})
	r.addPrivate(1, urlA, urlB)
	r.answer(1, urlA)
	r.lines = nil
	if got := r.c.SetTrackers(r.now, 1, tiers(urlB, urlA), r); got != Added {
		t.Errorf("SetTrackers is %d", got)
	}
	r.pass(least)
	r.expect() // the current one works, wherever it stands
	r.c.SetTrackers(r.now, 1, tiers(urlC), r)
	r.resolve(OnlyIPv4)
	r.pass(time.Second)
	r.expect("drop 1 a.example", "send 1 stopped IPv4 "+urlA, "send 1 started IPv4 "+urlC)
	r.c.SetTrackers(r.now, 1, tiers(urlC, urlA), r)
	r.answer(1, urlA)
	r.answer(1, urlC)
	r.expect()
	if got := r.order(); got != "0:http-c 1:http-a" {
		t.Errorf("%s", got)
	}
	if got := r.c.SetTrackers(r.now, 2, nil, r); got != NotThere {
		t.Errorf("SetTrackers is %d", got)
	}
	r.c.SetTrackers(r.now, 1, nil, r)
	r.pass(time.Second)
	r.expect("drop 1 c.example", "send 1 stopped IPv4 "+urlC)
	r.answer(1, urlC)
	if r.pass(time.Second); len(r.c.hosts) != 0 {
		t.Errorf("%d hosts are remembered", len(r.c.hosts))
	}
}

func TestEachTierMayHaveATrackerOfItsOwn(t *testing.T) {
	r := newRig(t, Config{})
	about := Torrent{Tiers: tiers(urlA, urlB), Reach: EachTier}
	r.c.Add(r.now, 1, about, Fresh{}, r)
	r.resolve(OnlyIPv4)
	r.expect("send 1 started IPv4 "+urlA, "send 1 started IPv4 "+urlB)
	r.answer(1, urlA)
	r.answer(1, urlB)
	about.Privacy = 1
	r.c.Add(r.now, 2, about, Fresh{}, r)
	r.pass(time.Second)
	r.expect("send 2 started IPv4 " + urlA)
}

func TestTrackersAreBounded(t *testing.T) {
	var many []string
	for i := range MaxTrackers + 50 {
		many = append(many, fmt.Sprintf("udp://t%d.example:80", i))
	}
	r := newRig(t, Config{})
	if got := r.c.Add(r.now, 1, Torrent{Tiers: tiers(many...)}, Fresh{}, r); got != AddedInPart {
		t.Errorf("Add is %d", got)
	}
	if got := len(r.c.Trackers(1)); got != MaxTrackers {
		t.Errorf("%d trackers", got)
	}
}
