package ours_test

import (
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/core/utp/conn"
	"github.com/etorrent/etorrent/internal/utpsim"
	"github.com/etorrent/etorrent/internal/utpsim/ours"
	"github.com/etorrent/etorrent/internal/vocab/utpwire"
)

// link has 20 Mbit/s, 25 ms and a queue of a quarter of a second.
func link(loss float64) utpsim.Link {
	return utpsim.Link{Rate: 20_000_000, Delay: 25 * time.Millisecond, Queue: 625_000, Loss: loss}
}

func run(t *testing.T, l utpsim.Link, until time.Duration, watch func(utpsim.Event), flows ...utpsim.Flow) {
	t.Helper()
	w, err := utpsim.New(utpsim.Config{Seed: 1, Forward: l, Reverse: l, Overhead: utpwire.HeadersOfIPv4, Flows: flows, Watch: watch})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Run(until); err != nil {
		t.Fatal(err)
	}
}

func TestTwoOfOursHaveTheSameStreams(t *testing.T) {
	for _, loss := range []float64{0, 0.01, 0.05} {
		digest := func(seed uint64) string {
			asks, accepts := utpsim.Clock{}, utpsim.Clock{Offset: time.Hour, Drift: 100}
			left := ours.New(ours.Plan{Role: ours.Asks, From: asks.At(time.Second), Bytes: 2_000_000, Leave: ours.Finishes, Seed: seed})
			right := ours.New(ours.Plan{Bytes: 300_000, Leave: ours.Closes, Seed: seed + 1})
			d := utpsim.NewDigest()
			run(t, link(loss), 2*time.Minute, d.Watch, utpsim.Flow{Left: utpsim.Step(left, asks), Right: utpsim.Step(right, accepts)})
			for i, e := range []*ours.End{left, right} {
				if want := []int64{300_000, 2_000_000}[i]; e.Got != want || e.Wrong != nil {
					t.Errorf("loss %v, end %d: %d bytes of %d, %v", loss, i, e.Got, want, e.Wrong)
				}
				if e.Why != conn.Finished {
					t.Errorf("loss %v, end %d: %v", loss, i, e.Why)
				}
			}
			return d.Sum()
		}
		if one := digest(1); digest(1) != one || digest(2) == one {
			t.Errorf("loss %v: the trace is not that of the seed", loss)
		}
	}
}

// Each way of a link is as good as used up while the other one is: who waits for
// acknowledgements behind the remote's own packets does not take that for a queue of its own.
func TestAStreamEachWayTakesLittleLongerThanOne(t *testing.T) {
	const bytes = 16 << 20
	for _, delay := range []time.Duration{100 * time.Microsecond, 5 * time.Millisecond} {
		l := link(0)
		l.Delay = delay
		took := func(back int) time.Duration {
			left := ours.New(ours.Plan{Role: ours.Asks, From: utpsim.Clock{}.At(0), Bytes: bytes, Leave: ours.Finishes, Seed: 5})
			right := ours.New(ours.Plan{Bytes: back, Leave: ours.Finishes, Seed: 6})
			run(t, l, time.Minute, nil, utpsim.Flow{Left: utpsim.Step(left, utpsim.Clock{}), Right: utpsim.Step(right, utpsim.Clock{})})
			if left.Got != int64(back) || right.Got != bytes {
				t.Fatalf("%v: %d bytes there and %d back", delay, right.Got, left.Got)
			}
			return max(left.EndedAt, right.EndedAt).Sub(utpsim.Clock{}.At(0))
		}
		if one, both := took(1), took(bytes); float64(one) < 0.88*float64(both) {
			t.Errorf("%v each way: %v one way, %v both ways", delay, one, both)
		}
	}
}
