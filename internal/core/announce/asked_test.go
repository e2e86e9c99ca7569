package announce

import (
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/tracker"
)

func TestSomebodyWhoAsksWaitsForTheLeastIntervalAndNoLonger(t *testing.T) {
	r := newRig(t, Config{})
	if got := r.c.AnnounceNow(r.now, 1, r); got != (NobodyToAsk{}) {
		t.Errorf("%+v", got)
	}
	r.add(1, urlA)
	r.answer(1, urlA)
	r.lines = nil
	at := r.now.Add(least)
	if got := r.c.AnnounceNow(r.now, 1, r); got != (NotBefore{at}) {
		t.Errorf("%+v, want %v", got, at)
	}
	r.pass(interval)
	r.expect("send 1 periodic IPv4 " + urlA)
	if r.now != at {
		t.Errorf("after %v", r.now.Sub(start))
	}
	if got := r.c.AnnounceNow(r.now, 1, r); got != (SoonAsMayBe{}) {
		t.Errorf("%+v", got)
	}
	r.answer(1, urlA)
	r.pass(interval - 1)
	r.expect()
	if got := r.c.AnnounceNow(r.now, 1, r); got != (SoonAsMayBe{}) {
		t.Errorf("%+v", got)
	}
	r.expect("send 1 periodic IPv4 " + urlA)
}

func TestSomebodyWhoAsksShortensOurOwnWaitOnly(t *testing.T) {
	r := newRig(t, Config{})
	r.add(1, urlA)
	for range 5 {
		r.fail(1, urlA, TimedOut{})
		r.untilSent(1, urlA)
	}
	sent := r.now
	r.fail(1, urlA, TimedOut{})
	if got := r.c.AnnounceNow(r.now, 1, r); got != (NotBefore{sent.Add(askAgain)}) {
		t.Errorf("%+v", got)
	}
	if got := r.untilSent(1, urlA); got != askAgain {
		t.Errorf("after %v", got)
	}
	r.refuse(1, urlA, tracker.Failure{Retry: tracker.RetryAfter{Span: 7 * time.Minute}})
	r.c.AnnounceNow(r.now, 1, r)
	if got := r.untilSent(1, urlA); got != 7*time.Minute {
		t.Errorf("after %v", got)
	}
}

func TestSomebodyWhoAsksMakesNobodyWaitLonger(t *testing.T) {
	r := newRig(t, Config{})
	r.add(1, urlA)
	r.answerWith(1, urlA, tracker.Response{Interval: time.Minute, MinInterval: time.Second})
	r.now = r.now.Add(2 * time.Second)
	r.c.Tick(r.now, r)
	if got := r.c.AnnounceNow(r.now, 1, r); got != (SoonAsMayBe{}) {
		t.Errorf("%+v", got)
	}
}

func TestAWishThatIsFulfilledRests(t *testing.T) {
	r := newRig(t, Config{})
	r.add(1, urlA, urlB)
	r.fail(1, urlA, TimedOut{})
	r.fail(1, urlB, TimedOut{})
	r.c.AnnounceNow(r.now, 1, r)
	r.untilSent(1, urlA)
	r.answer(1, urlA)
	for a := range r.c.torrents[1].every() {
		if a.asked == askedFor {
			t.Errorf("%s is asked still", a.row.url)
		}
	}
}

func TestAHostWithoutAnAddressIsLookedUpAgain(t *testing.T) {
	r := newRig(t, Config{})
	r.c.Add(r.now, 1, Torrent{Tiers: tiers(urlA, urlB)}, Fresh{}, r)
	r.lookups = nil
	r.c.Resolved(r.now, "a.example", NoAddress, r)
	if len(r.lookups) != 1 || r.lookups[0] != "b.example" {
		t.Fatalf("looked up %q", r.lookups)
	}
	r.lookups = nil
	r.c.Resolved(r.now, "b.example", NoAddress, r)
	r.expect()
	for range 1000 { // neither is asked, and both are looked up again and again
		if len(r.lookups) == 3 {
			break
		}
		r.now = r.c.NextDeadline()
		r.c.Tick(r.now, r)
		for _, h := range r.c.hosts {
			if h.lookup == lookedUp {
				r.c.Resolved(r.now, h.name, NoAddress, r)
			}
		}
	}
	r.expect()
	if len(r.lookups) < 3 || r.now.Sub(start) < lookupWait {
		t.Errorf("looked up %q after %v", r.lookups, r.now.Sub(start))
	}
	if got, is := r.c.Trackers(1)[0].Standing.(Failing); !is || got.Why != (NoHost{}) {
		t.Errorf("%+v", got)
	}
}

func TestALookupWithoutAnAnswerIsMadeAgain(t *testing.T) {
	r := newRig(t, Config{})
	r.c.Add(r.now, 1, Torrent{Tiers: tiers(urlA)}, Fresh{}, r)
	r.lookups = nil
	r.now = r.c.NextDeadline()
	r.c.Tick(r.now, r)
	if len(r.lookups) != 1 || r.now.Sub(start) != lookupLost {
		t.Errorf("looked up %q after %v", r.lookups, r.now.Sub(start))
	}
}

func TestANewNetworkIsToldAsSoonAsTrackersAllow(t *testing.T) {
	r := newRig(t, Config{})
	r.add(2, urlB)
	for range 5 {
		r.fail(2, urlB, TimedOut{})
		r.untilSent(2, urlB)
	}
	r.fail(2, urlB, TimedOut{})
	r.add(1, urlA)
	r.answer(1, urlA)
	r.lines = nil
	answered := r.now
	r.now = r.now.Add(least / 2)
	if r.c.torrents[2].lanes[0].rows[0].arms[0].blocked <= r.now {
		t.Fatal("it does not wait")
	}
	r.c.NetworkChanged(r.now, r)
	if h := r.c.hosts["a.example"]; h.fresh > r.now {
		t.Error("its addresses count as before")
	}
	r.pass(time.Second)
	r.expect("send 2 started IPv4 " + urlB)
	r.pass(time.Hour)
	r.expect("send 1 periodic IPv4 " + urlA)
	if got := r.now.Sub(answered); got < least || got > least+time.Second {
		t.Errorf("after %v", got)
	}
}
