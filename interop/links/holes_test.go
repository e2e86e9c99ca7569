//go:build linux

package links

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/testnet"
	"github.com/etorrent/etorrent/internal/vocab/utpwire"
	"github.com/etorrent/etorrent/interop/libutp"
)

const (
	// streamBytes is what an end sends: enough for a search for the size of packets.
	streamBytes = 4 << 20
	// holeDelay is how long a packet takes from host to host.
	holeDelay = 10 * time.Millisecond
	// holePatience is how long a connection may take until both ends are closed, on a
	// machine that is busy.
	holePatience = 90 * time.Second
	// near is how far below what passes a search may end.
	near = 16
)

// hole is a way between two hosts that takes no large packet.
type hole struct {
	name string
	fits int // bytes of UDP payload that pass
	lay  func(t *testing.T, a, b *testnet.Host) (second netip.Addr, judge func() error)
	// libutp says whether streams of libutp's pass.
	libutp passage
}

// passage says what passes.
type passage uint8

const (
	// inPieces is where libutp's own system cuts its packets, or they are small enough.
	inPieces passage = iota
	// lostForEver is where they are not, since it makes no packet smaller that it has sent,
	// and its system sets DF.
	lostForEver
)

// byRouter is a route whose router takes no larger packet of IPv4.
func byRouter(bytes int, m testnet.Manners) hole {
	name := [...]string{testnet.Tells: "tells", testnet.KeepsSilent: "keeps silent"}[m]
	return hole{
		name: fmt.Sprintf("a router takes %d bytes, cuts what may be cut, and %s", bytes, name), fits: bytes - utpwire.HeadersOfIPv4,
		libutp: [...]passage{testnet.Tells: inPieces, testnet.KeepsSilent: lostForEver}[m],
		lay: func(t *testing.T, a, b *testnet.Host) (netip.Addr, func() error) {
			route, err := testnet.NewRoute(a, b, 1)
			if err != nil {
				missing(t, err)
			}
			endWithTest(t, route)
			way := testnet.Path{Delay: holeDelay}
			route.Line.SetPath(way, way)
			if err := route.SetMTU(bytes, m); err != nil {
				t.Fatal(err)
			}
			_, second := route.Addrs()
			return second, func() error {
				o, err := route.Oversize()
				if err == nil && o.Refused == 0 {
					err = errors.New("the router refused nothing")
				}
				return err
			}
		},
	}
}

// onLine is a line that loses whatever is larger, as networks do that take no fragments,
// and those of IPv6 that do not tell.
func onLine(family string, bytes, headers int, libutp passage, addrs func(*testnet.Line) (first, second netip.Addr)) hole {
	return hole{
		name: fmt.Sprintf("a line of %s loses what has more than %d bytes", family, bytes), fits: bytes - headers, libutp: libutp,
		lay: func(t *testing.T, a, b *testnet.Host) (netip.Addr, func() error) {
			line, err := testnet.NewLine(a, b, 1)
			if err != nil {
				missing(t, err)
			}
			endWithTest(t, line)
			way := testnet.Path{Delay: holeDelay, Largest: bytes}
			line.SetPath(way, way)
			_, second := addrs(line)
			return second, func() error {
				if there, back := line.Counts(); there.Lost == 0 || back.Lost == 0 {
					return fmt.Errorf("the line lost nothing: %+v, %+v", there, back)
				}
				return nil
			}
		},
	}
}

func holes() []hole {
	return []hole{
		byRouter(1280, testnet.KeepsSilent), byRouter(1280, testnet.Tells),
		byRouter(576, testnet.KeepsSilent), byRouter(576, testnet.Tells),
		onLine("IPv4", 1280, utpwire.HeadersOfIPv4, lostForEver, (*testnet.Line).Addrs),
		onLine("IPv6", 1280, utpwire.HeadersOfIPv6, inPieces, (*testnet.Line).Addrs6),
	}
}

// crossing is a connection over a hole.
type crossing struct {
	dials, listens party
	direction
	outcome [2]outcome // of who dials, and of who listens
	took    time.Duration
}

// direction says where a stream goes.
type direction uint8

const (
	there direction = iota // from who dials
	back
	both
)

func (d direction) String() string { return [...]string{"there", "back", "both ways"}[d] }

// jobs are what both ends do. Who dials writes first.
func (d direction) jobs() (dials, listens job) {
	switch d {
	case there:
		return job{streamBytes, 0}, job{0, streamBytes}
	case back:
		return job{1, streamBytes}, job{streamBytes, 1}
	case both:
	}
	return job{streamBytes, streamBytes}, job{streamBytes, streamBytes}
}

func (c *crossing) String() string {
	return fmt.Sprintf("%v dials %v, %v", c.dials, c.listens, c.direction)
}

// crossings are all connections that a hole lets through.
func (h hole) crossings(a, b *testnet.Host, program string) []*crossing {
	one, other := library{a}, library{b}
	out := []*crossing{
		{dials: one, listens: other, direction: there}, {dials: one, listens: other, direction: back}, {dials: one, listens: other, direction: both},
		{dials: one, listens: theirs{b, program}, direction: there}, {dials: theirs{a, program}, listens: other, direction: back},
	}
	if h.libutp == inPieces {
		out = append(out, &crossing{dials: one, listens: theirs{b, program}, direction: both}, &crossing{dials: theirs{a, program}, listens: other, direction: both})
	}
	return out
}

// run has both ends do their jobs.
func (c *crossing) run(ctx context.Context, second netip.Addr) {
	ctx, cancel := context.WithTimeout(ctx, holePatience)
	defer cancel()
	begun := time.Now()
	dials, listens := c.jobs()
	at, end, err := c.listens.listen(ctx, netip.AddrPortFrom(second, 0), listens)
	if err != nil {
		c.outcome[1].fault = err.Error()
		return
	}
	var running sync.WaitGroup
	running.Go(func() { c.outcome[1] = end() })
	c.outcome[0] = c.dials.dial(ctx, at, dials)
	running.Wait()
	c.took = time.Since(begun)
}

// judge fails the test where a stream did not come, an end was not closed in order, or
// packets of ours that sent are not as large as passes.
func (c *crossing) judge(t *testing.T, fits int) {
	t.Logf("%v; packets of ours in the end: %d, %d", c.took.Round(time.Millisecond), c.outcome[0].packet, c.outcome[1].packet)
	dials, listens := c.jobs()
	for i, j := range []job{dials, listens} {
		o, who := c.outcome[i], [...]string{"who dials", "who listens"}[i]
		if o.fault != "" || o.received != j.want || o.sum != patternSum(j.want) {
			t.Errorf("%s: %d bytes, want %d: %s", who, o.received, j.want, o.fault)
		}
		if o.packet > 0 && j.send == streamBytes && (o.packet > fits || o.packet < fits-near) {
			t.Errorf("%s: packets have %d bytes in the end, where %d pass", who, o.packet, fits)
		}
	}
}

// A path that loses what is large without a word is found out, and so is one that tells:
// nobody reads what it tells but the system of libutp's, which cuts its packets then.
func TestStreamsPassWhereLargePacketsAreLostToldOrNot(t *testing.T) {
	a, b, program := newHost(t), newHost(t), libutp.Build(t, libutp.Robust)
	crossings, judges := map[string][]*crossing{}, map[string]func() error{}
	var running sync.WaitGroup
	for _, h := range holes() {
		second, judge := h.lay(t, a, b)
		crossings[h.name], judges[h.name] = h.crossings(a, b, program), judge
		for _, c := range crossings[h.name] {
			running.Go(func() { c.run(t.Context(), second) })
		}
	}
	running.Wait()
	for _, h := range holes() {
		t.Run(h.name, func(t *testing.T) {
			for _, c := range crossings[h.name] {
				t.Run(c.String(), func(t *testing.T) { c.judge(t, h.fits) })
			}
			if err := judges[h.name](); err != nil {
				t.Error(err)
			}
		})
	}
}
