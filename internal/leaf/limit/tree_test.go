package limit_test

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/leaf/limit"
)

const span = 10 * time.Second

// sum is what drawers drew.
func sum(all []*drawer) (n int64) {
	for _, d := range all {
		n += d.drew
	}
	return n
}

// near fails unless got is what is wanted, within so many percent.
func near(t *testing.T, what string, got int64, want float64, percent float64) {
	t.Helper()
	if off := 100 * math.Abs(float64(got)/want-1); off > percent {
		t.Errorf("%s: %d bytes, want %.0f", what, got, want)
	}
}

func TestATorrentsRateIsKeptUnderThatOfAll(t *testing.T) {
	for _, rate := range rates() {
		t.Run(fmt.Sprint(rate), func(t *testing.T) {
			all := limit.NewBucket(rate)
			slow := hungry(all.Under(rate/5), 9, drawer{want: slab, least: 1})
			free := hungry(all.Under(0), 3, drawer{want: slab, least: 1})
			draw(t, start, span, slices.Concat(slow, free))
			near(t, "the limited torrent", sum(slow), float64(rate/5)*span.Seconds(), 2)
			near(t, "all", sum(slow)+sum(free), float64(rate)*span.Seconds(), 2)
			if j := min(jain(slow), jain(free)); j < 0.9 {
				t.Errorf("Jain's index is %.3f", j)
			}
		})
	}
}

func TestATorrentThatIsNotHeldBackByItsOwnRateGetsTheSharesOfItsPeers(t *testing.T) {
	for _, rate := range rates() {
		all := limit.NewBucket(rate)
		peers := slices.Concat(
			hungry(all.Under(rate), 6, drawer{want: slab, least: 1}),
			hungry(all.Under(rate*9/10), 8, drawer{want: slab, least: 1}),
			hungry(all, 2, drawer{want: slab, least: 1}),
		)
		got := draw(t, start, span, peers)
		near(t, fmt.Sprint("all at ", rate), got, float64(rate)*span.Seconds(), 2)
		if j := jain(peers); j < 0.9 {
			t.Errorf("Jain's index is %.3f at %d", j, rate)
		}
	}
}

func TestManyThatWaitInTheirOwnTorrentHoldUpNobodyElse(t *testing.T) {
	all := limit.NewBucket(1 << 20)
	crowd := hungry(all.Under(1000), 500, drawer{want: slab, least: 1})
	one := hungry(all.Under(0), 1, drawer{want: slab, least: 1})
	draw(t, start, span, slices.Concat(crowd, one))
	near(t, "the other torrent", sum(one), float64(1<<20-1000)*span.Seconds(), 2)
	near(t, "the crowd", sum(crowd), 1000*span.Seconds(), 2)
}

func TestRatesOfBothLevelsMayChange(t *testing.T) {
	all := limit.NewBucket(1 << 20)
	own := all.Under(0)
	mine, others := hungry(own, 4, drawer{want: slab, least: 1}), hungry(all.Under(0), 4, drawer{want: slab, least: 1})
	now := start
	for _, c := range []struct {
		all, own          int64
		wantMine, wantAll float64
	}{
		{1 << 20, 0, 512 << 10, 1 << 20},
		{1 << 20, 100 << 10, 100 << 10, 1 << 20},
		{100 << 10, 1 << 20, 50 << 10, 100 << 10},
		{100 << 10, 10 << 10, 10 << 10, 100 << 10},
	} {
		all.SetRate(c.all)
		own.SetRate(c.own)
		if got, want := own.Rate(), int64(c.wantAll); c.own == 0 && got != want || c.own > 0 && got != min(c.own, want) {
			t.Errorf("the rate below %d and %d is %d", c.all, c.own, got)
		}
		before, beforeAll := sum(mine), sum(mine)+sum(others)
		draw(t, now, span, slices.Concat(mine, others))
		near(t, fmt.Sprintf("mine at %d under %d", c.own, c.all), sum(mine)-before, c.wantMine*span.Seconds(), 4)
		near(t, fmt.Sprintf("all at %d under %d", c.own, c.all), sum(mine)+sum(others)-beforeAll, c.wantAll*span.Seconds(), 2)
		now = now.Add(span)
	}
}

func TestWhoLeavesOrStaysAwayHoldsUpNobody(t *testing.T) {
	for name, leave := range map[string]func(*limit.Drawer){"leaves": (*limit.Drawer).Leave, "stays away": func(*limit.Drawer) {}} {
		b := limit.NewBucket(100 << 10)
		all := hungry(b, 40, drawer{want: slab, least: 1})
		draw(t, start, 5*time.Second, all)
		for _, d := range all[1:] {
			leave(d.Drawer)
		}
		before := all[0].drew
		draw(t, start.Add(5*time.Second), span, all[:1])
		near(t, "one of whom each other "+name, all[0].drew-before, (100<<10)*span.Seconds(), 3)
	}
}
