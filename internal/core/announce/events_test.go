package announce

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/ident"
	"github.com/etorrent/etorrent/internal/vocab/tracker"
)

func TestATorrentIsStartedAtOnceAndThenAnnouncedAfterTheInterval(t *testing.T) {
	r := newRig(t, Config{})
	r.add(1, urlA)
	r.expect("send 1 started IPv4 " + urlA)
	r.answer(1, urlA)
	r.expect()
	r.pass(interval - 1)
	r.expect()
	r.pass(interval / intervalJitter)
	r.expect("send 1 periodic IPv4 " + urlA)
}

func TestARequestTellsWhatTheTorrentIs(t *testing.T) {
	r := newRig(t, Config{NumWant: 7})
	r.c.Add(r.now, 1, Torrent{InfoHash: tracker.InfoHash{1}, PeerID: [20]byte{2}, Tiers: tiers(urlA), Left: 9}, Fresh{}, r)
	r.resolve(OnlyIPv6)
	first := r.flying(1, urlA)
	want := tracker.Announce{
		InfoHash: tracker.InfoHash{1}, PeerID: [20]byte{2}, Left: 9, Event: tracker.Started, NumWant: 7, Key: first.Announce.Key,
	}
	if first.Announce != want || first.Family != tracker.IPv6 || first.Patience != httpPatience || want.Key == 0 {
		t.Errorf("%+v", first)
	}
	with := plain()
	with.TrackerID = "id"
	r.answerWith(1, urlA, with)
	r.c.Progress(1, Counters{Uploaded: 3, Downloaded: 4, Left: 5}, HasEnough)
	r.pass(2 * interval)
	want.Uploaded, want.Downloaded, want.Left, want.Event, want.NumWant, want.TrackerID = 3, 4, 5, tracker.Periodic, 0, "id"
	if got := r.flying(1, urlA); got.Announce != want {
		t.Errorf("%+v, want %+v", got.Announce, want)
	}
}

func TestPeersAndOurAddressAreHandedOn(t *testing.T) {
	r := newRig(t, Config{})
	r.add(1, urlA)
	r.lines = nil
	with := plain()
	with.Peers = []netip.AddrPort{netip.MustParseAddrPort("192.0.2.1:1"), netip.MustParseAddrPort("192.0.2.2:2")}
	with.ExternalIP = netip.MustParseAddr("198.51.100.1")
	r.answerWith(1, urlA, with)
	r.expect("peers 1 2 of a.example", "external 198.51.100.1")
}

func TestStoppedIsToldOnlyAfterAnAnsweredStarted(t *testing.T) {
	r := newRig(t, Config{})
	r.add(1, urlA)
	r.add(2, urlB)
	r.answer(1, urlA)
	r.lines = nil
	r.c.Remove(r.now, 1, r)
	r.pass(time.Second)
	r.expect("send 1 stopped IPv4 " + urlA)
	if n := r.flying(1, urlA).Announce.NumWant; n != 0 {
		t.Errorf("it wants %d peers", n)
	}
	r.answer(1, urlA)
	r.expect("gone 1")
	r.c.Remove(r.now, 2, r)
	r.expect() // started is under way
	r.fail(2, urlB, TimedOut{})
	r.expect("gone 2")
	r.add(3, urlC)
	r.c.Remove(r.now, 3, r)
	r.lines = nil
	r.answer(3, urlC)
	r.pass(time.Second)
	r.expect("send 3 stopped IPv4 " + urlC)
	r.fail(3, urlC, TimedOut{})
	r.expect("gone 3")
}

func TestATorrentThatComesBackWhileItIsTakenLeaveOfIsStartedAgain(t *testing.T) {
	r := newRig(t, Config{})
	r.add(1, urlA)
	r.answer(1, urlA)
	r.c.Remove(r.now, 1, r)
	r.pass(time.Second)
	r.lines = nil
	about := Torrent{Tiers: tiers(urlA)}
	if got := r.c.Add(r.now, 1, about, Fresh{}, r); got != Added {
		t.Errorf("Add is %d", got)
	}
	if got := r.c.Add(r.now, 1, about, Fresh{}, r); got != AlreadyThere {
		t.Errorf("Add is %d", got)
	}
	r.expect()
	stopped := r.sent[len(r.sent)-1]
	r.answer(1, urlA)
	r.pass(2 * startAgain)
	r.expect("send 1 started IPv4 " + urlA)
	if got := r.now.Sub(start); stopped.Announce.Event != tracker.Stopped || got < startAgain {
		t.Errorf("after %v", got)
	}
}

func TestATorrentThatComesBackAsAnotherPeerIsStartedAgain(t *testing.T) {
	for peer, want := range map[byte]string{1: "", 2: "send 1 started IPv4 " + urlA} {
		r := newRig(t, Config{})
		about := Torrent{PeerID: [20]byte{1}, Tiers: tiers(urlA)}
		r.c.Add(r.now, 1, about, Fresh{}, r)
		r.resolve(OnlyIPv4)
		r.answer(1, urlA)
		r.c.Remove(r.now, 1, r) // which the gap holds back
		about.PeerID[0] = peer
		r.lines = nil
		r.c.Add(r.now, 1, about, Fresh{}, r)
		r.pass(least - 1)
		if got := strings.Join(r.lines, ""); got != want {
			t.Errorf("peer %d: %q", peer, got)
		}
	}
}

func TestWhatWaitedTooLongIsNotSaid(t *testing.T) {
	r := newRig(t, Config{Gap: 2 * time.Hour})
	r.add(1, urlA)
	r.answerWith(1, urlA, tracker.Response{Interval: time.Minute})
	r.lines = nil
	r.c.Remove(r.now, 1, r)
	r.pass(3 * time.Hour)
	r.expect("gone 1")
}

// saver notes in which order things are to be done.
type saver struct {
	*rig
	order []string
}

func (s *saver) Save(ident.TorrentID) { s.order = append(s.order, "save") }
func (s *saver) Send(q Request) {
	s.order = append(s.order, "send")
	s.rig.Send(q)
}

func TestARequestAndItsCountersAreSavedBeforeItIsMade(t *testing.T) {
	for _, c := range []struct {
		uploaded int64
		leaves   bool
		want     []string
	}{{0, false, []string{"save", "send"}}, {1, false, []string{"save", "send"}}, {0, true, []string{"send"}}, {1, true, []string{"save", "send"}}} {
		r := newRig(t, Config{})
		r.add(1, urlA)
		r.answer(1, urlA)
		r.c.Progress(1, Counters{Uploaded: c.uploaded}, WantsPeers)
		s := &saver{rig: r}
		if c.leaves {
			r.c.Remove(r.now, 1, s)
		}
		r.now = r.c.NextDeadline()
		for len(s.order) == 0 {
			r.now = max(r.now, r.c.NextDeadline())
			r.c.Tick(r.now, s)
		}
		if !slices.Equal(s.order, c.want) {
			t.Errorf("%+v: %q", c, s.order)
		}
	}
}

func TestCountersNeverGoDown(t *testing.T) {
	r := newRig(t, Config{})
	r.c.Add(r.now, 1, Torrent{Tiers: tiers(urlA), Left: 9}, Resumed{Saved: Saved{Uploaded: 100, Downloaded: 50}}, r)
	r.resolve(OnlyIPv4)
	told := func() [2]int64 {
		a := r.flying(1, urlA).Announce
		return [2]int64{a.Uploaded, a.Downloaded}
	}
	if got := told(); got != [2]int64{100, 50} {
		t.Errorf("told %v", got)
	}
	for _, step := range []struct{ up, down, wantUp, wantDown int64 }{
		{10, 5, 110, 55},
		{3, 1, 113, 56}, // who counts has begun anew
		{4, 1, 114, 56},
		{-7, 0, 114, 56},
	} {
		r.answer(1, urlA)
		r.c.Progress(1, Counters{Uploaded: step.up, Downloaded: step.down}, WantsPeers)
		r.lines = nil
		r.pass(2 * interval)
		if got := told(); got != [2]int64{step.wantUp, step.wantDown} {
			t.Errorf("%+v: told %v", step, got)
		}
	}
	if s := r.c.Snapshot(r.now, 1); s.Uploaded != 114 || s.Downloaded != 56 {
		t.Errorf("%+v", s)
	}
}

func TestAnAnswerThatComesTooLateIsNotKnown(t *testing.T) {
	r := newRig(t, Config{})
	r.add(1, urlA)
	id := r.flying(1, urlA).ID
	r.lines = nil
	r.pass(httpPatience + grace)
	r.c.Answer(r.now, id, tracker.Answered{Response: plain()}, r)
	r.c.Failed(r.now, id, TimedOut{}, r)
	if got, is := r.c.Trackers(1)[0].Standing.(Failing); !is || got.Failures != 1 || got.Why != (TimedOut{}) {
		t.Errorf("%+v", r.c.Trackers(1))
	}
}
