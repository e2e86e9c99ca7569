package sim

import (
	"slices"
	"testing"
	"time"
)

// scarce are the worlds of TestThoseWhoGiveFinishBeforeThoseWhoDoNot.
func scarce(run uint64) Config { return Scarce(run, 20) }

// median is when half of the nodes of a role had everything.
func median(r Result, role Role) time.Duration {
	var all []time.Duration
	for _, f := range r.Finishes {
		if f.Role == role {
			all = append(all, f.After)
		}
	}
	slices.Sort(all)
	return all[len(all)/2]
}

func TestThoseWhoGiveFinishBeforeThoseWhoDoNot(t *testing.T) {
	t.Parallel()
	t.Run("tft", func(t *testing.T) {
		t.Parallel()
		compareFinishes(t, "tft", scarceRuns(), func(run int, share float64) {
			if share > 0.7 {
				t.Errorf("run %d: the others' median is %.2f of that of the free riders", run, share)
			}
		}, func(mean float64) {
			if mean > 0.6 {
				t.Errorf("%.2f of the time of the free riders in the mean", mean)
			}
		})
	})
	t.Run("first-come", func(t *testing.T) { // who is blind to it rewards nobody
		t.Parallel()
		compareFinishes(t, "first-come", 1, func(int, float64) {}, func(mean float64) {
			if mean < 0.9 {
				t.Errorf("%.2f of the time of the free riders in the mean: the world proves nothing", mean)
			}
		})
	})
}

// scarceRuns is how many worlds are compared: eight where there is time.
func scarceRuns() int {
	if !everyWorld("scarce") {
		return 3
	}
	return 8
}

// compareFinishes runs worlds with a choker, and hands on what part the median of
// those who give is of that of the free riders.
func compareFinishes(t *testing.T, choker string, runs int, each func(run int, share float64), all func(mean float64)) {
	t.Helper()
	sum := 0.0
	for run := range runs {
		c := scarce(uint64(run))
		c.Choker = choker
		r := Run(c)
		if r.Err != nil {
			t.Fatalf("%v\n%s", r.Err, lastLines(c, 30))
		}
		give, ride := median(r, Leech), median(r, FreeRider)
		share := give.Seconds() / ride.Seconds()
		late := 100 * float64(r.EndgameDuplicates) / float64(r.Blocks)
		t.Logf("%s, run %d: %v, free riders %v, %.2f; %.2f %% twice in the endgame, entropy %.3f",
			choker, run, give.Round(time.Second), ride.Round(time.Second), share, late, r.Entropy)
		if late > 1 {
			t.Errorf("%s, run %d: %.2f %% came twice in the endgame", choker, run, late)
		}
		each(run, share)
		sum += share
	}
	all(sum / float64(runs))
}

func TestFreeRidersAreAShareOfThoseWhoFetch(t *testing.T) {
	for percent, want := range map[int]int{0: 0, 10: 3, 20: 6, 50: 14, 100: 28} {
		c := Scarce(1, percent)
		n := 0
		for _, r := range c.Nodes {
			if r == FreeRider {
				n++
			}
		}
		if n != want || len(c.Nodes) != 30 || c.Nodes[0] != Seed {
			t.Errorf("%d %%: %d free riders of %d nodes, want %d", percent, n, len(c.Nodes), want)
		}
	}
}
