package announce

import (
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/ident"
	"github.com/etorrent/etorrent/internal/vocab/tracker"
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
	if n.order() != r.order() {
		t.Errorf("in the order %s, was %s", n.order(), r.order())
	}
	got := n.sent[0]
	if got.Tracker != url(second) || got.Announce.Event != tracker.Started || got.Announce.Key != r.sent[0].Announce.Key ||
		got.Announce.TrackerID != "id" || got.Announce.Uploaded != 5 || got.Announce.Downloaded != 6 {
		t.Errorf("%+v", got)
	}
	want := saved.Trackers[0].Families[0].Floor - time.Minute
	if got := n.c.Snapshot(n.now, 1).Trackers[0].Families[0]; got.Floor != want || want != least-2*time.Minute {
		t.Errorf("the least interval is over in %v, want %v", got.Floor, want)
	}
	if s := n.c.Snapshot(n.now, 2); !reflect.DeepEqual(s, Saved{}) {
		t.Errorf("of no torrent: %+v", s)
	}
}

func TestASeedThatIsListedStillComesWhenItWouldHaveCome(t *testing.T) {
	for name, c := range map[string]struct {
		left   int64
		origin func(Saved) Origin
		stop   bool
		later  bool
	}{
		"after a crash":           {0, func(s Saved) Origin { return Restored{Saved: s, Age: time.Minute} }, false, true},
		"after it stopped":        {0, func(s Saved) Origin { return Restored{Saved: s, Age: time.Minute} }, true, false},
		"that wants data":         {1, func(s Saved) Origin { return Restored{Saved: s, Age: time.Minute} }, false, false},
		"that somebody waits for": {0, func(s Saved) Origin { return Resumed{Saved: s, Age: time.Minute} }, false, false},
		"after a day":             {0, func(s Saved) Origin { return Restored{Saved: s, Age: 24 * time.Hour} }, false, false},
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
		waited := n.now.Sub(start)
		if c.later != (waited > interval-2*time.Minute) || !c.later && waited > 0 {
			t.Errorf("%s: after %v", name, waited)
		}
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
		n.c.Add(n.now, 1, Torrent{Tiers: tiers(urlA)}, Resumed{Saved: saved}, n)
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
	r.pass(longestInterval)
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
