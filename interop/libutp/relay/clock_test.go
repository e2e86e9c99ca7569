//go:build linux

package relay

import (
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/utpwire"
)

// step is that of clock.
const step = 100 * time.Millisecond

var steps = sync.OnceValue(func() *atomic.Int64 {
	made := new(atomic.Int64)
	go func() {
		for range time.Tick(step) {
			made.Add(1)
		}
	}()
	return made
})

// clock is how long this process has been given time. It stands while the machine does
// other things: a step that comes late is one, however late, so that what is measured by
// it is not long because the machine had no time for whom it is measured of.
func clock() time.Duration { return time.Duration(steps().Load()) * step }

// never is an instant of clock.
const never = time.Duration(math.MaxInt64)

// notes has a path note when the first packet of a kind comes, lost or not, and returns
// when that was.
func notes(p *Path, kind utpwire.Kind) func() time.Duration {
	var came atomic.Int64
	came.Store(int64(never))
	swallowed := p.Swallowed
	p.Swallowed = func(now time.Time, b []byte) bool {
		if is(b, kind) {
			came.CompareAndSwap(int64(never), int64(clock()))
		}
		return swallowed != nil && swallowed(now, b)
	}
	return func() time.Duration { return time.Duration(came.Load()) }
}

// atOnce runs cases, some at once, and returns what came of each.
func atOnce[C, R any](most int, cases []C, run func(C) R) []R {
	results, places := make([]R, len(cases)), make(chan struct{}, most)
	var running sync.WaitGroup
	for i, c := range cases {
		places <- struct{}{}
		running.Go(func() {
			defer func() { <-places }()
			results[i] = run(c)
		})
	}
	running.Wait()
	return results
}

// ended is an outcome, and when it was told.
type ended struct {
	outcome
	at time.Duration // of clock
}

// later is what an end tells, which is waited for meanwhile.
func later(end func() outcome) <-chan ended {
	told := make(chan ended, 1)
	go func() {
		o := end()
		told <- ended{o, clock()}
	}()
	return told
}
