//go:build linux

package interop

import (
	"net/netip"
	"strconv"
	"testing"
)

const (
	// holders have everything, the honest ones fetch from them and from each other.
	holders    = 10
	honestOnes = 4
	// holderRate is what each holder gives in bytes a second, so that none of them
	// gives most of it.
	holderRate = 3 << 20
)

func TestOneLiarAmongTenHoldersIsBanned(t *testing.T) {
	t.Parallel()
	fetchAmongLiars(t, 1)
}

func TestFourLiarsAmongTenHoldersAreBanned(t *testing.T) {
	t.Parallel()
	fetchAmongLiars(t, 4)
}

// fetchAmongLiars runs a swarm of ten holders, some of which are patched to spoil a
// block in a hundred, and of fetchers that know all of them and each other.
func fetchAmongLiars(t *testing.T, liars int) {
	t.Helper()
	m := oneFile(48<<20).material(t, 256<<10, madeByUs)
	meta := parse(t, m.torrent)
	rnd := random(t)
	var known []netip.AddrPort
	for range holders - liars {
		s := seedAt(t, m, netip.AddrPortFrom(address(), 0), "--up", strconv.Itoa(holderRate))
		known = append(known, listens(t, s))
	}
	var all []*patched
	for range liars {
		p := patchedSeed(t, meta, m.parent, holderRate, rnd)
		all, known = append(all, p), append(known, p.at)
	}
	var at []netip.AddrPort
	for k := range honestOnes {
		at = append(at, netip.AddrPortFrom(address(), uint16(7000+k)))
	}
	var gets []*child
	var to []string
	for k := range at {
		dir := folder(t, "copy")
		args := []string{"get", m.torrent, "--dir", dir, "--state", folder(t, "state"), "--listen", at[k].String(), "--no-trackers", "--events", "--seed"}
		for _, p := range append(append([]netip.AddrPort{}, known...), at[:k]...) {
			args = append(args, "--peer", p.String())
		}
		gets, to = append(gets, etorrent(t, "get", args...)), append(to, dir)
	}
	for k, g := range gets {
		complete(t, g)
		mustBeEqual(t, m.parent, to[k])
	}
	corrupt, banned, wasted := 0, 0, map[*patched]int{}
	for k, g := range gets {
		stopSeed(t, g)
		c, b := mustBanOnly(t, g, at[k].Port(), all, wasted)
		corrupt, banned = corrupt+c, banned+b
	}
	for _, p := range all {
		if wasted[p] >= 2*honestOnes {
			t.Errorf("%v made %d pieces of %d fetchers corrupt, two for each, before they banned it", p.at, wasted[p], honestOnes)
		}
		if p.lies() == 0 || banned == 0 {
			t.Errorf("%v never lied, or nobody was banned: it sent %v blocks", p.at, p.sent)
		}
	}
	t.Logf("%d honest ones met %d corrupt pieces of %d liars, and banned %d times", honestOnes, corrupt, liars, banned)
}

// A liar has to be banned before it wasted two pieces for each honest peer, taken
// together. Of one fetcher it may waste more: pieces that it shared with others may
// be in flight together, and none is judged yet. mostOfOne is a margin above what
// was seen, three, and no limit that the engine keeps; what goes beyond two is told.
const mostOfOne = 4

// mustBanOnly fails unless every liar whose wrong blocks made a piece of this
// fetcher corrupt was banned by it, before it did that to more than mostOfOne, and
// nobody else was. It adds to what each wasted, and
// returns how many pieces were corrupt, and how many liars were banned.
func mustBanOnly(t *testing.T, g *child, port uint16, liars []*patched, total map[*patched]int) (int, int) {
	t.Helper()
	banned := map[string]int{} // how many pieces were corrupt before, of all
	var corrupt []uint32
	for _, r := range g.all() {
		switch {
		case r.Event == "peer" && r.State == "banned":
			banned[r.Address] = len(corrupt)
		case r.Event == "piece" && r.State == "corrupt":
			corrupt = append(corrupt, uint32(r.Index))
		}
	}
	n := len(banned)
	for _, p := range liars {
		before, was := banned[p.at.String()]
		if !was {
			before = len(corrupt)
		}
		wasted := p.wasted(port, corrupt[:before], liars)
		total[p] += wasted
		if wasted > 2 {
			t.Logf("%v made %d pieces of one fetcher corrupt", p.at, wasted)
		}
		if wasted > mostOfOne || wasted > 0 && !was {
			t.Errorf("%v made %d pieces corrupt before it was banned (banned: %t)", p.at, wasted, was)
		}
		delete(banned, p.at.String())
	}
	for addr := range banned {
		t.Errorf("%s is banned and lied to nobody", addr)
	}
	return len(corrupt), n
}

// wasted is how many corrupt pieces of a fetcher are this liar's doing and no
// other's.
func (p *patched) wasted(port uint16, corrupt []uint32, all []*patched) int {
	n := 0
	for _, i := range corrupt {
		by := 0
		for _, other := range all {
			by += min(1, other.sentWrong(port, i))
		}
		if by == 1 && p.sentWrong(port, i) > 0 {
			n++
		}
	}
	return n
}
