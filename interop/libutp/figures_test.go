//go:build linux

package libutp

import (
	"fmt"
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/utpsim"
	"github.com/etorrent/etorrent/internal/vocab/mono"
)

// A bench is a bottleneck with flows of libutp's on it, all from left to right.
type bench struct {
	rate  int64 // bits a second, both ways
	rtt   time.Duration
	queue time.Duration
	loss  float64 // both ways
	watch func(utpsim.Event)
}

const megabit = 1_000_000

// overhead is what is below UDP's payload: IPv4.
const overhead = 28

// flow is one of libutp's, which begins to send all it can at a time.
func flow(t *testing.T, seed uint64, from time.Duration) utpsim.Flow {
	t.Helper()
	return utpsim.Flow{
		Left:  New(t, Options{Seed: 2 * seed}, utpsim.Clock{}, Act{from, Connect, 0}, Act{from, Write, 1<<32 - 1}),
		Right: New(t, Options{Seed: 2*seed + 1}, utpsim.Clock{Offset: time.Hour}),
	}
}

func reno() utpsim.Flow {
	var c utpsim.Clock
	return utpsim.Flow{
		Left:  utpsim.Step(utpsim.NewTCPSender(utpsim.NewReno(), c.At(0), mono.Never), c),
		Right: utpsim.Step(utpsim.NewTCPReceiver(), c),
	}
}

// run takes the flows to a time, and returns what happened after the first part.
func (b bench) run(t *testing.T, seed uint64, from, until time.Duration, flows ...utpsim.Flow) *utpsim.Stats {
	t.Helper()
	link := utpsim.Link{Rate: b.rate, Delay: b.rtt / 2, Queue: int(b.rate / 8 * int64(b.queue) / int64(time.Second)), Loss: b.loss}
	w, err := utpsim.New(utpsim.Config{Seed: seed, Forward: link, Reverse: link, Flows: flows, Overhead: overhead, Watch: b.watch})
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range []time.Duration{from, until} {
		if at == until {
			w.TakeStats()
		}
		if err := w.Run(at); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range flows {
		for _, e := range []utpsim.Endpoint{f.Left, f.Right} {
			if p, is := e.(*Peer); is && (p.Err() != nil || p.Happened(Differs) != utpsim.Forever) {
				t.Fatalf("a peer ended by %v, and tells %v", p.Err(), p.Story)
			}
		}
	}
	return w.TakeStats()
}

// near fails the test unless a figure is within a part of what it should be.
func near(t *testing.T, what string, got, want, part float64) {
	t.Helper()
	t.Logf("%s: %.4f, where %.4f was measured before", what, got, want)
	if got < want*(1-part) || got > want*(1+part) {
		t.Errorf("%s is %.4f, not within %.0f %% of %.4f", what, got, 100*part, want)
	}
}

// What libutp makes of a link of 20 Mbit/s with a queue of 250 ms, from the 20th to the
// 120th second. The figures are those of another simulator around the same libutp,
// of one seed; where there are losses, seeds differ by a fifth.
func TestLibutpsShareOfALink(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		rtt  time.Duration
		loss float64
		want float64
		part float64
	}{
		{10 * time.Millisecond, 0, 0.966, 0.005},
		{10 * time.Millisecond, 0.001, 0.940, 0.05},
		{10 * time.Millisecond, 0.01, 0.822, 0.25},
		{100 * time.Millisecond, 0, 0.966, 0.005},
		{100 * time.Millisecond, 0.001, 0.324, 0.25},
		{100 * time.Millisecond, 0.01, 0.114, 0.25},
		{300 * time.Millisecond, 0, 0.758, 0.01},
		{300 * time.Millisecond, 0.001, 0.125, 0.25},
		{300 * time.Millisecond, 0.01, 0.037, 0.25},
	} {
		t.Run(fmt.Sprintf("%v, loss %v", c.rtt, c.loss), func(t *testing.T) {
			t.Parallel()
			b := bench{rate: 20 * megabit, rtt: c.rtt, queue: 250 * time.Millisecond, loss: c.loss}
			s := b.run(t, 1, 20*time.Second, 120*time.Second, flow(t, 1, 0))
			near(t, "the share", s.Goodput(0)/float64(b.rate), c.want, c.part)
			if c.loss == 0 && s.Links[utpsim.Left].Waits.Quantile(0.95) > 105*time.Millisecond {
				t.Errorf("the queue has %v", s.Links[utpsim.Left].Waits.Quantile(0.95))
			}
		})
	}
}

// A flow that comes a minute late takes what the first has for its own delay, and the
// first gives way to it.
func TestALateLibutpDrivesOutTheFirst(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		rtt  time.Duration
		jain float64
		wait float64 // mean, in ms
	}{{50 * time.Millisecond, 0.50, 181}, {100 * time.Millisecond, 0.53, 175}} {
		b := bench{rate: 20 * megabit, rtt: c.rtt, queue: 250 * time.Millisecond}
		s := b.run(t, 1, 120*time.Second, 300*time.Second, flow(t, 1, 0), flow(t, 2, time.Minute))
		near(t, fmt.Sprintf("the fairness at %v", c.rtt), utpsim.Jain(s.Goodput(0), s.Goodput(1)), c.jain, 0.02)
		near(t, "the queue", s.Links[utpsim.Left].Waits.Mean().Seconds()*1000, c.wait, 0.05)
	}
}

// Beside a TCP libutp gets more than half where the queue is shorter than its target, and
// next to nothing where it is longer.
func TestLibutpBesideReno(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		queue       time.Duration
		least, most float64
	}{
		{50 * time.Millisecond, 0.37, 0.61},  // 0.49 was measured before
		{100 * time.Millisecond, 0.70, 0.94}, // 0.82
		{250 * time.Millisecond, 0, 0.04},    // 0.038
		{1000 * time.Millisecond, 0, 0.04},   // 0.0005
	} {
		b := bench{rate: 20 * megabit, rtt: 50 * time.Millisecond, queue: c.queue}
		s := b.run(t, 1, 20*time.Second, 120*time.Second, flow(t, 1, 0), reno())
		share := s.Shares()[0]
		t.Logf("queue %v: libutp has %.4f", c.queue, share)
		if share < c.least || share > c.most {
			t.Errorf("queue %v: libutp has %.4f, not %.2f to %.2f", c.queue, share, c.least, c.most)
		}
	}
}

// Clocks that go apart have libutp believe that its queue grows or shrinks.
func TestLibutpMistakesADriftForAQueue(t *testing.T) {
	t.Parallel()
	b := bench{rate: 2 * megabit, rtt: 50 * time.Millisecond, queue: time.Second}
	f := flow(t, 1, 0)
	f.Right = New(t, Options{Seed: 3}, utpsim.Clock{Offset: time.Hour, Drift: -200})
	right := b.run(t, 1, 20*time.Second, 120*time.Second, flow(t, 1, 0))
	wrong := b.run(t, 1, 20*time.Second, 600*time.Second, f)
	was, is := right.Links[utpsim.Left].Waits.Mean(), wrong.Links[utpsim.Left].Waits.Mean()
	t.Logf("the queue has %v, with a drift %v", was, is)
	if is < was*6/5 {
		t.Errorf("the queue has %v, with a drift %v", was, is)
	}
}

// The same seed is the same to the byte, whatever libutp was compiled for, and another
// seed is not.
func TestALibutpInLockstepIsTheSameToTheByte(t *testing.T) {
	t.Parallel()
	digest := func(seed uint64, f Flavour) string {
		d := utpsim.NewDigest()
		b := bench{rate: 5 * megabit, rtt: 40 * time.Millisecond, queue: 100 * time.Millisecond, loss: 0.01, watch: d.Watch}
		flow := utpsim.Flow{
			Left: New(t, Options{Seed: seed, Flavour: f}, utpsim.Clock{Drift: 50},
				Act{time.Second, Connect, 0}, Act{time.Second, Write, 1_000_000}, Act{3 * time.Second, Close, 0}),
			Right: New(t, Options{Seed: seed + 1, Flavour: f}, utpsim.Clock{Offset: time.Hour}, Act{2 * time.Second, Write, 300_000}),
		}
		b.run(t, 1, 10*time.Second, time.Minute, flow)
		if got := flow.Right.(*Peer); got.Got != 1_000_000 || got.Happened(Ended) == utpsim.Forever {
			t.Errorf("%d bytes came, and %v", got.Got, got.Story)
		}
		return d.Sum()
	}
	one := digest(1, Robust)
	if digest(1, Robust) != one || digest(1, Asserts) != one {
		t.Error("the same seed is another trace")
	}
	if digest(5, Robust) == one {
		t.Error("another seed is the same trace")
	}
}
