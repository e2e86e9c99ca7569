package cong_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/core/utp/cong"
)

// What these tests show is a table, which -v prints: what was measured, what it must be,
// and what the real libutp has in a simulator of the same kind.

// base is the link of scenarios that say no other.
var base = link{rate: 20 * mbit, rtt: 50 * ms, queue: 250 * ms, seed: 1}

func control(name string) cong.Control {
	build, err := cong.Find(name)
	if err != nil {
		panic(err)
	}
	return build(cong.Config{Segment: segment, Most: most * segment})
}

func ours() cong.Control { return control(cong.Default) }

// alone runs one flow of ours, and measures after a time.
func alone(l link, cut, end time.Duration) (*world, *flow) {
	w := newWorld(l)
	f := w.join(ours(), 0, 0)
	w.run(cut).measure().run(end)
	return w, f
}

func mustReach(t *testing.T, scenario string, got, gate float64, libutp string) {
	t.Helper()
	t.Logf("%-44s %6.2f   at least %6.2f   libutp %s", scenario, got, gate, libutp)
	if got < gate {
		t.Errorf("%s: %.2f, at least %.2f", scenario, got, gate)
	}
}

func mustStayBelow(t *testing.T, scenario string, got, gate float64, libutp string) {
	t.Helper()
	t.Logf("%-44s %6.2f   at most  %6.2f   libutp %s", scenario, got, gate, libutp)
	if got > gate {
		t.Errorf("%s: %.2f, at most %.2f", scenario, got, gate)
	}
}

func millis(d time.Duration) float64 { return float64(d) / float64(ms) }

func TestAFlowUsesItsLinkWhateverTheLossAndTheDistance(t *testing.T) {
	for _, c := range []struct {
		loss   float64
		gates  [3]float64 // at 10, 100 and 300 ms
		libutp [3]string
	}{
		{0, [3]float64{93, 93, 90}, [3]string{"96.6", "96.6", "75.8"}},
		{0.001, [3]float64{92, 80, 60}, [3]string{"94", "32", "12.5"}},
		{0.01, [3]float64{88, 70, 40}, [3]string{"82", "11", "3.7"}},
		{0.05, [3]float64{3 * 11.5, 3 * 3.8, 3 * 1.6}, [3]string{"11.5", "3.8", "1.6"}},
	} {
		for i, rtt := range []time.Duration{10 * ms, 100 * ms, 300 * ms} {
			l := base
			l.loss, l.rtt = c.loss, rtt
			_, f := alone(l, 5*time.Second, 65*time.Second)
			mustReach(t, fmt.Sprintf("%v lost of 100, %v: %% of 20 Mbit", c.loss*100, rtt), f.percent(), c.gates[i], c.libutp[i])
		}
	}
}

func TestAFlowUsesAFastLongLink(t *testing.T) {
	for _, c := range []struct {
		loss, gate float64
		libutp     string
	}{{0, 90, "80"}, {0.01, 50, "1.8"}} {
		_, f := alone(link{rate: 100 * mbit, rtt: 100 * ms, queue: 250 * ms, loss: c.loss, seed: 1}, 5*time.Second, 25*time.Second)
		mustReach(t, fmt.Sprintf("%v lost of 100, 100 ms: %% of 100 Mbit", c.loss*100), f.percent(), c.gate, c.libutp)
	}
}

// reaches is how long after a time the flow has so much of the link, in seconds.
func (f *flow) reaches(percent float64, from time.Duration) float64 {
	need := percent / 100 * float64(f.rate) / framed / 10
	for i := int(from / (100 * ms)); i < len(f.series); i++ {
		if float64(f.series[i]) >= need {
			return (time.Duration(i+1)*100*ms - from).Seconds()
		}
	}
	return 1e9
}

func TestAFlowIsSoonAtFullSpeed(t *testing.T) {
	for _, c := range []struct {
		rtt    time.Duration
		gate   float64
		libutp string
	}{{10 * ms, 0.5, "<1"}, {50 * ms, 1, "2"}, {100 * ms, 1.5, "8"}, {300 * ms, 4, ">60"}} {
		l := base
		l.rtt = c.rtt
		_, f := alone(l, 0, 10*time.Second)
		mustStayBelow(t, fmt.Sprintf("%v: seconds to 90 %%", c.rtt), f.reaches(90, 0), c.gate, c.libutp)
	}
}

func TestTheQueueStaysAtItsTarget(t *testing.T) {
	l := base
	l.rate, l.queue = 2*mbit, time.Second
	w, _ := alone(l, 20*time.Second, 120*time.Second)
	mustStayBelow(t, "2 Mbit: mean queue in ms", millis(w.waits.mean()), 60, "99.5")
	mustStayBelow(t, "2 Mbit: 95 % of it", millis(w.waits.percentile(95)), 75, "104")
	w, _ = alone(l, 50*time.Minute, time.Hour)
	mustStayBelow(t, "2 Mbit, after 50 minutes: 95 %", millis(w.waits.percentile(95)), 75, "373")
}

func TestClocksThatDriftDoNotMatter(t *testing.T) {
	for _, ppm := range []int64{-200, -50, 50, 200} {
		l := base
		l.rate, l.queue = 2*mbit, time.Second
		w := newWorld(l)
		f := w.join(ours(), 0, 0)
		f.there.ppm = ppm
		w.run(20 * time.Second).measure().run(15 * time.Minute)
		name := fmt.Sprintf("a clock is off by %d millionths: ", ppm)
		mustStayBelow(t, name+"95 %", millis(w.waits.percentile(95)), 80, "245")
		mustReach(t, name+"goodput", f.percent(), 93, "96.6")
	}
}

func TestAShallowQueueIsNotOverrun(t *testing.T) {
	for i, queue := range []time.Duration{5 * ms, 10 * ms, 20 * ms, 50 * ms} {
		l := base
		l.queue = queue
		w, f := alone(l, 20*time.Second, 80*time.Second)
		mustReach(t, fmt.Sprintf("a queue of %v: goodput", queue), f.percent(), 80, []string{"38", "61", "77", "91"}[i])
		mustStayBelow(t, fmt.Sprintf("a queue of %v: %% lost", queue), 100*float64(w.refuse)/float64(w.passed), 3, "?")
	}
}

func TestPacketsOutOfOrderDoNotMatter(t *testing.T) {
	for i, jitter := range []time.Duration{1 * ms, 2 * ms, 5 * ms, 20 * ms} {
		l := base
		l.jitter = jitter
		_, f := alone(l, 20*time.Second, 80*time.Second)
		mustReach(t, fmt.Sprintf("each packet late by up to %v", jitter), f.percent(), []float64{95, 90, 90, 80}[i], []string{"96.6", "58.6", "15.4", "8.6"}[i])
	}
}

func TestAnOutageCostsLittleMoreThanItself(t *testing.T) {
	for _, c := range []struct {
		rtt, out time.Duration
		gate     float64
		libutp   string
	}{
		{50 * ms, 20 * ms, 93, "86"}, {50 * ms, 100 * ms, 92, "86"}, {50 * ms, 500 * ms, 90, "85"}, {50 * ms, 2 * time.Second, 82, "75"},
		{100 * ms, 100 * ms, 90, "69"}, {300 * ms, 100 * ms, 80, "20"},
	} {
		l := base
		l.rtt, l.every, l.out = c.rtt, 20*time.Second, c.out
		_, f := alone(l, 20*time.Second, 100*time.Second)
		mustReach(t, fmt.Sprintf("nothing passes for %v of 20s, %v", c.out, c.rtt), f.percent(), c.gate, c.libutp)
	}
}

func TestLostAcknowledgementsAndCopiesDoNotMatter(t *testing.T) {
	for _, loss := range []float64{0.1, 0.3} {
		l := base
		l.ackLoss = loss
		_, f := alone(l, 20*time.Second, 80*time.Second)
		mustReach(t, fmt.Sprintf("%v of acknowledgements are lost", loss), f.percent(), 95, "96.6")
	}
	l := base
	l.dup = 0.01
	_, f := alone(l, 20*time.Second, 80*time.Second)
	mustReach(t, "0.01 of packets come twice", f.percent(), 95, "96.6")
}

// TestMasksOfLibutpAreEnough is about what it tells of packets that came early: of 30. The
// packets that are lost are an accident of the seed, so it is the mean of some.
func TestMasksOfLibutpAreEnough(t *testing.T) {
	const seeds = 4
	for i, rtt := range []time.Duration{10 * ms, 100 * ms, 300 * ms} {
		sum := 0.0
		for seed := range uint64(seeds) {
			l := base
			l.short, l.loss, l.rtt, l.seed = true, 0.01, rtt, seed+1
			_, f := alone(l, 5*time.Second, 65*time.Second)
			sum += f.percent()
		}
		mustReach(t, fmt.Sprintf("to libutp, 1 lost of 100, %v", rtt), sum/seeds, []float64{88, 3 * 11, 3 * 3.7}[i], []string{"82", "11", "3.7"}[i])
	}
}

func TestAPathThatBecomesLongerIsNoQueueForLong(t *testing.T) {
	w := newWorld(base)
	f := w.join(ours(), 0, 0)
	w.run(20 * time.Second)
	w.rtt = 250 * ms
	w.run(100 * time.Second).measure().run(160 * time.Second)
	mustReach(t, "80 s after a path became 200 ms longer", f.percent(), 80, "?")
}
