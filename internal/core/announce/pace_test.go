package announce

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/ident"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/tracker"
)

func TestAHostIsAskedWithAGapAndByFewAtOnce(t *testing.T) {
	r := newRig(t, Config{PerHost: 3, Gap: time.Second})
	for id := range ident.TorrentID(9) {
		r.add(id, urlA)
	}
	var at []time.Duration
	for range 3 {
		at = append(at, r.now.Sub(start))
		r.pass(time.Second)
	}
	if want := []time.Duration{0, time.Second, 2 * time.Second}; !slices.Equal(at, want) || len(r.sent) != 3 {
		t.Errorf("%d requests, at %v", len(r.sent), at)
	}
	r.pass(time.Second)
	if len(r.sent) != 3 {
		t.Error("a fourth is in flight")
	}
	r.answer(r.sent[0].Torrent, urlA)
	if len(r.sent) != 4 {
		t.Error("a place became free, and nobody took it")
	}
}

func TestOtherHostsDoNotWaitForOne(t *testing.T) {
	r := newRig(t, Config{PerHost: 1})
	r.add(1, urlA)
	r.add(2, urlA)
	r.add(3, urlB)
	r.expect("send 1 started IPv4 "+urlA, "send 3 started IPv4 "+urlB)
}

func TestRequestsInFlightAreBoundedInAll(t *testing.T) {
	r := newRig(t, Config{InFlight: 5})
	for id := range ident.TorrentID(9) {
		r.add(id, fmt.Sprintf("http://t%d.example/announce", id))
	}
	if len(r.sent) != 5 || r.c.InFlight() != 5 {
		t.Errorf("%d requests", len(r.sent))
	}
	r.fail(2, "http://t2.example/announce", TimedOut{})
	if len(r.sent) != 6 {
		t.Errorf("%d requests", len(r.sent))
	}
}

func TestWhatIsUrgentIsSentFirst(t *testing.T) {
	r := newRig(t, Config{InFlight: 1, PerHost: 1})
	const periodic, stopped, completed, fresh, returning = 1, 2, 3, 4, 5
	for id := ident.TorrentID(periodic); id <= completed; id++ {
		r.add(id, urlA)
		r.pass(time.Second)
		r.answer(id, urlA)
		r.pass(2 * time.Second)
	}
	r.add(9, urlB) // holds the one place while the others queue
	r.lines = nil
	r.now = r.now.Add(2 * interval)
	r.c.Tick(r.now, r)
	blocker := r.sent[len(r.sent)-1]
	r.c.Remove(r.now, stopped, r)
	r.c.Add(r.now, returning, Torrent{Tiers: tiers(urlA)}, Restored{}, r)
	r.c.Completed(r.now, completed, r)
	r.c.Add(r.now, fresh, Torrent{Tiers: tiers(urlB)}, Fresh{}, r)
	r.lines = nil
	r.c.Failed(r.now, blocker.ID, TimedOut{}, r)
	var got []ident.TorrentID
	for range 5 {
		q := r.sent[len(r.sent)-1]
		got = append(got, q.Torrent)
		r.c.Answer(r.now, q.ID, tracker.Answered{Response: plain()}, r)
		r.pass(time.Second)
	}
	if want := []ident.TorrentID{fresh, completed, stopped, returning, periodic}; !slices.Equal(got, want) {
		t.Errorf("in the order %v, want %v", got, want)
	}
}

func TestAHostThatAnswersNobodyIsLeftAloneForAWhile(t *testing.T) {
	r := newRig(t, Config{})
	for id := range ident.TorrentID(100) {
		r.add(id, urlA, urlB)
	}
	for range 200 {
		for _, q := range slices.Clone(r.sent) {
			switch {
			case r.c.flights[q.ID] == nil:
			case q.Tracker == url(urlA):
				r.c.Failed(r.now, q.ID, TimedOut{}, r)
			default:
				r.c.Answer(r.now, q.ID, tracker.Answered{Response: plain()}, r)
			}
		}
		r.resolve(OnlyIPv4)
		r.lines = nil
		r.pass(100 * time.Millisecond)
	}
	to := map[string]int{}
	for _, q := range r.sent {
		to[q.Tracker.Host()]++
	}
	if to["b.example"] != 100 || to["a.example"] > 20 {
		t.Errorf("within %v: %v", r.now.Sub(start), to)
	}
}

func TestShutdownTellsTheNewestFirstAndEndsAtItsDeadline(t *testing.T) {
	r := newRig(t, Config{PerHost: 2, Gap: 100 * time.Millisecond})
	for id := range ident.TorrentID(100) {
		r.add(id, urlA)
		r.answer(id, urlA)
		r.now = r.now.Add(time.Second)
	}
	r.add(200, urlB) // started is under way
	r.add(201, urlB) // and here it waits
	r.sent, r.lines = nil, nil
	deadline := r.now.Add(4 * time.Second)
	r.c.Stop(r.now, deadline, r)
	if got := r.c.Add(r.now, 300, Torrent{}, Fresh{}, r); got != Closed {
		t.Errorf("Add is %d", got)
	}
	for r.c.Len() > 0 {
		for _, q := range slices.Clone(r.sent) {
			if r.c.flights[q.ID] != nil {
				r.c.Answer(r.now, q.ID, tracker.Answered{Response: plain()}, r)
			}
		}
		r.now = max(r.now, r.c.NextDeadline())
		r.c.Tick(r.now, r)
	}
	want := ident.TorrentID(99)
	for _, q := range r.sent {
		if q.Torrent != want || q.Announce.Event != tracker.Stopped || q.Patience > 4*time.Second {
			t.Fatalf("%v %v with %v, want %v", q.Torrent, q.Announce.Event, q.Patience, want)
		}
		want--
	}
	if len(r.sent) < 30 || r.now != deadline || len(r.gone) != 102 || r.c.NextDeadline() != mono.Never || r.c.InFlight() != 0 {
		t.Errorf("%d were told, %d are gone after %v, then %v", len(r.sent), len(r.gone), r.now.Sub(deadline), r.c.NextDeadline())
	}
}

func TestShutdownWaitsForNobodyWhoNeedsNotBeTold(t *testing.T) {
	r := newRig(t, Config{})
	r.add(1, urlA)
	r.answer(1, urlA)
	r.c.Stop(r.now, r.now.Add(4*time.Second), r)
	r.pass(time.Second)
	r.answer(1, urlA)
	if r.c.Len() != 0 || r.now.Sub(start) > time.Second {
		t.Errorf("%d are left after %v", r.c.Len(), r.now.Sub(start))
	}
}

// The share of the busiest second is bounded at the restart, and as long as the
// intervals are equal.
func TestTenThousandTorrentsThatComeBackAtOnceGetNoLockstep(t *testing.T) {
	const torrents, most = 10_000, 180
	r := newRig(t, Config{})
	for id := range ident.TorrentID(torrents) {
		of := fmt.Sprintf("http://t%d.example/announce", id%300)
		left := int64(id % 2)
		r.c.Add(r.now, id, Torrent{Tiers: tiers(of), Left: left}, Restored{}, r)
		r.resolve(OnlyIPv4)
	}
	perSecond := map[int]int{}
	seen := 0
	for r.now.Sub(start) < 3*interval {
		for ; seen < len(r.sent); seen++ {
			perSecond[int(r.now.Sub(start)/time.Second)]++
			r.c.Answer(r.now, r.sent[seen].ID, tracker.Answered{Response: plain()}, r)
		}
		r.now = max(r.now, r.c.NextDeadline())
		r.c.Tick(r.now, r)
		r.resolve(OnlyIPv4)
	}
	for second, n := range perSecond {
		if n > most {
			t.Errorf("%d requests in second %d", n, second)
		}
	}
	if seen < 2*torrents {
		t.Errorf("%d requests", seen)
	}
	t.Logf("%d requests, the busiest second has %d", seen, slices.Max(values(perSecond)))
}

func values(m map[int]int) []int {
	var all []int
	for _, n := range m {
		all = append(all, n)
	}
	return all
}
