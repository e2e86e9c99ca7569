package rtt_test

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/etorrent/etorrent/internal/core/utp/rtt"
	"github.com/etorrent/etorrent/internal/vocab/mono"
)

func TestBeforeAnythingIsMeasuredTheTimeoutIsASecond(t *testing.T) {
	var e rtt.Estimator
	if e.Smoothed() != 0 || e.Least() != 0 || e.Timeout(0) != time.Second || e.Timeout(2) != 4*time.Second {
		t.Errorf("%v, %v, %v, %v", e.Smoothed(), e.Least(), e.Timeout(0), e.Timeout(2))
	}
}

func TestTheFirstSampleIsTheEstimate(t *testing.T) {
	var e rtt.Estimator
	e.Sample(1, 300*time.Millisecond)
	if e.Smoothed() != 300*time.Millisecond || e.Variance() != 150*time.Millisecond || e.Timeout(0) != 900*time.Millisecond {
		t.Errorf("%v ± %v, timeout %v", e.Smoothed(), e.Variance(), e.Timeout(0))
	}
}

func TestASteadyPathHasATimeoutOfItsTimeAndTheLeastSlack(t *testing.T) {
	var e rtt.Estimator
	for range 100 {
		e.Sample(1, 80*time.Millisecond)
	}
	if e.Timeout(0) != 80*time.Millisecond+rtt.LeastSlack {
		t.Errorf("%v", e.Timeout(0))
	}
}

func TestATimeoutDoublesUpToAMinute(t *testing.T) {
	var e rtt.Estimator
	e.Sample(1, time.Second)
	for passed, want := range []time.Duration{3, 6, 12, 24, 48, 60, 60} {
		if got := e.Timeout(passed); got != want*time.Second {
			t.Errorf("after %d: %v, want %v s", passed, got, int64(want))
		}
	}
	if got := e.Timeout(math.MaxInt); got != rtt.MostTimeout {
		t.Errorf("%v", got)
	}
}

func TestTheFirstTimeoutsOfAShortPathAreEager(t *testing.T) {
	const s = time.Second
	for took, want := range map[time.Duration][]time.Duration{
		100 * time.Millisecond: {s * 3 / 10, s * 6 / 10, s, s, s, s, s, s, s, 2 * s, 4 * s, 8 * s},
		300 * time.Millisecond: {s * 9 / 10, s * 18 / 10, s * 18 / 10, s * 18 / 10, s * 18 / 10, s * 18 / 10, s * 18 / 10, s * 18 / 10, s * 18 / 10, s * 36 / 10},
		400 * time.Millisecond: {s * 12 / 10, s * 24 / 10, s * 48 / 10},
	} {
		var e rtt.Estimator
		e.Sample(1, took)
		for passed, want := range want {
			if got := e.Timeout(passed); got != want {
				t.Errorf("%v, after %d: %v, want %v", took, passed, got, want)
			}
		}
		if got := e.Timeout(math.MaxInt); got != rtt.MostTimeout {
			t.Errorf("%v: %v", took, got)
		}
	}
}

func TestTheEstimateIsThatOfRFC6298(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var e rtt.Estimator
		var smoothed, variance float64
		for i, ms := range rapid.SliceOfN(rapid.IntRange(1, 3000), 1, 50).Draw(t, "samples") {
			r := float64(ms)
			if i == 0 {
				smoothed, variance = r, r/2
			} else {
				variance = 0.75*variance + 0.25*math.Abs(smoothed-r)
				smoothed = 0.875*smoothed + 0.125*r
			}
			e.Sample(1, time.Duration(ms)*time.Millisecond)
			near := func(d time.Duration, want float64) bool { return math.Abs(float64(d)/1e6-want) < 0.001 }
			if !near(e.Smoothed(), smoothed) || !near(e.Variance(), variance) {
				t.Fatalf("%v ± %v, want %f ± %f ms", e.Smoothed(), e.Variance(), smoothed, variance)
			}
		}
	})
}

func TestTheLeastIsThatOfTheLastMinutes(t *testing.T) {
	type sample struct {
		at mono.Instant
		d  time.Duration
	}
	rapid.Check(t, func(t *rapid.T) {
		var e rtt.Estimator
		var all []sample
		now := mono.Instant(rapid.Int64Range(1, int64(time.Hour)).Draw(t, "begin"))
		for range rapid.IntRange(1, 40).Draw(t, "samples") {
			now = now.Add(time.Duration(rapid.IntRange(0, 200).Draw(t, "seconds later")) * time.Second)
			d := time.Duration(rapid.IntRange(0, 1000).Draw(t, "took"))
			e.Sample(now, d)
			all = append(all, sample{now, max(d, 1)})
			surely, atMost := time.Duration(math.MaxInt64), time.Duration(math.MaxInt64)
			for _, s := range all {
				if now.Sub(s.at) <= 4*time.Minute {
					surely = min(surely, s.d)
				}
				if now.Sub(s.at) < 5*time.Minute {
					atMost = min(atMost, s.d)
				}
			}
			if got := e.Least(); got > surely || got < atMost {
				t.Fatalf("%v, want %v to %v", got, atMost, surely)
			}
		}
	})
}
