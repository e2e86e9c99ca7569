//go:build linux

package main

import (
	"math"
	"testing"
)

func TestMedianOfAnEvenCountIsBetween(t *testing.T) {
	if got := median([]float64{4, 1, 2, 9}); got != 3 {
		t.Errorf("got %v", got)
	}
}

func TestMedianLeavesOutWhatIsNoNumber(t *testing.T) {
	if got := median([]float64{math.NaN(), 5, 1, 2}); got != 2 {
		t.Errorf("got %v", got)
	}
	if got := median([]float64{math.NaN()}); !math.IsNaN(got) {
		t.Errorf("the median of nothing is %v", got)
	}
}

func TestAnAimIsReachedToleratedOrMissed(t *testing.T) {
	low := aim{sense: atMost, bound: 1.5, must: 1.8}
	high := aim{sense: atLeast, bound: 0.6, must: 0.45}
	for _, c := range []struct {
		a     aim
		value float64
		want  verdict
	}{
		{low, 1.5, reached}, {low, 1.51, tolerated}, {low, 1.8, tolerated}, {low, 1.81, missed},
		{high, 0.6, reached}, {high, 0.59, tolerated}, {high, 0.45, tolerated}, {high, 0.44, missed},
		{aim{sense: atMost, bound: 64}, 65, missed}, {aim{sense: printed}, 1, notJudged}, {low, math.NaN(), notJudged},
	} {
		if got := c.a.judge(c.value); got != c.want {
			t.Errorf("%v against %+v is %q, want %q", c.value, c.a, got, c.want)
		}
	}
}

// twin is a round of two contenders with one figure.
func twin(a, b float64) round {
	return round{"a": {values: map[figure]float64{cpuBoth: a}}, "b": {values: map[figure]float64{cpuBoth: b}}}
}

// The median of ratios is not the ratio of medians.
func TestRatiosAreTakenWithinARound(t *testing.T) {
	r := result{kept: []round{twin(1, 1), twin(10, 2), twin(12, 4)}}
	got, v := r.judge(aim{value: times(cpuBoth, "a", "b"), sense: atMost, bound: 3})
	if got != 3 || v != reached {
		t.Errorf("got %v, %v", got, v)
	}
}

func TestDroppedRoundsAreShownOnlyWhereNoneCountsAndNeverJudged(t *testing.T) {
	a := aim{value: times(cpuBoth, "a", "b"), sense: atMost, bound: 3}
	mixed := result{kept: []round{twin(4, 2)}, dropped: []round{twin(9, 1), twin(9, 1)}}
	if got, v := mixed.judge(a); got != 2 || v != reached {
		t.Errorf("got %v, %v", got, v)
	}
	none := result{dropped: []round{twin(9, 1)}}
	if got, v := none.judge(a); got != 9 || v != notJudged {
		t.Errorf("got %v, %v", got, v)
	}
}

func TestAContenderThatIsNotThereIsNotJudged(t *testing.T) {
	r := result{kept: []round{twin(1, 1)}}
	if got, v := r.judge(aim{value: times(cpuBoth, "a", "c"), sense: atMost, bound: 3}); v != notJudged {
		t.Errorf("got %v, %v", got, v)
	}
}
