//go:build linux

package main

import (
	"testing"
	"time"
)

func TestIperfTellsTheRateAtTheReceiver(t *testing.T) {
	got, err := parseIperf(`{"start":{},"end":{"sum_sent":{"bits_per_second":99},"sum_received":{"bits_per_second":80000000}}}`)
	if err != nil || got != 10_000_000 {
		t.Errorf("got %v, %v", got, err)
	}
	for _, bad := range []string{"", `{"error":"unable to connect"}`, `{"end":{}}`} {
		if _, err := parseIperf(bad); err == nil {
			t.Errorf("%q was understood", bad)
		}
	}
}

func TestAFileHasTheSizeThatWasSeenLast(t *testing.T) {
	points := grown(0, 0, 1000, 100, 2000, 300)
	for ms, want := range map[int64]int64{0: 0, 999: 0, 1000: 100, 1999: 100, 5000: 300} {
		if got := grownAt(points, time.Unix(0, 0).Add(time.Duration(ms)*time.Millisecond)); got != want {
			t.Errorf("after %d ms: %d, want %d", ms, got, want)
		}
	}
}

func TestAPayloadOutlastsItsLine(t *testing.T) {
	o := delayOptions{warm: 5 * time.Second, span: 30 * time.Second}
	if s := o.payload(); s.size <= 35*linkRate || s.size%s.piece != 0 {
		t.Errorf("%+v", s)
	}
}

func TestThePercentileIsOneOfTheValues(t *testing.T) {
	var values []time.Duration
	for n := range 200 {
		values = append(values, time.Duration(200-n))
	}
	for percent, want := range map[int]time.Duration{99: 198, 50: 100, 100: 200} {
		if got := percentile(values, percent); got != want {
			t.Errorf("%d %%: %d, want %d", percent, got, want)
		}
	}
	if got := percentile([]time.Duration{7}, 99); got != 7 {
		t.Errorf("of a single value: %d", got)
	}
}
