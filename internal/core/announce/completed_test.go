package announce

import (
	"testing"
	"time"
)

func TestCompletedIsToldOnceToThoseThatKnewTheTorrentUnfinished(t *testing.T) {
	r := newRig(t, Config{})
	r.add(1, urlA)
	r.answer(1, urlA)
	r.lines = nil
	r.c.Completed(r.now, 1, r)
	r.pass(time.Second)
	r.expect("send 1 completed IPv4 " + urlA)
	if left := r.flying(1, urlA).Announce.Left; left != 0 {
		t.Errorf("%d bytes are left", left)
	}
	r.answer(1, urlA)
	r.c.Completed(r.now, 1, r)
	r.pass(interval - 1)
	r.expect()
}

func TestCompletedThatGotNoAnswerIsToldAgain(t *testing.T) {
	r := newRig(t, Config{})
	r.add(1, urlA)
	r.answer(1, urlA)
	r.c.Completed(r.now, 1, r)
	r.pass(time.Second)
	r.lines = nil
	for range completedTries - 1 {
		r.fail(1, urlA, TimedOut{})
		r.pass(time.Hour)
		r.expect("send 1 completed IPv4 " + urlA)
	}
	r.fail(1, urlA, TimedOut{})
	r.pass(2 * time.Hour)
	r.expect("send 1 periodic IPv4 " + urlA)
}

func TestCompletedWhileStartedIsUnderWayFollowsIt(t *testing.T) {
	r := newRig(t, Config{})
	r.add(1, urlA)
	r.c.Completed(r.now, 1, r)
	r.pass(time.Second)
	r.expect("send 1 started IPv4 " + urlA)
	r.answer(1, urlA)
	r.pass(time.Second)
	r.expect("send 1 completed IPv4 " + urlA)
}

func TestASeedTellsNoCompleted(t *testing.T) {
	r := newRig(t, Config{})
	r.c.Add(r.now, 1, Torrent{Tiers: tiers(urlA)}, Fresh{}, r)
	r.resolve(OnlyIPv4)
	r.answer(1, urlA)
	r.lines = nil
	r.c.Progress(1, Counters{Uploaded: 1}, WantsPeers)
	r.pass(interval - 1)
	r.expect()
}

func TestCompletedThatIsOwedComesBeforeStopped(t *testing.T) {
	r := newRig(t, Config{})
	r.add(1, urlA)
	r.answer(1, urlA)
	r.lines = nil
	r.c.Completed(r.now, 1, r)
	r.c.Remove(r.now, 1, r)
	r.pass(time.Second)
	r.expect("send 1 completed IPv4 " + urlA)
	r.answer(1, urlA)
	r.pass(time.Second)
	r.expect("send 1 stopped IPv4 " + urlA)
}
