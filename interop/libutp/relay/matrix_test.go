//go:build linux

package relay

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/etorrent/etorrent/interop/libutp"
)

// A pairing is who dials whom.
type pairing struct {
	name           string
	dials, listens party
}

// group is every combination of some paths, sizes, directions and pairings.
type group struct {
	in         occasion
	paths      []path
	hosts      []netip.Addr
	sizes      []int64
	directions []direction
	pairings   []pairing
	pause      time.Duration
}

// occasion is when a group is run.
type occasion uint8

const (
	always  occasion = iota
	onAsked          // by ETORRENT_UTP
)

var (
	all      = []direction{there, back, echo}
	small    = []int64{0, 1, 1381, 1382, 1383, 1 << 16}
	some     = []int64{0, 1, 1383, 1 << 16}
	large    = []int64{16 << 20}
	middling = []int64{8 << 20}
	ipv4     = []netip.Addr{loopback4}
	ipv6     = []netip.Addr{loopback6}
	families = []netip.Addr{loopback4, loopback6}
)

// cells are those of some groups that are wanted: ETORRENT_UTP is all, or a regular
// expression of names; without it the groups that always run.
func cells(t *testing.T, groups ...group) (out []cell) {
	t.Helper()
	for _, g := range groups {
		for _, p := range g.paths {
			for _, host := range g.hosts {
				for _, size := range g.sizes {
					for _, d := range g.directions {
						for _, who := range g.pairings {
							c := cell{
								name: fmt.Sprintf("%s, %s, %d bytes %s, %s", who.name, p.name, size, d, family(host)),
								path: p, direction: d, size: size, host: host, dials: who.dials, listens: who.listens, pause: g.pause,
							}
							if g.pause > 0 {
								c.name += fmt.Sprintf(", a pause of %v", g.pause)
							}
							known := slices.ContainsFunc(out, func(o cell) bool { return o.name == c.name })
							if !known && (p.without == nil || !p.without(d, size)) && isWanted(g.in, c.name) {
								out = append(out, c)
							}
						}
					}
				}
			}
		}
	}
	return out
}

// isWanted says whether what has a name is run now, by ETORRENT_UTP.
func isWanted(in occasion, name string) bool {
	switch asked := os.Getenv("ETORRENT_UTP"); asked {
	case "":
		return in == always
	case "all":
		return true
	default:
		return regexp.MustCompile(asked).MatchString(name)
	}
}

func family(host netip.Addr) string {
	if host.Is4() {
		return "IPv4"
	}
	return "IPv6"
}

// each runs cells, some at once, of large ones fewer, and then has a test for each. Who
// begins them all at once has no time for each of them.
func each(t *testing.T, most, large int, cells []cell) {
	t.Helper()
	type result struct {
		met
		err error
	}
	places := make(chan struct{}, large)
	run := func(i int) (r result) {
		if cells[i].size > 1<<20 {
			places <- struct{}{}
			defer func() { <-places }()
		}
		r.met, r.err = cells[i].run(t.Context())
		return r
	}
	var order []int
	for i := range cells {
		order = append(order, i)
	}
	before := spentNow(t)
	results := atOnce(most, order, run)
	others := before.others(t)
	for i, c := range cells {
		t.Run(c.name, func(t *testing.T) {
			r := results[i]
			t.Logf("stream after %v, closed after %v; there %+v, back %+v", r.took.Round(time.Millisecond), r.closing, r.there, r.back)
			switch {
			case others > quietEnough && c.mayBeLate(r.err):
				t.Skipf("%v, but other programs had %.0f %% of the machine", r.err, 100*others)
			case r.err != nil:
				t.Error(r.err)
			}
		})
	}
}

// mayBeLate says whether an error is that an end was closed late, or that it sent its FIN
// again only when the other had left, after four seconds: a machine that has no time for one
// of them does that.
func (c cell) mayBeLate(err error) bool {
	reset := err != nil && c.path.closes == onceLost && strings.Contains(err.Error(), "UTP_ECONNRESET")
	return reset || errors.Is(err, errLate)
}

// withOurs are both roles of ours towards another.
func withOurs(name string, p party) []pairing {
	return []pairing{{"ours dials " + name, library{}, p}, {name + " dials ours", p, library{}}}
}

// TestOursAndOthersHaveTheSameStreamsOverSockets has what is not possible left out:
//
//   - libutp by itself dies where its SYN-ACK is lost, and where 1 % is corrupt it needs
//     minutes for what takes ours a second; with ours at one end both pass.
//   - Through a black hole only ours sends: libutp makes no packet smaller that it has sent.
//   - Of 25 s of nothing libutp dies when it sends: it gives up after 31 s, and what it sends
//     last before that after 15.
//   - Over a new port of a NAT no connection to libutp goes on, for which a port is part of
//     its name: see TestANewPortOfANATEndsAConnectionToLibutpAtOnceAndNoneToOurs.
//   - utp-native speaks IPv4 only.
func TestOursAndOthersHaveTheSameStreamsOverSockets(t *testing.T) {
	peer, program, asserts := theirs(t), ourProgram(t), foreign{[]string{libutp.Build(t, libutp.Asserts)}}
	both := withOurs("libutp", peer)
	programs := []pairing{
		{"utp cat dials libutp", program, peer}, {"libutp dials utp cat", peer, program}, {"utp cat dials utp cat", program, program},
	}
	native := withOurs("utp-native", node(t))
	asserting := append(withOurs("libutp with its asserts", asserts), pairing{"libutp dials libutp, both with their asserts", asserts, asserts})
	others := slices.Concat(native, programs)
	chances := []path{loss1, loss5, reordering, duplicates, corruption}
	holes, alike := []path{hole1280}, []path{clean}
	silent, black := silence("2 s of nothing", 300, 2*time.Second), silence("25 s of nothing", 300, 25*time.Second)
	each(t, 48, 4, cells(t,
		group{always, alike, ipv4, some, all, both, 0},
		group{always, alike, ipv6, []int64{1383, 1 << 16}, all, both, 0},
		group{always, alike, ipv4, middling, []direction{echo}, both, 0},
		group{always, alike, families, []int64{1 << 16}, []direction{echo}, asserting, 0},
		group{always, chances, ipv4, []int64{1 << 16}, all, both, 0},
		group{always, chances, ipv4, []int64{0}, []direction{echo}, both, 0},
		group{always, drops, ipv4, []int64{0, 1383}, []direction{echo}, both, 0},
		group{always, alike, ipv4, []int64{0, 1383, 1 << 16}, all, programs, 0},
		group{always, alike, ipv4, some, all, native, 0},
		group{always, []path{loss5, reordering}, ipv4, []int64{1 << 16}, []direction{echo}, others, 0},
		group{always, holes, ipv4, []int64{1 << 20}, []direction{there}, both[:1], 0},
		group{always, holes, ipv4, []int64{1 << 20}, []direction{back}, both[1:], 0},
		group{always, alike, ipv4, []int64{1 << 16}, []direction{there, echo}, both, 3 * time.Second},
		group{onAsked, []path{black}, families, large, []direction{there}, both[:1], 0},
		group{onAsked, []path{black}, families, large, []direction{back}, both[1:], 0},
		group{onAsked, alike, families, []int64{1 << 20}, all, both, 31 * time.Second},
		group{onAsked, alike, families, append(small, large...), all, both, 0},
		group{onAsked, alike, families, small, all, asserting, 0},
		group{onAsked, append(chances, drops...), families, small, all, both, 0},
		group{onAsked, []path{clean, loss1}, ipv4, append(small, large...), all, others, 0},
		group{onAsked, append(chances, drops...), ipv4, []int64{1, 1 << 16}, all, others, 0},
		group{onAsked, append(holes, silent), ipv4, large, []direction{there}, both[:1], 0},
		group{onAsked, append(holes, silent), ipv4, large, []direction{back}, both[1:], 0},
	))
}
