//go:build linux

package interop

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"testing"
)

const (
	// holders have everything, the honest ones fetch from them and from each other.
	holders    = 10
	honestOnes = 4
	// holderRate is what each holder gives in bytes a second, so that none of them
	// gives most of it.
	holderRate = 2 << 20
	// soon is how many pieces may come between the right copy of a piece that a liar
	// spoilt, which is the proof, and the ban. The machine's speed is in none of both.
	soon      = 48
	liarPiece = 128 << 10
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
	m := oneFile(24<<20).material(t, liarPiece, madeByUs)
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
	corrupt, banned, wasted := 0, 0, 0
	for k, g := range gets {
		w := mustBan(t, g, at[k].Port(), all)
		stopSeed(t, g)
		corrupt, banned, wasted = corrupt+w.corrupt, banned+w.banned, wasted+w.wasted
	}
	if banned == 0 {
		t.Errorf("nobody was banned by anybody: %s", liedTo(all))
	}
	t.Logf("%d honest ones met %d corrupt pieces of %d liars, %d before a ban, and banned %d times; %s", honestOnes, corrupt, liars, wasted, banned, liedTo(all))
}

// witness is what one fetcher saw of liars.
type witness struct {
	corrupt, banned int
	wasted          int // pieces that one liar alone made corrupt before it was banned
}

// mustBan fails unless a fetcher that has everything bans every liar that alone made a
// piece of it corrupt, and that soon after it had the piece, and bans nobody else. How
// many pieces a liar wastes before that is a matter of how much is on its way: that it is
// less than two for each honest one is shown in virtual time (sim,
// TestLiarsAreBannedAndNobodyElse).
func mustBan(t *testing.T, g *child, port uint16, liars []*patched) witness {
	t.Helper()
	var w witness
	honest := map[string]bool{}
	for _, p := range liars {
		if len(p.spoilt(g, port, liars)) > 0 {
			g.await(t, "that a liar is banned: "+p.at.String(), func(r *report) bool { return r.bans(p) })
		}
	}
	for _, r := range g.all() {
		switch {
		case r.Event == "peer" && r.State == "banned":
			honest[r.Address] = true
			w.banned++
		case r.Event == "piece" && r.State == "corrupt":
			w.corrupt++
		}
	}
	for _, p := range liars {
		delete(honest, p.at.String())
		wasted, late := p.beforeBan(g, p.spoilt(g, port, liars))
		if w.wasted += wasted; late > soon {
			t.Errorf("%v was banned when %d pieces had come after the right copy of one that it spoilt", p.at, late)
		}
	}
	for addr := range honest {
		t.Errorf("%s is banned and lied to nobody", addr)
	}
	return w
}

func (r *report) bans(p *patched) bool {
	return r.Event == "peer" && r.State == "banned" && r.Address == p.at.String()
}

// spoilt are the pieces of a fetcher that were corrupt by this liar's doing and no
// other's.
func (p *patched) spoilt(g *child, port uint16, all []*patched) map[int]bool {
	out := map[int]bool{}
	for _, r := range g.all() {
		if r.Event != "piece" || r.State != "corrupt" {
			continue
		}
		by := 0
		for _, other := range all {
			by += min(1, other.sentWrong(port, uint32(r.Index)))
		}
		if by == 1 && p.sentWrong(port, uint32(r.Index)) > 0 {
			out[r.Index] = true
		}
	}
	return out
}

// beforeBan is how many of the pieces that a liar spoilt were corrupt before its ban, and
// how many pieces had come then since the first of them was right.
func (p *patched) beforeBan(g *child, spoilt map[int]bool) (wasted, late int) {
	corrupt := map[int]bool{}
	for _, r := range g.all() {
		switch {
		case r.bans(p):
			return wasted, late
		case r.Event == "piece" && r.State == "corrupt" && spoilt[r.Index]:
			corrupt[r.Index] = true
			wasted++
		case r.Event == "piece" && r.State == "verified" && (late > 0 || corrupt[r.Index]):
			late++
		}
	}
	return wasted, late
}

// liedTo says how many blocks liars sent, and how many of them wrong.
func liedTo(all []*patched) string {
	var b strings.Builder
	for _, p := range all {
		fmt.Fprintf(&b, "%v sent %v blocks by port, %d of them wrong; ", p.at, p.blocks(), p.lies())
	}
	return strings.TrimSuffix(b.String(), "; ")
}
