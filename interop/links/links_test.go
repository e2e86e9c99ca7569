//go:build linux

package links

import (
	"os"
	"testing"
	"time"
)

// variable says which links there are: every one, or those that always are.
const (
	variable = "ETORRENT_LINKS"
	every    = "all"
)

// What is alike for all links. Times have room for a machine that is busy; the gate of the
// simulator for the way back is 3 s.
const (
	leastBoth = 0.90                  // of the link, of which headers take 3.2 %
	mostQueue = 90 * time.Millisecond // one and a half times the target
	mostBack  = 6 * time.Second
	mostApart = 0.05            // from the simulator, in parts of what both get
	mostLater = 2 * time.Second // than in the simulator is uTP back
	mostLate  = 0.05            // of the samples: beyond it the ends were late as well
)

// stories are those that are told: a congestion control and a link, and the gates, which
// are those of the simulator, for what uTP has alone, and of both beside TCP.
func stories() []story {
	// A TCP of the kernel leaves its slow start where the delay grows (HyStart). Where that is
	// early, which is an accident, it needs eight seconds from there to have the link.
	base := story{
		rate: 20 * megabit, rtt: 50 * time.Millisecond,
		comes: 12 * time.Second, leaves: 34 * time.Second, ends: 42 * time.Second, settles: 9 * time.Second,
	}
	var out []story
	add := func(congestion string, rate int64, queue time.Duration, alone, yields float64) {
		s := base
		s.congestion, s.rate, s.queue, s.alone, s.yields = congestion, rate, queue, alone, yields
		out = append(out, s)
	}
	add("cubic", 20*megabit, 250*time.Millisecond, 0.90, 0.10)
	add("reno", 20*megabit, 250*time.Millisecond, 0.90, 0.15)
	if os.Getenv(variable) != every {
		return out
	}
	add("cubic", 20*megabit, 100*time.Millisecond, 0.90, 0.20)
	add("reno", 20*megabit, 100*time.Millisecond, 0.90, 0.25)
	add("cubic", 20*megabit, 50*time.Millisecond, 0.80, 0.35)
	add("reno", 20*megabit, 50*time.Millisecond, 0.80, 0.40)
	add("cubic", 100*megabit, 250*time.Millisecond, 0.90, 0.10)
	add("reno", 100*megabit, 250*time.Millisecond, 0.90, 0.15)
	return out
}

func TestBesideTCPOfTheKernelUTPYieldsAsTheSimulatorSaysAndTakesTheLinkBack(t *testing.T) {
	for _, s := range stories() {
		t.Run(s.String(), func(t *testing.T) {
			t.Parallel()
			seen, ours := newStage(t, s).played(t)
			virtual := s.simulated(t)
			is, said := s.figures(seen), s.figures(virtual)
			t.Logf("on the link:      %v", is)
			t.Logf("in the simulator: %v", said)
			if late := seen.late(); late > mostLate {
				t.Skipf("the machine had no time for this: %.0f %% of the samples came half a step late", 100*late)
			}
			is.judge(t, s, said)
			if t.Failed() {
				if refused != 0 {
					t.Logf("other programs may have disturbed this one: it may not run before them: %v", refused)
				}
				t.Logf("on the link, second by second:\n%s", s.table(seen))
				t.Logf("in the simulator:\n%s%+v", s.table(virtual), ours.Status())
			}
		})
	}
}

// judge fails the test where figures are beyond their gates, or far from what the
// simulator said.
func (f figures) judge(t *testing.T, s story, said figures) {
	t.Helper()
	if f.alone < s.alone {
		t.Errorf("alone uTP has %.3f of the link", f.alone)
	}
	if f.queue > mostQueue {
		t.Errorf("alone uTP has %v wait", f.queue)
	}
	if f.both < leastBoth {
		t.Errorf("both have %.3f of the link", f.both)
	}
	if f.share > s.yields {
		t.Errorf("beside TCP uTP has %.3f of both", f.share)
	}
	if apart := f.share - said.share; apart > mostApart || apart < -mostApart {
		t.Errorf("beside TCP uTP has %.3f of both, in the simulator %.3f", f.share, said.share)
	}
	if f.back == 0 || f.back > mostBack {
		t.Errorf("uTP has the link back after %v (0: never)", f.back)
	}
	if said.back == 0 || f.back > said.back+mostLater {
		t.Errorf("uTP has the link back after %v, in the simulator after %v (0: never)", f.back, said.back)
	}
}
