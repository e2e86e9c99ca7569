//go:build linux

package interop

import (
	"net/netip"
	"testing"

	"github.com/etorrent/etorrent/metainfo"
)

// slowly keeps the good transfer from ending before the attacks do.
const slowly = 64 << 10

// victim is an etorrent that trades with a good libtorrent while it is
// attacked.
type victim struct {
	*child
	good      libtorrent
	meta      *metainfo.Torrent
	at        netip.AddrPort
	attackers map[string]bool // their addresses
}

func newVictim(t *testing.T, c *child, good libtorrent, m material) *victim {
	t.Helper()
	return &victim{child: c, good: good, meta: parse(t, m.torrent), at: listens(t, c), attackers: map[string]bool{}}
}

func attacked(t *testing.T) material {
	t.Helper()
	return oneFile((pieces-1)*65536+5).material(t, 65536, madeByUs)
}

// We seed, a good leecher fetches, and others attack.
func TestASeederUnderAttackServesOn(t *testing.T) {
	t.Parallel()
	m := attacked(t)
	s := seed(t, m.torrent, m.parent)
	to := folder(t, "copy")
	l := runLibtorrent(t, m.torrent, to, roleAny)
	v := newVictim(t, s, l, m)
	l.limit(t, unchanged, slowly)
	l.connect(t, v.at)

	v.survives(t)
	v.keptItsGoodPeer(t)

	l.limit(t, unchanged, 0)
	l.awaitDone(t)
	v.nobodyWaited(t)
	l.mustBeContent(t)
	stopSeed(t, s)
	mustBeEqual(t, m.parent, to)
}

// We fetch from a good seeder, and others attack.
func TestALeecherUnderAttackFetchesOn(t *testing.T) {
	t.Parallel()
	m := attacked(t)
	l := runLibtorrent(t, m.torrent, m.parent, roleSeed)
	l.limit(t, slowly, unchanged)
	to := folder(t, "copy")
	g := get(t, m.torrent, to, folder(t, "state"), l.listens(t))
	v := newVictim(t, g, l, m)

	v.survives(t)
	v.keptItsGoodPeer(t)

	l.limit(t, 0, unchanged)
	g.await(t, "that it is complete", named("complete"))
	v.nobodyWaited(t)
	g.mustExit(t, 0)
	l.mustBeContent(t)
	mustBeEqual(t, m.parent, to)
}

// survives attacks in every way. What takes the victim time runs beside.
func (v *victim) survives(t *testing.T) {
	t.Helper()
	defer watchMemory(t, v.child)()
	v.goesOn(t)
	var late []*attacker
	for _, s := range slow {
		late = append(late, v.estrange(t, s))
	}
	v.meetTheGreedy(t)
	for _, s := range strangers {
		if n := v.estrange(t, s).mustBeClosed(t, s.name); n > 0 {
			t.Errorf("%s: %d bytes were answered", s.name, n)
		}
	}
	for _, o := range offences {
		v.offend(t, o)
	}
	for _, o := range floods {
		v.offend(t, o)
	}
	v.meetACrowd(t)
	for i, a := range late {
		a.mustBeClosed(t, slow[i].name)
	}
}

// goesOn waits until more data went to or came from the good peer.
func (v *victim) goesOn(t *testing.T) {
	t.Helper()
	before := int64(0)
	for _, r := range v.good.all() {
		before = max(before, r.Uploaded, r.Downloaded)
	}
	v.good.await(t, "that the transfer goes on", func(r *report) bool {
		return max(r.Uploaded, r.Downloaded) >= before+2*slowly
	})
}

func (v *victim) attack(t *testing.T) *attacker {
	t.Helper()
	a := attack(t, v.at)
	v.attackers[a.local.String()] = true
	return a
}

func (v *victim) estrange(t *testing.T, s stranger) *attacker {
	t.Helper()
	a := v.attack(t)
	a.send(s.bytes(infoHash(v.meta)))
	return a
}

func (v *victim) offend(t *testing.T, o offence) {
	t.Helper()
	a := v.attack(t)
	a.join(t, v.meta, o.with...)
	a.send(o.bytes...)
	a.mustBeClosed(t, o.name)
	a.mustBeNamed(t, v.child, o)
}

// greedy is how many ask for all that a queue holds and read nothing of it. The
// upload slots are enough for them and the good peer.
const greedy = 40

func (v *victim) meetTheGreedy(t *testing.T) {
	t.Helper()
	for range greedy {
		a := v.attack(t)
		a.join(t, v.meta, fast)
		a.send(frame(idInterested))
		a.awaitMessage(t, idUnchoke)
		a.send(manyRequests(2000))
	}
	v.goesOn(t)
}

// crowd is more strangers than are listened to at once.
const crowd = 600

// meetACrowd connects to it with nothing to say, and then in earnest.
func (v *victim) meetACrowd(t *testing.T) {
	t.Helper()
	var all []*attacker
	for range crowd {
		all = append(all, v.attack(t))
	}
	for _, a := range all {
		a.mustBeClosed(t, "one of a crowd")
	}
	v.attack(t).join(t, v.meta)
}

// keptItsGoodPeer fails the test if one left that is no attacker, or if the
// program complains. It is for the time before the good transfer ends.
func (v *victim) keptItsGoodPeer(t *testing.T) {
	t.Helper()
	for _, r := range v.all() {
		if r.Event == "peer" && r.State == "left" && !v.attackers[r.Address] {
			t.Errorf("the good peer was left: %s", r.line())
		}
		if r.Event == "warning" || r.Event == "error" {
			t.Errorf("%s: %s", r.Event, r.Message)
		}
	}
}

// nobodyWaited fails the test if the greedy had to be left before the good
// transfer could end.
func (v *victim) nobodyWaited(t *testing.T) {
	t.Helper()
	waited := 0
	for _, r := range v.all() {
		if r.Event == "peer" && r.Reason == "not reading" {
			waited++
		}
	}
	if waited > 0 {
		t.Errorf("%d who do not read were left before the good transfer ended", waited)
	}
}
