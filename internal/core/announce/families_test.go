package announce

import (
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/tracker"
)

func TestBothFamiliesAreToldWithOneKey(t *testing.T) {
	r := newRig(t, Config{})
	r.c.Add(r.now, 1, Torrent{Tiers: tiers(urlA), Left: 1}, Fresh{}, r)
	r.resolve(BothFamilies)
	r.pass(time.Second)
	r.pass(time.Second)
	r.expect("send 1 started IPv4 "+urlA, "send 1 started IPv6 "+urlA)
	if r.sent[0].Announce.Key != r.sent[1].Announce.Key {
		t.Error("with two keys")
	}
	for _, q := range r.sent {
		r.c.Answer(r.now, q.ID, tracker.Answered{Response: plain()}, r)
	}
	r.c.Remove(r.now, 1, r)
	r.pass(time.Second)
	r.pass(time.Second)
	r.expect("send 1 stopped IPv4 "+urlA, "send 1 stopped IPv6 "+urlA)
}

func TestAFamilyThatFailsKeepsNoOtherBack(t *testing.T) {
	r := newRig(t, Config{})
	r.c.Add(r.now, 1, Torrent{Tiers: tiers(urlA, urlB), Left: 1}, Fresh{}, r)
	r.resolve(BothFamilies)
	r.pass(time.Second)
	r.pass(time.Second)
	r.lines = nil
	r.c.Answer(r.now, r.sent[0].ID, tracker.Answered{Response: plain()}, r)
	r.c.Failed(r.now, r.sent[1].ID, Unreachable{"no route"}, r)
	r.expect() // the other tier is not needed
	r.pass(failWait + failWait/waitJitter)
	r.expect("send 1 started IPv6 " + urlA)
}

func TestAFamilyThatIsGoneIsNotAsked(t *testing.T) {
	r := newRig(t, Config{PerHost: 1})
	r.c.Add(r.now, 1, Torrent{Tiers: tiers(urlA), Left: 1}, Fresh{}, r)
	r.resolve(BothFamilies)
	r.c.Answer(r.now, r.flying(1, urlA).ID, tracker.Answered{Response: plain()}, r)
	r.c.Resolved(r.now, "a.example", OnlyIPv4, r) // while IPv6 waits for the gap
	r.pass(least)
	r.expect("send 1 started IPv4 " + urlA)
}

func TestAHostThatSomebodyElseLooksUpIsAskedOnce(t *testing.T) {
	r := newRig(t, Config{})
	r.c.Add(r.now, 1, Torrent{Tiers: tiers(urlA)}, Fresh{}, r)
	r.resolve(ByName)
	r.pass(time.Second)
	r.expect("send 1 started any " + urlA)
}
