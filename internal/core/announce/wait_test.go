package announce

import (
	"strings"
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/tracker"
)

// untilSent passes time until the next request of the torrent, and returns how long
// that took.
func (r *rig) untilSent(id int64, to string) time.Duration {
	r.t.Helper()
	r.lines = nil
	before := r.now
	r.pass(2 * tracker.MaxInterval)
	if len(r.lines) != 1 {
		r.t.Fatalf("decided %q", r.lines)
	}
	return r.now.Sub(before)
}

func between(t *testing.T, got, least time.Duration) {
	t.Helper()
	if got < least || got > least+least/5 {
		t.Errorf("after %v, want %v and little more", got, least)
	}
}

func TestARepetitionOverUDPComesAfterFifteenSecondsDoubled(t *testing.T) {
	r := newRig(t, Config{})
	r.add(1, udpA)
	for n := range 10 {
		sent := r.now
		r.now = r.now.Add(udpPatience)
		r.fail(1, udpA, TimedOut{})
		r.untilSent(1, udpA)
		between(t, r.now.Sub(sent), 15*time.Second<<min(n, 8))
	}
}

func TestOtherFailuresDoubleTheWaitUpToAnHour(t *testing.T) {
	for _, f := range []Fault{Unreachable{"refused"}, TimedOut{}, Nonsense{tracker.AnswerEmpty}} {
		r := newRig(t, Config{})
		r.add(1, urlA)
		for n := range 10 {
			r.fail(1, urlA, f)
			between(t, r.untilSent(1, urlA), min(time.Hour, 30*time.Second<<n))
		}
		r.answer(1, urlA)
		r.untilSent(1, urlA)
		r.fail(1, urlA, f)
		between(t, r.untilSent(1, urlA), 30*time.Second)
	}
}

func TestARequestIsShortWhereThereIsAnotherTracker(t *testing.T) {
	for _, c := range []struct {
		of   []string
		want time.Duration
	}{
		{[]string{urlA}, httpPatience}, {[]string{urlA, urlB}, httpHaste}, {[]string{udpA}, udpPatience}, {[]string{udpA, urlB}, udpHaste},
		{[]string{udpA + " udp://b.example"}, udpHaste},
	} {
		r := newRig(t, Config{})
		r.add(1, c.of...)
		if got := r.sent[0].Patience; got != c.want {
			t.Errorf("%q: %v, want %v", c.of, got, c.want)
		}
	}
	r := newRig(t, Config{})
	r.addPrivate(1, urlA, urlB)
	r.answer(1, urlA)
	r.untilSent(1, urlA)
	if got := r.flying(1, urlA).Patience; got != httpPatience {
		t.Errorf("a private torrent has %v", got)
	}
}

func TestTheIntervalsOfATrackerAreBounded(t *testing.T) {
	for _, c := range []struct{ interval, least, wantLeast, want time.Duration }{
		{0, 0, usualLeast, usualInterval},
		{time.Minute, 0, time.Minute, time.Minute},
		{time.Second, time.Second, time.Second, shortestInterval},
		{time.Hour, 2 * time.Hour, 2 * time.Hour, 2 * time.Hour},
		{30 * time.Minute, 5 * time.Hour, 5 * time.Hour, 5 * time.Hour}, // when it would have forgotten us
		{tracker.MaxInterval, time.Minute, time.Minute, longestInterval},
		{time.Hour, 48 * time.Hour, 48 * time.Hour, 48 * time.Hour},
		{tracker.MaxInterval, tracker.MaxInterval, tracker.MaxInterval, tracker.MaxInterval},
	} {
		r := newRig(t, Config{})
		r.add(1, urlA)
		r.answerWith(1, urlA, tracker.Response{Interval: c.interval, MinInterval: c.least})
		a := &r.c.torrents[1].lanes[0].rows[0].arms[0]
		if a.floor.Sub(r.now) != c.wantLeast {
			t.Errorf("%+v: the least is %v", c, a.floor.Sub(r.now))
		}
		between(t, r.untilSent(1, urlA), c.want)
	}
}

func TestCompletedWaitsWhileATrackerDemandsIt(t *testing.T) {
	r := newRig(t, Config{})
	r.add(1, urlA)
	r.answer(1, urlA)
	r.c.Completed(r.now, 1, r)
	r.pass(time.Second)
	r.refuse(1, urlA, tracker.Failure{Retry: tracker.RetryAfter{Span: 20 * time.Minute}})
	if got := r.untilSent(1, urlA); got != 20*time.Minute || r.sent[len(r.sent)-1].Announce.Event != tracker.Completed {
		t.Errorf("after %v", got)
	}
}

func TestATrackerIsAskedAgainWhenItSays(t *testing.T) {
	for _, c := range []struct {
		f    tracker.Failure
		want time.Duration
	}{
		{tracker.Failure{}, refusedWait},
		{tracker.Failure{Retry: tracker.RetryAfter{Span: 20 * time.Minute}}, 20 * time.Minute},
		{tracker.Failure{Retry: tracker.RetryAfter{Span: tracker.MaxInterval}}, tracker.MaxInterval},
		{tracker.Failure{MinInterval: 48 * time.Hour}, 48 * time.Hour},
		{tracker.Failure{Kind: tracker.TooOften}, usualLeast},
		{tracker.Failure{MinInterval: 40 * time.Minute}, 40 * time.Minute},
	} {
		r := newRig(t, Config{})
		r.add(1, urlA)
		r.refuse(1, urlA, c.f)
		between(t, r.untilSent(1, urlA), c.want)
	}
}

func TestATrackerThatSaysNeverIsNeverAskedAgain(t *testing.T) {
	r := newRig(t, Config{})
	r.add(1, urlA)
	r.lines = nil
	r.refuse(1, urlA, tracker.Failure{Reason: "Not a tracker", Retry: tracker.RetryNever{}})
	if got := r.c.AnnounceNow(r.now, 1, r); got != (NobodyToAsk{}) {
		t.Errorf("%+v", got)
	}
	if r.pass(48 * time.Hour); r.c.NextDeadline() != mono.Never {
		t.Errorf("it rings at %v", r.c.NextDeadline())
	}
	r.expect()
	if got, is := r.c.Trackers(1)[0].Standing.(GivenUp); !is || got.Why.(Refused).Failure.Reason != "Not a tracker" {
		t.Errorf("%+v", r.c.Trackers(1))
	}
	saved := r.c.Snapshot(r.now, 1)
	again := newRig(t, Config{})
	again.c.Add(again.now, 1, Torrent{Tiers: tiers(urlA)}, Resumed{Saved: saved}, again)
	again.expect()
	if got, is := again.c.Trackers(1)[0].Standing.(GivenUp); !is || got.Why.(Refused).Failure.Reason != "Not a tracker" {
		t.Errorf("after a restart %+v", again.c.Trackers(1))
	}
	if kept := again.c.Snapshot(again.now, 1); kept.Trackers[0].Reason != "Not a tracker" {
		t.Errorf("for the next one %+v", kept)
	}
	for named, want := range map[string]int{urlB: 0, urlA: 1} {
		once := newRig(t, Config{})
		once.c.Add(once.now, 1, Torrent{Tiers: tiers(urlA)}, Resumed{Saved: saved.AskAgain(tiers(named)[0]), Age: time.Minute}, once)
		once.resolve(OnlyIPv4)
		if len(once.sent) != want {
			t.Errorf("a person named %s: %d requests", named, len(once.sent))
		}
	}
	long := saved
	long.Trackers[0].Reason, long.Trackers[0].Kind = strings.Repeat("\x1b\u00e9", 10_000), 99
	harmless := newRig(t, Config{})
	harmless.c.Add(harmless.now, 1, Torrent{Tiers: tiers(urlA)}, Resumed{Saved: long}, harmless)
	if f := harmless.c.Trackers(1)[0].Standing.(GivenUp).Why.(Refused).Failure; len(f.Reason) > 10*maxReasonBytes || strings.Contains(f.Reason, "\x1b") || f.Kind > tracker.StaleConnection {
		t.Errorf("%d bytes of the kind %d", len(f.Reason), f.Kind)
	}
}

func TestATrackerThatDoesNotListUsHearsNoStopped(t *testing.T) {
	for _, kind := range []tracker.FailureKind{tracker.Unregistered, tracker.NotAuthorized, tracker.ClientBanned} {
		r := newRig(t, Config{})
		r.add(1, urlA)
		r.answer(1, urlA)
		r.untilSent(1, urlA)
		r.refuse(1, urlA, tracker.Failure{Kind: kind})
		r.lines = nil
		r.c.Remove(r.now, 1, r)
		r.expect("gone 1")
	}
}

func TestATrackersWordsAreToldWithoutThePasskey(t *testing.T) {
	const secret = "http://a.example/0123456789abcdef/announce"
	r := newRig(t, Config{})
	r.add(1, secret)
	r.refuse(1, secret, tracker.Failure{Reason: "passkey 0123456789abcdef is unknown"})
	got := r.reports[len(r.reports)-1].Standing.(Failing).Why.(Refused).Failure.Reason
	if got != "passkey *** is unknown" {
		t.Errorf("told %q", got)
	}
}
