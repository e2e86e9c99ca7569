package announce

import (
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/ident"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/tracker"
	"github.com/etorrent/etorrent/metainfo"
)

// again is a rig with other random numbers, as after a restart.
func again(t failer) *rig {
	r := newRig(t, Config{})
	r.c.rnd = rand.New(rand.NewPCG(3, 4))
	return r
}

func TestWhatIsSavedComesBackAfterARestart(t *testing.T) {
	r := newRig(t, Config{})
	r.add(1, urlA+" "+urlB+" "+urlC, "udp://d.example:1/announce")
	r.fail(1, r.sent[0].Tracker.Secret(), TimedOut{})
	second := r.sent[1].Tracker.Secret()
	with := plain()
	with.TrackerID = "id"
	r.answerWith(1, second, with)
	r.c.Progress(1, Counters{Uploaded: 5, Downloaded: 6, Left: 7}, WantsPeers)
	r.now = r.now.Add(time.Minute)
	saved := r.c.Snapshot(r.now, 1)
	wire, err := json.Marshal(saved)
	var copied Saved
	if err != nil || json.Unmarshal(wire, &copied) != nil || !reflect.DeepEqual(copied, saved) {
		t.Fatalf("%v: %s", err, wire)
	}
	n := again(t)
	n.c.Add(n.now, 1, Torrent{Tiers: tiers(urlA+" "+urlB+" "+urlC, "udp://d.example:1/announce"), Left: 7}, Restored{Saved: copied, Age: time.Minute}, n)
	n.resolve(OnlyIPv4)
	restored := n.c.Snapshot(n.now, 1)
	n.pass(least)
	n.resolve(OnlyIPv4)
	if n.order() != r.order() {
		t.Errorf("in the order %s, was %s", n.order(), r.order())
	}
	got := n.sent[0]
	if got.Tracker != url(second) || got.Announce.Event != tracker.Started || got.Announce.Key != r.sent[0].Announce.Key ||
		got.Announce.TrackerID != "id" || got.Announce.Uploaded != 5 || got.Announce.Downloaded != 6 {
		t.Errorf("%+v", got)
	}
	want := saved.Trackers[0].Families[0].Floor - time.Minute
	if got := restored.Trackers[0].Families[0]; got.Floor != want || want != least-2*time.Minute {
		t.Errorf("the least interval is over in %v, want %v", got.Floor, want)
	}
	if s := n.c.Snapshot(n.now, 2); !reflect.DeepEqual(s, Saved{}) {
		t.Errorf("of no torrent: %+v", s)
	}
}

func TestASeedThatIsListedStillComesWhenItWouldHaveCome(t *testing.T) {
	restored := func(age time.Duration) func(Saved) Origin {
		return func(s Saved) Origin { return Restored{Saved: s, Age: age} }
	}
	for name, c := range map[string]struct {
		left   int64
		origin func(Saved) Origin
		stop   bool
		after  time.Duration
	}{
		"after a crash":              {0, restored(time.Minute), false, interval - time.Minute},
		"after it stopped":           {0, restored(time.Minute), true, 0},
		"right after it stopped":     {0, restored(4 * time.Second), true, startAgain - 4*time.Second},
		"that wants data":            {1, restored(time.Minute), false, least - time.Minute},
		"that somebody waits for":    {0, func(s Saved) Origin { return Resumed{Saved: s, Age: time.Minute} }, false, least - time.Minute},
		"that is elsewhere now":      {0, func(s Saved) Origin { return Restored{Saved: s.Move(), Age: time.Minute} }, false, least - time.Minute},
		"that has to tell completed": {0, func(s Saved) Origin { return Restored{Saved: s.Finish(), Age: time.Minute} }, false, 0},
		"after a day":                {0, restored(24 * time.Hour), false, 0},
	} {
		r := newRig(t, Config{})
		r.add(1, urlA)
		r.answer(1, urlA)
		saved := r.c.Snapshot(r.now, 1)
		if c.stop {
			r.c.Remove(r.now, 1, r)
			r.pass(time.Second)
			r.answer(1, urlA)
			saved = r.gone[1]
		}
		n := again(t)
		n.c.Add(n.now, 1, Torrent{Tiers: tiers(urlA), Left: c.left}, c.origin(saved), n)
		n.resolve(OnlyIPv4)
		if len(n.sent) == 0 {
			n.pass(24 * time.Hour)
		}
		if waited := n.now.Sub(start); waited < c.after || waited > c.after+interval/intervalJitter && c.after > least || c.after <= least && waited != c.after {
			t.Errorf("%s: after %v, want %v", name, waited, c.after)
		}
	}
}

// A run that is killed before it may ask leaves what it found to the next one, and one
// that is killed before an answer is kept has asked all the same.
func TestWhoIsKilledAgainAndAgainIsStillOneToItsTracker(t *testing.T) {
	r := newRig(t, Config{})
	r.add(1, urlA)
	asked := []mono.Instant{r.now}
	r.answer(1, urlA)
	for run := range 40 {
		saved, at := r.c.Snapshot(r.now, 1), r.now
		n := again(t)
		n.now = at.Add(30 * time.Second)
		n.c.Add(n.now, 1, Torrent{Tiers: tiers(urlA, urlB)[:1], Left: int64(run % 2)}, Restored{Saved: saved, Age: n.now.Sub(at)}, n)
		n.resolve(OnlyIPv4)
		for end := n.now.Add(time.Minute); n.now < end && len(n.sent) == 0; {
			n.pass(end.Sub(n.now))
		}
		if len(n.sent) > 0 {
			asked = append(asked, n.now)
		}
		r = n
	}
	for i := range asked[1:] {
		if apart := asked[i+1].Sub(asked[i]); apart < least {
			t.Errorf("asked again after %v", apart)
		}
	}
	if len(asked) < 4 {
		t.Errorf("asked %d times", len(asked))
	}
}

func TestARestartDoesNotLeaveTheTrackerThatListsATorrentForTheNext(t *testing.T) {
	r := newRig(t, Config{})
	r.addPrivate(1, urlA, urlB)
	r.fail(1, urlA, TimedOut{})
	r.answer(1, urlB)
	saved := r.c.Snapshot(r.now, 1)
	n := again(t)
	n.c.Add(n.now, 1, Torrent{Tiers: tiers(urlA, urlB), Left: 1, Privacy: metainfo.Private}, Restored{Saved: saved}, n)
	n.resolve(OnlyIPv4)
	n.pass(time.Hour)
	n.resolve(OnlyIPv4)
	n.pass(time.Second)
	n.expect("send 1 started IPv4 " + urlB)
	if waited := n.now.Sub(start); waited < least {
		t.Errorf("after %v", waited)
	}
	n.fail(1, urlB, TimedOut{})
	n.expect("send 1 started IPv4 " + urlA)
}

// A tracker may have heard a last word whose answer nobody took.
func TestOneWhoMayHaveTakenLeaveComesAsSoonAsItMay(t *testing.T) {
	r := newRig(t, Config{})
	r.add(1, urlA)
	r.answer(1, urlA)
	r.now = r.now.Add(time.Minute)
	r.c.Stop(r.now, r.now.Add(3*time.Second), r)
	r.now = r.now.Add(3 * time.Second)
	r.c.Tick(r.now, r)
	n := again(t)
	n.c.Add(n.now, 1, Torrent{Tiers: tiers(urlA)}, Restored{Saved: r.gone[1]}, n)
	n.resolve(OnlyIPv4)
	n.pass(time.Hour)
	if waited := n.now.Sub(start); len(n.sent) != 1 || waited < least-time.Minute || waited > least {
		t.Errorf("%d requests, after %v", len(n.sent), waited)
	}
}

func TestCompletedThatIsOwedIsToldAfterARestart(t *testing.T) {
	r := newRig(t, Config{})
	r.add(1, urlA)
	r.answer(1, urlA)
	r.c.Completed(r.now, 1, r)
	saved := r.c.Snapshot(r.now, 1)
	for range 2 {
		n := again(t)
		n.c.Add(n.now, 1, Torrent{Tiers: tiers(urlA)}, Resumed{Saved: saved, Age: least}, n)
		n.resolve(OnlyIPv4)
		n.answer(1, urlA)
		n.pass(time.Second)
		events := []tracker.Event{tracker.Started}
		if saved.Trackers[0].Families[0].Debt == OwesCompleted {
			events = append(events, tracker.Completed)
			n.answer(1, urlA)
		}
		n.c.Completed(n.now, 1, n)
		n.pass(time.Second)
		var got []tracker.Event
		for _, q := range n.sent {
			got = append(got, q.Announce.Event)
		}
		if !slices.Equal(got, events) {
			t.Errorf("told %v, want %v", got, events)
		}
		saved = n.c.Snapshot(n.now, 1)
	}
}

func TestWhatWasSavedByOthersDoesNoHarm(t *testing.T) {
	s := Saved{Uploaded: -1, Downloaded: -1, Finished: 77, Trackers: []SavedTracker{
		{URL: "nonsense"}, {URL: urlB},
		{URL: urlA, TrackerID: string(make([]byte, 1000)), Families: [2]SavedFamily{{Due: -1, Floor: 1 << 62, Barred: 1 << 62, Least: 1 << 62}}},
	}}
	r := newRig(t, Config{})
	r.c.Add(r.now, 1, Torrent{Tiers: tiers(urlA)}, Restored{Saved: s, Age: -time.Hour}, r)
	r.resolve(OnlyIPv4)
	r.pass(longestDemand)
	if len(r.sent) != 1 || r.sent[0].Announce.Uploaded != 0 || r.sent[0].Announce.TrackerID != "" {
		t.Errorf("%+v", r.sent)
	}
}

func TestTheFirstThatComesBackNeedNotWait(t *testing.T) {
	r := newRig(t, Config{})
	for id := range ident.TorrentID(3) {
		r.c.Add(r.now, id, Torrent{Tiers: tiers(urlA), Left: 1}, Restored{}, r)
		r.resolve(OnlyIPv4)
	}
	if len(r.sent) != 1 {
		t.Errorf("%d requests", len(r.sent))
	}
	r.pass(time.Second)
	r.pass(time.Second)
	if len(r.sent) != 3 || r.now.Sub(start) > time.Second {
		t.Errorf("%d requests after %v", len(r.sent), r.now.Sub(start))
	}
}
