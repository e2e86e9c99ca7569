//go:build linux

package main

import (
	"math"
	"testing"
	"time"
)

// grown makes points from milliseconds and bytes.
func grown(pairs ...int64) []point {
	var out []point
	for i := 0; i < len(pairs); i += 2 {
		out = append(out, point{time.Unix(0, 0).Add(time.Duration(pairs[i]) * time.Millisecond), pairs[i+1]})
	}
	return out
}

func TestTheMiddleRateLeavesOutBeginAndEnd(t *testing.T) {
	// 0 to 100 slowly, 100 to 300 in a second, the rest slowly.
	got, err := middleRate(grown(0, 0, 5000, 100, 5500, 200, 6000, 300, 60000, 400), 400)
	if err != nil || got != 200 {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestBetweenTwoLooksGrowthIsAStraightLine(t *testing.T) {
	got, err := middleRate(grown(0, 0, 1000, 400), 400)
	if err != nil || math.Abs(got-400) > 1e-6 {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestACopyThatWasNotSeenToGrowHasNoRate(t *testing.T) {
	for _, points := range [][]point{nil, grown(0, 0, 10, 200), grown(0, 400, 10, 400)} {
		if got, err := middleRate(points, 400); err == nil {
			t.Errorf("%v gave %v", points, got)
		}
	}
}

func TestMemoryIsReadInKilobytes(t *testing.T) {
	const status = "Name:\tx\nVmRSS:\t  900 kB\nRssAnon:\t     123 kB\nRssFile:\t 1 kB\n"
	if got, err := parseKilobytes(status, "RssAnon"); err != nil || got != 123<<10 {
		t.Errorf("got %v, %v", got, err)
	}
	if _, err := parseKilobytes(status, "Slab"); err == nil {
		t.Error("found what is not there")
	}
}
