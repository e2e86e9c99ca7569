package etorrent_test

import (
	"cmp"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"

	"github.com/etorrent/etorrent/sup"
)

const (
	crashRuns      = 1000
	crashRunsShort = 25
	// crashRunVariable has the number of one run, to do only that.
	crashRunVariable = "ETORRENT_CRASH_RUN"
)

// victim is a kind of point at one client, and how often a run passes it.
type victim struct {
	role   string
	point  pointKind
	passed int
}

// calm does some runs without a crash. It returns how the fetches go, at the
// slowest, and all points at which a run can crash before its end.
func calm(t *testing.T) (norms map[string]norm, victims []victim) {
	norms = map[string]norm{}
	f := &fuse{roles: map[string]map[pointKind]tally{}}
	const runs = 3
	for i := range uint64(runs) {
		inSwarm(t, func(t *testing.T, s *swarm) {
			f.enter(fetchesRun)
			w := buildCrashWorld(t, s, f, i)
			w.run()
			f.enter(fetchesOver)
			for _, f := range w.fetches {
				n := norms[f.String()]
				norms[f.String()] = norm{pause: max(n.pause, f.pause), ended: max(n.ended, f.ended)}
			}
		})
	}
	for _, role := range []string{"first", "left"} {
		for point, n := range f.roles[role] {
			if n.early >= runs {
				victims = append(victims, victim{role, point, n.all / runs})
			}
		}
	}
	slices.SortFunc(victims, func(a, b victim) int {
		return cmp.Or(cmp.Compare(a.role, b.role), cmp.Compare(a.point.String(), b.point.String()))
	})
	return norms, victims
}

// TestACrashDisturbsNothingOutsideItsScope crashes one process in each run, at a
// point that the run's number chooses, and holds what happened against the table
// in ARCHITECTURE.md. A number chooses the same point again; how the goroutines
// take turns is not in its hands.
func TestACrashDisturbsNothingOutsideItsScope(t *testing.T) {
	scopes := scopesOf(t)
	norms, victims := calm(t)
	covers(t, scopes, victims)
	var crashed hits
	numbers := runNumbers()
	t.Cleanup(func() { crashed.judge(t, len(numbers)) }) // when all runs are over
	for _, n := range numbers {
		v := victims[n%len(victims)]
		t.Run(strconv.Itoa(n), func(t *testing.T) {
			t.Parallel()
			point := 1 + rand.New(rand.NewPCG(uint64(n), 2)).IntN(v.passed)
			f := &fuse{role: v.role, point: v.point, left: point}
			t.Cleanup(func() {
				if t.Failed() {
					t.Logf("%s, %v, point %d of %d; %s=%d runs it again", v.role, v.point, point, v.passed, crashRunVariable, n)
				}
			})
			at := crashOnce(t, f, uint64(n), verdict{role: v.role, scope: scopes[v.point.kind], norms: norms})
			if at != nil {
				crashed.add(*at)
			}
		})
	}
}

// runNumbers are the runs to do.
func runNumbers() []int {
	if only, err := strconv.Atoi(os.Getenv(crashRunVariable)); err == nil {
		return []int{only}
	}
	numbers := make([]int, crashRuns)
	if testing.Short() {
		numbers = numbers[:crashRunsShort]
	}
	for i := range numbers {
		numbers[i] = i
	}
	return numbers
}

// crashOnce does one run and returns where it crashed. A crash that comes only
// while the clients shut down is not judged and not returned: whatever it does,
// nothing may be left over.
func crashOnce(t *testing.T, f *fuse, n uint64, v verdict) (at *sup.Point) {
	t.Helper()
	inSwarm(t, func(t *testing.T, s *swarm) {
		v.T, v.w = t, buildCrashWorld(t, s, f, n)
		v.w.run()
		if at = f.crashed(); at != nil {
			v.at = *at
			v.judge()
		}
		if t.Failed() {
			t.Log(v.w.story())
		}
	})
	return at
}
