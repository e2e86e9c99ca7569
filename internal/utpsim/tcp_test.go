package utpsim_test

import (
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/utpsim"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/utpwire"
)

func tcp(c utpsim.TCPControl, from, until time.Duration) utpsim.Flow {
	var clock utpsim.Clock
	end := mono.Never
	if until > 0 {
		end = clock.At(until)
	}
	return utpsim.Flow{
		Left:  utpsim.Step(utpsim.NewTCPSender(c, clock.At(from), end), clock),
		Right: utpsim.Step(utpsim.NewTCPReceiver(), clock),
	}
}

// dumbbell has flows on one bottleneck of 20 Mbit/s.
func dumbbell(t *testing.T, rtt, queue time.Duration, loss float64, flows ...utpsim.Flow) *utpsim.World {
	t.Helper()
	const rate = 20_000_000
	link := utpsim.Link{Rate: rate, Delay: rtt / 2, Queue: int(rate / 8 * queue / time.Second)}
	back := link
	link.Loss = loss
	w, err := utpsim.New(utpsim.Config{Seed: 7, Forward: link, Reverse: back, Flows: flows, Overhead: utpwire.HeadersOfIPv4})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// measured is the share of the bottleneck that each flow's application gets between
// two times.
func measured(t *testing.T, w *utpsim.World, from, until time.Duration) ([]float64, *utpsim.Stats) {
	t.Helper()
	run(t, w, from)
	s := run(t, w, until)
	out := make([]float64, len(s.Ends)/2)
	for i := range out {
		out[i] = s.Goodput(i) / 20_000_000
	}
	return out, s
}

func TestRenoFillsABottleneckWhoseQueueIsAWindow(t *testing.T) {
	w := dumbbell(t, 100*time.Millisecond, 100*time.Millisecond, 0, tcp(utpsim.NewReno(), 0, 0))
	if got, _ := measured(t, w, 20*time.Second, 120*time.Second); got[0] < 0.93 || got[0] > 0.97 {
		t.Errorf("it has %.3f", got[0])
	}
}

// What Mathis, Semke, Mahdavi and Ott found: the window is 1.22/√p packets where every
// packet is acknowledged.
func TestRenoLosesByTheRootOfLosses(t *testing.T) {
	w := dumbbell(t, 100*time.Millisecond, 250*time.Millisecond, 0.01, tcp(utpsim.NewReno(), 0, 0))
	got, _ := measured(t, w, 20*time.Second, 320*time.Second)
	want := 12.2 * 1448 * 8 / 0.1 / 20e6
	if got[0] < want*0.75 || got[0] > want*1.1 {
		t.Errorf("it has %.4f, want %.4f", got[0], want)
	}
}

func TestCubicHasMoreThanRenoOnALongWay(t *testing.T) {
	w := dumbbell(t, 200*time.Millisecond, 50*time.Millisecond, 0, tcp(utpsim.NewReno(), 0, 0), tcp(utpsim.NewCubic(), 0, 0))
	got, _ := measured(t, w, 20*time.Second, 320*time.Second)
	if got[1] < 1.2*got[0] || got[0]+got[1] < 0.8 {
		t.Errorf("they have %.3f", got)
	}
}

func TestTwoRenosShareAlikeThoughOneIsLate(t *testing.T) {
	w := dumbbell(t, 50*time.Millisecond, 100*time.Millisecond, 0, tcp(utpsim.NewReno(), 0, 0), tcp(utpsim.NewReno(), 20*time.Second, 0))
	got, _ := measured(t, w, 60*time.Second, 360*time.Second)
	if j := utpsim.Jain(got...); j < 0.95 {
		t.Errorf("they have %.3f, fairness %.3f", got, j)
	}
}

func TestASenderOutlivesLossesAndOutagesAndEnds(t *testing.T) {
	for _, c := range []utpsim.TCPControl{utpsim.NewReno(), utpsim.NewCubic()} {
		f := tcp(c, time.Second, 40*time.Second)
		link := utpsim.Link{Rate: 20_000_000, Delay: 25 * time.Millisecond, Loss: 0.02, Outage: utpsim.Outage{Every: 10 * time.Second, Lasts: time.Second}}
		w, err := utpsim.New(utpsim.Config{Seed: 3, Forward: link, Reverse: link, Overhead: utpwire.HeadersOfIPv4, Flows: []utpsim.Flow{f}})
		if err != nil {
			t.Fatal(err)
		}
		run(t, w, 200*time.Second)
		seconds := w.Seconds(0, utpsim.Right)
		if seconds[0] != 0 || seconds[5] == 0 || seconds[15] == 0 || seconds[39] == 0 || len(seconds) > 60 {
			t.Errorf("%T: %v", c, seconds)
		}
		if f.Left.Next() != utpsim.Forever {
			t.Errorf("%T: its timer is at %v", c, f.Left.Next())
		}
	}
}

// golden is the digest of the world below. It changes with anything that a world does;
// Reno alone has it alike on machines that fuse multiplications and additions.
const golden = "ab9a51090101eeb9039770130e2c7e58b1646b66fb9069f55556422650afee87"

func TestTheSameSeedIsTheSameToTheByte(t *testing.T) {
	digest := func(seed uint64, stops ...time.Duration) string {
		d := utpsim.NewDigest()
		link := utpsim.Link{
			Rate: 5_000_000, Delay: 10 * time.Millisecond, Queue: 60_000, Loss: 0.01, Duplicate: 0.01, Jitter: 3 * time.Millisecond,
			Outage: utpsim.Outage{Every: 2 * time.Second, Lasts: 50 * time.Millisecond},
		}
		w, err := utpsim.New(utpsim.Config{
			Seed: seed, Forward: link, Reverse: link, Overhead: utpwire.HeadersOfIPv4, Watch: d.Watch,
			Flows: []utpsim.Flow{tcp(utpsim.NewReno(), 0, 0), tcp(utpsim.NewReno(), time.Second, 5*time.Second)},
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, at := range append(stops, 10*time.Second) {
			run(t, w, at)
		}
		return d.Sum()
	}
	one := digest(1)
	if one != golden {
		t.Errorf("the digest is %s", one)
	}
	if digest(1, time.Second, 3333*time.Millisecond, 3334*time.Millisecond) != one {
		t.Error("a world that is looked at on its way is another one")
	}
	if digest(2) == one {
		t.Error("another seed is the same world")
	}
}
