package torrent

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	coreannounce "github.com/etorrent/etorrent/internal/core/announce"
	"github.com/etorrent/etorrent/internal/proc/clock"
	"github.com/etorrent/etorrent/internal/store"
	"github.com/etorrent/etorrent/internal/vocab/event"
	"github.com/etorrent/etorrent/internal/vocab/tracker"
)

func urlOf(t *testing.T, text string) tracker.URL {
	t.Helper()
	e, is := tracker.ViewURL(text).(tracker.URLUsable)
	if !is {
		t.Fatalf("%q cannot be announced to", text)
	}
	return e.URL
}

// tiersOf are trackers named by letters: "ab c" is two in a tier, and one in the next.
func tiersOf(t *testing.T, text string) [][]tracker.URL {
	var tiers [][]tracker.URL
	for word := range strings.FieldsSeq(text) {
		var tier []tracker.URL
		for _, letter := range word {
			tier = append(tier, urlOf(t, "http://"+string(letter)+".test/announce"))
		}
		tiers = append(tiers, tier)
	}
	return tiers
}

func shownTiers(tiers [][]tracker.URL) string {
	var words []string
	for _, tier := range tiers {
		word := ""
		for _, u := range tier {
			word += u.Host()[:1]
		}
		words = append(words, word)
	}
	return strings.Join(words, " ")
}

func TestTiersThatAPersonAddsComeBehindTheTorrentsAndNameNothingTwice(t *testing.T) {
	for _, c := range []struct{ own, added, want string }{
		{"", "a", "a"}, {"", "ab c", "ab c"}, {"ab c", "", "ab c"},
		{"ab c", "de f", "ab c de f"}, {"ab c", "ad", "ab c d"}, {"ab c", "da", "ab c d"}, {"ab", "ab", "ab"}, {"a", "aa bb", "a b"},
	} {
		own := tiersOf(t, c.own)
		if got := shownTiers(withTrackers(own, flat(tiersOf(t, c.added)))); got != c.want || shownTiers(own) != c.own {
			t.Errorf("%q and %q are %q, want %q", c.own, c.added, got, c.want)
		}
	}
}

func TestTrackersThatAreKeptLieWhereTheyDidAndAreKeptOnce(t *testing.T) {
	for _, c := range []struct{ own, first, then, want string }{
		{"a", "bc d", "", "a bc d"}, {"", "bc d", "bc d", "bc d"}, {"", "bc", "be f", "bc e f"}, {"", "b", "cb d", "b c d"}, {"b", "bc", "d", "b c d"},
	} {
		one := New(Env{}, 1, 1, Options{})
		one.AddTiers(tiersOf(t, c.first))
		kept := withAdded(nil, one.control.added())
		two := New(Env{}, 1, 1, Options{})
		two.RestoreTrackers(kept)
		two.AddTiers(tiersOf(t, c.then))
		if got := shownTiers(withTrackers(tiersOf(t, c.own), two.control.added())); got != c.want {
			t.Errorf("%+v: %q in the same run", c, got)
		}
		three := New(Env{}, 1, 1, Options{})
		three.RestoreTrackers(append(withAdded(kept, two.control.added()), store.AddedTracker{URL: "gopher://x"}))
		if got := shownTiers(withTrackers(tiersOf(t, c.own), three.control.added())); got != c.want {
			t.Errorf("%+v: %q in the next one", c, got)
		}
	}
	var many [][]tracker.URL
	for i := range 2 * coreannounce.MaxTrackers {
		many = append(many, []tracker.URL{urlOf(t, fmt.Sprintf("udp://t%d.test:1", i))})
	}
	if n := len(KeptTiers(many)); n != coreannounce.MaxTrackers {
		t.Errorf("%d are kept", n)
	}
}

func TestATrackerIsAddedToTheTierThatIsNamed(t *testing.T) {
	one := func(tier int) []Tracker { return []Tracker{{tier, urlOf(t, "http://x.test/announce")}} }
	for tier, want := range map[int]string{0: "abx c", 1: "ab cx", 2: "ab c x", 99: "ab c x", store.LastTier: "ab c x"} {
		if got := shownTiers(withTrackers(tiersOf(t, "ab c"), one(tier))); got != want {
			t.Errorf("tier %d: %q, want %q", tier, got, want)
		}
	}
}

func TestATorrentHasOnlyURLsAskedThatAreOfTrackers(t *testing.T) {
	got := UsableTrackers([][]string{
		{"wss://a/announce", "", "dht://x"}, {"http://b.test/announce", "http://127.0.0.1/admin"}, nil, {"udp://c.test:1", "http://10.0.0.1/announce"},
	})
	var texts [][]string
	for _, tier := range got {
		var urls []string
		for _, u := range tier {
			urls = append(urls, u.Secret())
		}
		texts = append(texts, urls)
	}
	if want := [][]string{{"http://b.test/announce"}, {"udp://c.test:1", "http://10.0.0.1/announce"}}; !reflect.DeepEqual(texts, want) {
		t.Errorf("%q, want %q", texts, want)
	}
}

func TestEachFaultOfATrackerHasItsOwnWordsAndNoPasskey(t *testing.T) {
	const key = "c0ffee0123456789c0ffee0123456789"
	url := urlOf(t, "https://t.test:8443/"+key+"/announce")
	refused := func(k tracker.FailureKind, r tracker.Retry) coreannounce.Fault {
		return coreannounce.Refused{Failure: tracker.Failure{Kind: k, Retry: r, Reason: "words"}}
	}
	seen := map[string]event.TrackerFault{}
	for want, f := range map[event.TrackerFault]coreannounce.Fault{
		event.TrackerRefuses:       refused(tracker.FailureOther, tracker.RetryUntold{}),
		event.TrackerUnregistered:  refused(tracker.Unregistered, nil),
		event.TrackerNotAuthorized: refused(tracker.NotAuthorized, nil),
		event.TrackerBansClient:    refused(tracker.ClientBanned, nil),
		event.TrackerTooOften:      refused(tracker.TooOften, nil),
		event.TrackerLater:         refused(tracker.FailureOther, tracker.RetryAfter{Span: time.Minute}),
		event.TrackerUnreachable:   coreannounce.Unreachable{Reason: "no route"},
		event.TrackerTimedOut:      coreannounce.TimedOut{},
		event.TrackerNoHost:        coreannounce.NoHost{},
		event.TrackerNonsense:      coreannounce.Nonsense{Why: tracker.AnswerNotBencoded},
	} {
		r := coreannounce.Report{Tracker: url, Tier: 2, Family: tracker.IPv6, Standing: coreannounce.Failing{Why: f, Failures: 3}}
		s := statusOf(&r, clock.New())
		if !errors.Is(s.Err, want) || s.State != event.TrackerFailing || s.Failures != 3 || s.Tier != 2 || s.Family != tracker.IPv6 || s.Err.Host != "t.test:8443" {
			t.Errorf("%v: %+v", want, s)
		}
		text := s.Err.Error()
		if other, twice := seen[text]; twice || strings.Contains(text+s.URL+s.Err.URL, key) {
			t.Errorf("%v, as %v: %q", want, other, text)
		}
		seen[text] = want
		if final := want.Finality() == event.Final; final != (want <= event.TrackerBansClient) {
			t.Errorf("%v is final: %v", want, final)
		}
	}
}

func TestWhatATrackerThatWorksToldIsShown(t *testing.T) {
	at := clock.New()
	r := coreannounce.Report{Tracker: urlOf(t, "udp://t.test:1"), Standing: coreannounce.Working{
		Seeders: 3, Leechers: tracker.Untold, Peers: 2, Warning: "w", Next: at.Now().Add(time.Hour),
	}}
	s := statusOf(&r, at)
	if s.State != event.TrackerWorking || s.Err != nil || s.Seeders != 3 || s.Leechers != -1 || s.Peers != 2 || s.Warning != "w" || !s.Next.After(at.Wall()) {
		t.Errorf("%+v", s)
	}
	r.Standing = coreannounce.Unasked{}
	if s := statusOf(&r, at); s.State != event.TrackerUnasked || s.Seeders != -1 || !s.Next.IsZero() {
		t.Errorf("%+v", s)
	}
	r.Standing = coreannounce.GivenUp{Why: coreannounce.TimedOut{}}
	if s := statusOf(&r, at); s.State != event.TrackerGivenUp || s.Err == nil || !s.Next.IsZero() {
		t.Errorf("%+v", s)
	}
}
