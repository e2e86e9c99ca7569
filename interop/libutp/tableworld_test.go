//go:build linux

package libutp

import (
	"math"
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/core/utp/conn"
	"github.com/etorrent/etorrent/internal/utpsim"
	"github.com/etorrent/etorrent/internal/utpsim/ours"
)

// A row of the table is a scenario, with what must come of it. Its times count from when
// the first flow begins.
type row struct {
	name string
	bench
	late     []time.Duration          // when flows begin beside the first
	beside   func() utpsim.TCPControl // a TCP, besideFrom on
	leaves   time.Duration            // when it ends, 0: never
	drift    int64                    // of the clocks of those that receive
	core     conn.Config              // of ours, zero: its defaults
	cut, end time.Duration            // what is measured
	step     time.Duration            // by which it is taken apart, 0: it is not
	tale     tale                     // instead of all this
	cells    []cell
	pairs    []pair // beside oursToOurs, in the whole table
	in       place
}

// besideFrom is when a TCP begins.
const besideFrom = 10 * time.Second

// endless is more than is ever sent.
const endless = 1 << 40

// place says where a row is.
type place uint8

const (
	everywhere place = iota
	inTable          // only the whole one
)

// cell is a figure, and what it must be.
type cell struct {
	name     string
	of       func(*outcome) float64
	sense    sense
	gate     float64
	moonshot float64 // 0: none was set
}

// sense says which figures are good.
type sense uint8

const (
	atLeast sense = iota
	atMost
)

// pair says who the ends of a flow are, the one that sends first.
type pair uint8

const (
	oursToOurs pair = iota
	libutpToLibutp
	oursToLibutp
	pairs
)

// outcome is what came of a run.
type outcome struct {
	*row
	parts []*utpsim.Stats // from the cut on, by steps; one where there are none
	told  map[string]float64
}

// tale is a run that measures by itself.
type tale func(t *testing.T, r *row, p pair, run uint64) map[string]float64

// startOf is when the first flow of a run begins. It differs, so that nothing hangs on
// when an outage meets a flow.
func startOf(run uint64) time.Duration {
	return time.Second + time.Duration(run*317%1000)*time.Millisecond
}

// after is how much later than the row says a further flow of a run begins, by less than a
// second: where two meet is an accident.
func after(run uint64, flow int) time.Duration {
	return time.Duration((run-1)*uint64(37+11*flow)%1000) * ms
}

// meet is the nth flow of a run, and what in it is ours.
func (r *row) meet(t *testing.T, p pair, run, n uint64, from time.Duration) (utpsim.Flow, []*ours.End) {
	t.Helper()
	seed := 2 * (16*run + n)
	var here utpsim.Clock
	there := utpsim.Clock{Offset: time.Duration(seed*7919%10_000_000) * time.Second, Drift: r.drift}
	if p == libutpToLibutp {
		return utpsim.Flow{
			Left:  New(t, Options{Seed: seed}, here, Act{from, Connect, 0}, Act{from, Write, 1<<32 - 1}),
			Right: New(t, Options{Seed: seed + 1}, there),
		}, nil
	}
	left := ours.New(ours.Plan{Role: ours.Asks, From: here.At(from), Bytes: endless, Seed: seed, Core: r.core})
	if p == oursToLibutp {
		return utpsim.Flow{Left: utpsim.Step(left, here), Right: New(t, Options{Seed: seed + 1}, there)}, []*ours.End{left}
	}
	right := ours.New(ours.Plan{Seed: seed + 1, Core: r.core})
	return utpsim.Flow{Left: utpsim.Step(left, here), Right: utpsim.Step(right, there)}, []*ours.End{left, right}
}

// play is a run. The same run number is the same to the byte.
func (r *row) play(t *testing.T, p pair, run uint64) *outcome {
	t.Helper()
	if r.tale != nil {
		return &outcome{row: r, told: r.tale(t, r, p, run)}
	}
	start := startOf(run)
	first, mine := r.meet(t, p, run, 0, start)
	flows := []utpsim.Flow{first}
	for i, late := range r.late {
		f, of := r.meet(t, p, run, uint64(i+1), start+late+after(run, i))
		flows, mine = append(flows, f), append(mine, of...)
	}
	if r.beside != nil {
		leaves := time.Duration(0)
		if r.leaves > 0 {
			leaves = start + r.leaves
		}
		flows = append(flows, tcp(r.beside(), start+besideFrom+after(run, 0), leaves))
	}
	o := &outcome{row: r, parts: r.measure(t, r.world(t, run, unchanged, flows...), start)}
	for _, f := range flows {
		mustBeWell(t, f.Left)
		mustBeWell(t, f.Right)
	}
	for _, e := range mine {
		if e.Wrong != nil || e.Conn != nil && e.Conn.Phase() == conn.Closed {
			t.Errorf("an end of ours is closed as %v, %v", e.Why, e.Wrong)
		}
	}
	return o
}

// measure takes a world from when its first flow begins to the end of what is measured.
func (r *row) measure(t *testing.T, w *utpsim.World, start time.Duration) []*utpsim.Stats {
	t.Helper()
	until := start + r.cut
	runTo(t, w, until)
	w.TakeStats()
	step := r.step
	if step == 0 {
		step = r.end - r.cut
	}
	var parts []*utpsim.Stats
	for until < start+r.end {
		until += step
		runTo(t, w, until)
		parts = append(parts, w.TakeStats())
	}
	return parts
}

func runTo(t *testing.T, w *utpsim.World, until time.Duration) {
	t.Helper()
	if err := w.Run(until); err != nil {
		t.Fatal(err)
	}
}

// mustBeWell fails the test where an end is a libutp that contradicts itself.
func mustBeWell(t *testing.T, e utpsim.Endpoint) {
	t.Helper()
	if p, is := e.(*Peer); is && (p.Err() != nil || p.Happened(Differs) != utpsim.Forever) {
		t.Errorf("a libutp ended by %v, and tells %v", p.Err(), p.Story)
	}
}

// goodput is what the first flow's application had, in % of the link.
func goodput(o *outcome) float64 { return 100 * o.parts[0].Goodput(0) / float64(o.rate) }

// goodputs is what all had together.
func goodputs(o *outcome) float64 {
	sum := 0.0
	for i := range o.parts[0].Ends {
		if i%2 == 0 {
			sum += o.parts[0].Goodput(i / 2)
		}
	}
	return 100 * sum / float64(o.rate)
}

// share is what the first flow had of all that was carried, in %.
func share(o *outcome) float64 { return 100 * o.parts[0].Shares()[0] }

func jain(o *outcome) float64 {
	var each []float64
	for i := range len(o.parts[0].Ends) / 2 {
		each = append(each, o.parts[0].Goodput(i))
	}
	return utpsim.Jain(each...)
}

// meanWait and longWait are how long packets waited in the queue, in milliseconds.
func meanWait(o *outcome) float64 { return millis(o.parts[0].Links[utpsim.Left].Waits.Mean()) }

// longWait is 95 % of waits, at the worst of all steps.
func longWait(o *outcome) float64 {
	worst := time.Duration(0)
	for _, p := range o.parts {
		worst = max(worst, p.Links[utpsim.Left].Waits.Quantile(0.95))
	}
	return millis(worst)
}

func millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// refused is what the queue had no room for, in % of all that was sent.
func refused(o *outcome) float64 {
	fates := o.parts[0].Links[utpsim.Left].Fates
	sum := int64(0)
	for _, n := range fates {
		sum += n
	}
	return 100 * float64(fates[utpsim.LostInQueue]) / float64(max(sum, 1))
}

// reaches is how many seconds after the cut the first flow has 90 % of the link.
func reaches(o *outcome) float64 {
	for i, p := range o.parts {
		if p.Goodput(0) >= 0.9*float64(o.rate) {
			return float64(i+1) * o.step.Seconds()
		}
	}
	return math.Inf(1)
}

// ofTale is a figure of a tale.
func ofTale(name string) func(*outcome) float64 {
	return func(o *outcome) float64 { return o.told[name] }
}
