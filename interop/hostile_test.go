//go:build linux

package interop

import (
	"net/netip"
	"testing"
"time"

	"github.com/etorrent/etorrent/metainfo"
)

// slowly keeps the good transfer from ending before the attacks do.
const slowly = 64 << 10

// victim is an etorrent that trades with a good libtorrent while it is
// attacked.
type victim struct {
	*child
	meta      *metainfo.Torrent
	at        netip.AddrPort
	attackers map[string]bool // their addresses
}

func newVictim(t *testing.T, c *child, m material) *victim {
	t.Helper()
	return &victim{child: c, meta: parse(t, m.torrent), at: listens(t, c), attackers: map[string]bool{}}
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
	v := newVictim(t, s, m)
	to := folder(t, "copy")
	l := runLibtorrent(t, m.torrent, to, roleAny)
	l.limit(t, unchanged, slowly)
	l.connect(t, v.at)
	l.await(t, "that data comes", func(r *report) bool { return r.Downloaded > 0 })

	v.survives(t)

	v.keptItsGoodPeer(t)
	l.limit(t, unchanged, 0)
	l.awaitDone(t)
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
	v := newVictim(t, g, m)
	g.await(t, "that the good peer joined", func(r *report) bool { return r.Event == "peer" && r.State == "joined" })

	v.survives(t)

	v.keptItsGoodPeer(t)
	l.limit(t, 0, unchanged)
	g.mustExit(t, 0)
	l.mustBeContent(t)
	mustBeEqual(t, m.parent, to)
}

// survives attacks in every way. What takes the victim time runs beside.
func (v *victim) survives(t *testing.T) {
	t.Helper()
	defer watchMemory(t, v.child)()
	var late []*attacker
	for _, s := range slow {
		late = append(late, v.estrange(t, s))
	}
	t0:=time.Now()
	v.meetTheGreedy(t)
	t.Log("X greedy",time.Since(t0))
	for _, s := range strangers {
		if n := v.estrange(t, s).mustBeClosed(t); n > 0 {
			t.Errorf("%s: %d bytes were answered", s.name, n)
		}
	}
	for _, o := range offences {
		v.offend(t, o)
	}
	for _, o := range floods {
		v.offend(t, o)
	}
	t.Log("X offences",time.Since(t0))
	for _, a := range late {
		a.mustBeClosed(t)
	}
	t.Log("X late",time.Since(t0))
	v.meetACrowd(t)
	t.Log("X crowd",time.Since(t0))
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
	a.mustBeClosed(t)
	a.mustBeNamed(t, v.child, o)
	t.Log("X", o.name, time.Now().Format("05.000"))
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
		a.mustBeClosed(t)
	}
	v.attack(t).join(t, v.meta)
}

// keptItsGoodPeer fails the test if one left that is no attacker, or if the
// program complains.
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
