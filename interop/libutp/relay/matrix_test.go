//go:build linux

package relay

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"regexp"
	"slices"
	"sync"
	"testing"
	"time"
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
	large    = []int64{16 << 20}
	ipv4     = []netip.Addr{loopback4}
	ipv6     = []netip.Addr{loopback6}
	families = []netip.Addr{loopback4, loopback6}
)

// cells are those of some groups that are wanted: ETORRENT_UTP is all, or a regular
// expression of names; without it the groups that always run.
func cells(t *testing.T, groups ...group) (out []cell) {
	t.Helper()
	asked := os.Getenv("ETORRENT_UTP")
	names := regexp.MustCompile("")
	if asked != "all" {
		names = regexp.MustCompile(asked)
	}
	for _, g := range groups {
		if g.in == onAsked && asked == "" {
			continue
		}
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
								c.name += fmt.Sprintf(", ours silent for %v", g.pause)
							}
							known := slices.Contains(p.without, d) || slices.ContainsFunc(out, func(o cell) bool { return o.name == c.name })
							if !known && names.MatchString(c.name) {
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

func family(host netip.Addr) string {
	if host.Is4() {
		return "IPv4"
	}
	return "IPv6"
}

// each runs cells, some at once, and then has a test for each.
func each(t *testing.T, atOnce int, cells []cell) {
	t.Helper()
	type result struct {
		met
		err error
	}
	results := make([]result, len(cells))
	var running sync.WaitGroup
	places := make(chan struct{}, atOnce)
	for i, c := range cells {
		places <- struct{}{}
		running.Go(func() {
			defer func() { <-places }()
			results[i].met, results[i].err = c.run(t.Context())
		})
	}
	running.Wait()
	for i, c := range cells {
		t.Run(c.name, func(t *testing.T) {
			r := results[i]
			t.Logf("stream after %v, closed after %v; there %+v, back %+v", r.took.Round(time.Millisecond), r.whole.Round(time.Millisecond), r.there, r.back)
			if r.err != nil {
				t.Error(r.err)
			}
		})
	}
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
//   - Over a new port of a NAT no connection of uTP goes on, since a port is part of its
//     name: see TestANewPortOfANATEndsAConnectionAtOnce.
//   - utp-native speaks IPv4 only.
func TestOursAndOthersHaveTheSameStreamsOverSockets(t *testing.T) {
	peer, program := theirs(t), ourProgram(t)
	both := withOurs("libutp", peer)
	programs := []pairing{
		{"utp cat dials libutp", program, peer}, {"libutp dials utp cat", peer, program}, {"utp cat dials utp cat", program, program},
	}
	native := withOurs("utp-native", node(t))
	chances := []path{loss1, loss5, reordering, duplicates, corruption}
	holes := []path{hole1280}
	silent := silence("2 s of nothing", 300, 2*time.Second)
	each(t, 32, cells(t,
		group{always, []path{clean}, ipv4, small, all, both, 0},
		group{always, []path{clean}, ipv6, []int64{1383, 1 << 16}, all, both, 0},
		group{always, chances, ipv4, []int64{1 << 16}, all, both, 0},
		group{always, drops, ipv4, []int64{1383}, []direction{echo}, both, 0},
		group{always, []path{clean}, ipv4, []int64{0, 1383, 1 << 16}, all, programs, 0},
		group{always, []path{clean}, ipv4, []int64{0, 1, 1383, 1 << 16}, all, native, 0},
		group{always, holes, ipv4, []int64{1 << 20}, []direction{there}, both[:1], 0},
		group{always, holes, ipv4, []int64{1 << 20}, []direction{back}, both[1:], 0},
		group{always, []path{clean}, ipv4, []int64{1 << 16}, []direction{there, echo}, both[:1], 3 * time.Second},
		group{onAsked, []path{clean}, ipv6, append(small, large...), all, both, 0},
		group{onAsked, append(chances, drops...), families, small[2:], all, both, 0},
		group{onAsked, []path{clean, loss1}, ipv4, append(small, large...), all, native, 0},
		group{onAsked, []path{clean, loss1}, ipv4, append(small, large...), all, programs, 0},
		group{onAsked, append(holes, silent), ipv4, large, []direction{there}, both[:1], 0},
		group{onAsked, append(holes, silent), ipv4, large, []direction{back}, both[1:], 0},
		group{onAsked, []path{clean}, families, []int64{1 << 20}, []direction{there, echo}, both[:1], 31 * time.Second},
		group{onAsked, []path{clean}, families, []int64{1 << 20}, []direction{back}, both[1:], 31 * time.Second},
	))
}

// least is the part of libutp's goodput that ours is to have.
const least = 0.9

// TestOursIsAsFastAsLibutpOverSockets compares how long a stream takes with how long it
// takes two libutps. At a rate that is a figure of the path. Where there is none it is one
// of the machine, so three pairs are measured in turn if the first says no, and the
// medians count.
func TestOursIsAsFastAsLibutpOverSockets(t *testing.T) {
	peer := theirs(t)
	both := withOurs("libutp", peer)
	chances, hard := []path{loss1, reordering, duplicates}, []path{loss5, corruption}
	compare(t, 6, cells(t, group{always, []path{narrow}, ipv4, large, []direction{there, back}, both, 0}))
	compare(t, 3, cells(t, group{onAsked, []path{narrow}, ipv4, large, []direction{echo}, both, 0}))
	compare(t, 3, cells(t,
		group{onAsked, append([]path{clean}, chances...), ipv4, large, []direction{there, back}, both, 0},
		// Where libutp sends it needs minutes.
		group{onAsked, hard, ipv4, large, []direction{there}, both[:1], 0},
		group{onAsked, hard, ipv4, large, []direction{back}, both[1:], 0},
	))
}

// compare runs cells, some at once, each beside the same one between two libutps.
func compare(t *testing.T, atOnce int, cells []cell) {
	t.Helper()
	peer := theirs(t)
	faults, places := make([]error, len(cells)), make(chan struct{}, atOnce)
	figures := make([][2][]time.Duration, len(cells)) // of ours, of libutp
	var running sync.WaitGroup
	for i, c := range cells {
		places <- struct{}{}
		running.Go(func() {
			defer func() { <-places }()
			for range 3 {
				alone := c
				alone.dials, alone.listens = peer, peer
				m, err := c.run(t.Context())
				if err != nil {
					faults[i] = err
					return
				}
				f := &figures[i]
				f[0] = append(f[0], m.took)
				ctx, cancel := context.WithTimeout(t.Context(), 3*m.took+5*time.Second)
				b, errOfLibutp := alone.run(ctx)
				cancel()
				if errOfLibutp != nil {
					return // ours passes where libutp by itself does not, or not in several times as long
				}
				f[1] = append(f[1], b.took)
				if isFast(f) {
					return
				}
			}
			faults[i] = fmt.Errorf("%v, between two libutps %v", figures[i][0], figures[i][1])
		})
	}
	running.Wait()
	for i, c := range cells {
		t.Run(c.name, func(t *testing.T) {
			t.Logf("%v, between two libutps %v", figures[i][0], figures[i][1])
			if faults[i] != nil {
				t.Error(faults[i])
			}
		})
	}
}

// isFast compares the medians of the times of ours and libutp.
func isFast(f *[2][]time.Duration) bool {
	ours, theirs := slices.Sorted(slices.Values(f[0])), slices.Sorted(slices.Values(f[1]))
	return least*float64(ours[len(ours)/2]) <= float64(theirs[len(theirs)/2])
}

// A NAT that gives a client another port in the midst ends the connection: the other side
// knows nobody there and answers by a Reset, which the client believes. Nobody waits for a
// timeout, and the next connection over the same NAT is as any.
func TestANewPortOfANATEndsAConnectionAtOnce(t *testing.T) {
	t.Parallel()
	peer := theirs(t)
	for _, who := range withOurs("libutp", peer) {
		t.Run(who.name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			at, ends, err := who.listens.listen(ctx, loopback4, job{want: untilEnd})
			if err != nil {
				t.Fatal(err)
			}
			heard := make(chan outcome, 1)
			go func() { heard <- ends() }()
			relay, err := StartRelay(RelayConfig{To: at, RebindAfter: 500})
			if err != nil {
				t.Fatal(err)
			}
			defer relay.Close()
			dialled, err := who.dials.dial(ctx, relay.At(), job{send: 16 << 20})
			if err != nil {
				t.Fatal(err)
			}
			if o := dialled(); ctx.Err() != nil || !regexp.MustCompile("UTP_ECONNRESET|reset|aborted").MatchString(o.fault) {
				t.Errorf("who dials is told %q", o.fault)
			}
			cancel()
			t.Logf("who listens was told %q", (<-heard).fault)
		})
	}
}
