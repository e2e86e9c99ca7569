//go:build linux

package libutp

import (
	"math"
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/utpsim"
	"github.com/etorrent/etorrent/internal/utpsim/ours"
	"github.com/etorrent/etorrent/internal/vocab/serial"
	"github.com/etorrent/etorrent/internal/vocab/utpwire"
)

// A greet is how two ends come together, and leave: both send a stream and end it.
type greet struct {
	bench
	bytes   int
	numbers ours.Numbers
	first   [2]serial.Number
	clocks  [2]utpsim.Clock
	lose    [2]func() func(time.Duration, int, []byte) utpsim.Fate // of what each sends
	hold    [2]func() func(int, []byte) time.Duration
}

// greeted is what came of it.
type greeted struct {
	connects time.Duration // until the one who was asked had the first byte
	whole    bool
}

// mostGreet is for how long a greet goes on.
const mostGreet = 90 * time.Second

// party is an end of a greet.
type party struct {
	end  utpsim.Endpoint
	got  func() int64
	well func() error
}

func (g *greet) party(t *testing.T, p pair, run uint64, side utpsim.Side, start time.Duration) party {
	t.Helper()
	clock, seed := g.clocks[side], 64*run+uint64(side)
	if p == libutpToLibutp || p == oursToLibutp && side == utpsim.Right {
		acts := []Act{{start, Write, uint32(g.bytes)}, {start, Shutdown, 0}}
		if side == utpsim.Left {
			acts = append([]Act{{start, Connect, 0}}, acts...)
		}
		peer := New(t, Options{Seed: seed}, clock, acts...)
		return party{peer, func() int64 { return peer.Got }, peer.Err}
	}
	plan := ours.Plan{From: clock.At(start), Bytes: g.bytes, Leave: ours.Finishes, Seed: seed, Numbers: g.numbers, First: g.first[side]}
	if side == utpsim.Left {
		plan.Role = ours.Asks
	}
	e := ours.New(plan)
	return party{utpsim.Step(e, clock), func() int64 { return e.Got }, func() error { return e.Wrong }}
}

// run has two ends of a pair come together. The same run number is the same to the byte.
func (g *greet) run(t *testing.T, p pair, run uint64) greeted {
	t.Helper()
	start := startOf(run)
	left, right := g.party(t, p, run, utpsim.Left, start), g.party(t, p, run, utpsim.Right, start)
	out := greeted{connects: utpsim.Forever}
	w := g.world(t, run, func(links *[2]utpsim.Link) {
		for i := range links {
			if g.lose[i] != nil {
				links[i].Judge = g.lose[i]()
			}
			if g.hold[i] != nil {
				links[i].Hold = g.hold[i]()
			}
		}
	}, utpsim.Flow{Left: left.end, Right: right.end})
	for at := start; at < start+mostGreet && !out.whole; at += 10 * ms {
		runTo(t, w, at)
		if right.got() > 0 {
			out.connects = min(out.connects, at-start)
		}
		out.whole = left.got() >= int64(g.bytes) && right.got() >= int64(g.bytes)
	}
	runTo(t, w, w.Now()+10*time.Second)
	for _, p := range []party{left, right} {
		out.whole = out.whole && p.got() == int64(g.bytes) && p.well() == nil
		mustBeWell(t, p.end)
	}
	return out
}

// tell is a greet as a tale.
func (g greet) tell(t *testing.T, r *row, p pair, run uint64) map[string]float64 {
	t.Helper()
	g.bench = r.bench
	out := g.run(t, p, run)
	connects := out.connects.Seconds()
	if out.connects == utpsim.Forever {
		connects = math.Inf(1)
	}
	return map[string]float64{"connects": connects, "whole": percent(out.whole)}
}

func percent(is bool) float64 {
	if is {
		return 100
	}
	return 0
}

// holdFirst has the first packet of a kind be late.
func holdFirst(kind utpwire.Kind, late time.Duration) func() func(int, []byte) time.Duration {
	return func() func(int, []byte) time.Duration {
		left := 1
		return func(_ int, datagram []byte) time.Duration {
			if utpwire.Kind(datagram[0]>>4) != kind || left == 0 {
				return 0
			}
			left--
			return late
		}
	}
}

// holdData has all packets of data be late but the first ones, which no Fin is.
func holdData(after int, late time.Duration) func() func(int, []byte) time.Duration {
	return func() func(int, []byte) time.Duration {
		seen := 0
		return func(_ int, datagram []byte) time.Duration {
			if utpwire.Kind(datagram[0]>>4) != utpwire.Data {
				return 0
			}
			if seen++; seen <= after {
				return 0
			}
			return late
		}
	}
}

func tales() []row {
	type judges = [2]func() func(time.Duration, int, []byte) utpsim.Fate
	type holds = [2]func() func(int, []byte) time.Duration
	var rows []row
	for _, c := range []struct {
		name  string
		greet greet
	}{
		{"the SYN lost", greet{lose: judges{first(utpwire.Syn, 1), nil}}},
		{"the SYN-ACK lost", greet{lose: judges{nil, first(utpwire.State, 1)}}},
		{"data before the first SYN-ACK", greet{hold: holds{nil, holdFirst(utpwire.State, 1300*ms)}}},
		{"the FINs before data", greet{hold: holds{holdData(50, 80*ms), holdData(50, 80*ms)}}},
	} {
		c.greet.bytes = 100_000
		rows = append(rows, row{
			name: c.name, bench: ordinaryBench, tale: c.greet.tell, pairs: three,
			cells: []cell{{"seconds to the first byte", ofTale("connects"), atMost, 1.5, 0}, {"whole streams %", ofTale("whole"), atLeast, 100, 0}},
		})
	}
	return append(rows, row{
		name: "seq, ack, ts, tsdiff wrap", bench: ordinaryBench, tale: wraps,
		cells: []cell{{"whole streams %", ofTale("whole"), atLeast, 100, 0}},
	})
}

// wraps has each of the numbers come round at each of the first packets, or when each of
// them is under way.
func wraps(t *testing.T, r *row, p pair, run uint64) map[string]float64 {
	t.Helper()
	const packets = 40
	round := time.Duration(1<<32) * time.Microsecond
	all, whole := 0, 0
	try := func(g greet) {
		g.bench, g.numbers, g.bytes = r.bench, ours.Given, 40_000
		g.loss = 0.02
		all++
		if g.run(t, p, run).whole {
			whole++
		}
	}
	for n := range packets {
		number := -serial.Number(n)
		late := startOf(run) + time.Duration(n)*3*ms
		try(greet{first: [2]serial.Number{number, 1000}})
		try(greet{first: [2]serial.Number{1000, number}})
		try(greet{first: [2]serial.Number{number, number}})
		try(greet{clocks: [2]utpsim.Clock{{Offset: round - time.Second - late}, {}}})
		try(greet{clocks: [2]utpsim.Clock{{}, {Offset: round - time.Second - late}}})
		try(greet{clocks: [2]utpsim.Clock{{}, {Offset: round - time.Duration(n)*3*ms, Drift: 200}}})
		try(greet{clocks: [2]utpsim.Clock{{}, {Offset: round/2 - time.Duration(n)*3*ms, Drift: -200}}})
	}
	return map[string]float64{"whole": 100 * float64(whole) / float64(all)}
}
