package amount_test

import (
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/etorrent/etorrent/cmd/etorrent/internal/amount"
)

func TestSizesCountIn1024s(t *testing.T) {
	for s, want := range map[string]int64{
		"0": 0, "1": 1, "16384": 16384, "16K": 16384, "16k": 16384, "16KiB": 16384, "16kb": 16384, " 1.5 M ": 3 << 19,
		"2G": 2 << 30, "1TiB": 1 << 40, "7B": 7,
	} {
		if got, err := amount.ParseSize(s); got != want || err != nil {
			t.Errorf("%q: %d, %v; want %d", s, got, err, want)
		}
	}
}

func TestRatesAreBytesIn1024sOrBitsIn1000s(t *testing.T) {
	for s, want := range map[string]int64{
		"0": 0, "5M": 5 << 20, "5M/s": 5 << 20, "5MiB/s": 5 << 20, "40mbit": 5_000_000, "40Mbit/s": 5_000_000,
		"1gbit": 125_000_000, "8kbit": 1000, "8bit": 1, "100": 100, "0.5K": 512,
	} {
		if got, err := amount.ParseRate(s); got != want || err != nil {
			t.Errorf("%q: %d, %v; want %d", s, got, err, want)
		}
	}
}

func TestWhatIsNoAmountIsRefused(t *testing.T) {
	for _, s := range []string{"", "M", "-1", "-5M", "5X", "5 apples", "1e3", "5mbits", "99999999T", "NaN", "Inf", "0.1", "1.2.3", "5M/h"} {
		_, rateErr := amount.ParseRate(s)
		_, sizeErr := amount.ParseSize(s)
		var a, b *amount.Error
		if !errors.As(rateErr, &a) || !errors.As(sizeErr, &b) || a.Text != s {
			t.Errorf("%q: %v, %v", s, rateErr, sizeErr)
		}
	}
	if _, err := amount.ParseSize("40mbit"); err == nil {
		t.Error("bits make a size")
	}
}

func TestSizesAreWrittenShort(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0 B", 1023: "1023 B", 1024: "1.0 KiB", 1536: "1.5 KiB", 100 << 10: "100 KiB", 1 << 20: "1.0 MiB",
		1<<20 - 1: "1.0 MiB", 256 << 20: "256 MiB", 1 << 30: "1.0 GiB", 1<<63 - 1: "8.0 EiB",
	} {
		if got := amount.Size(n); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Range(0, 1<<49).Draw(t, "n")
		s := amount.Size(n)
		back, err := amount.ParseSize(s)
		if len(s) > 8 || err != nil {
			t.Fatalf("%d: %q, %v", n, s, err)
		}
		if off := float64(back-n) / float64(max(n, 1)); off > 0.06 || off < -0.06 {
			t.Fatalf("%d became %q, which is %d", n, s, back)
		}
	})
}

func TestDurationsHaveTwoUnits(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0s", 41 * time.Second: "41s", 59*time.Second + 600*time.Millisecond: "1m00s", 200 * time.Second: "3m20s",
		125 * time.Minute: "2h05m", 99 * time.Hour: "4d03h",
	} {
		if got := amount.Duration(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}

func TestCountsAreInTheirNumber(t *testing.T) {
	for got, want := range map[string]string{
		amount.Count(0, "file"):        "0 files",
		amount.Count(1, "file"):        "1 file",
		amount.Count(int64(2), "byte"): "2 bytes",
		amount.Of(0, 1, "piece"):       "0 of 1 piece",
		amount.Of(1, 3, "piece"):       "1 of 3 pieces",
		amount.Are(1, "piece"):         "1 piece is",
		amount.Are(0, "piece"):         "0 pieces are",
		amount.Be(1):                   "1 is",
		amount.Be(4):                   "4 are",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
