package limit_test

import (
	"fmt"
	"math"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/leaf/limit"
)

// rates are those that are to be kept, in bytes a second. Those who draw are of one goroutine, and
// the race detector learns nothing from them: beside it there are few.
func rates() []int64 {
	if testing.Short() {
		return []int64{10 << 10, 10 << 20}
	}
	return []int64{10 << 10, 100 << 10, 1 << 20, 10 << 20, 100 << 20, 1_000_000_000}
}

func TestTheRateIsKeptWithinTwoPercentOverTenSeconds(t *testing.T) {
	const span = 10 * time.Second
	for _, rate := range append([]int64{50 << 10}, rates()...) { // of that one a turn is most of what idling saves
		for name, crowd := range map[string]func(*limit.Bucket) []*drawer{
			"one":   func(b *limit.Bucket) []*drawer { return hungry(b, 1, drawer{want: slab, least: 1}) },
			"fifty": func(b *limit.Bucket) []*drawer { return hungry(b, 50, drawer{want: slab, least: 1}) },
			"three that delay": func(b *limit.Bucket) []*drawer {
				return hungry(b, 3, drawer{want: slab, least: 1, late: 5 * time.Millisecond})
			},
			"fifty that delay": func(b *limit.Bucket) []*drawer {
				return hungry(b, 50, drawer{want: slab, least: 1, late: 20 * time.Millisecond})
			},
			"twenty that find some of their turns almost empty": func(b *limit.Bucket) []*drawer {
				return hungry(b, 20, drawer{want: slab, least: 1, batch: 2*4096 + 52})
			},
			"some that use little": func(b *limit.Bucket) []*drawer {
				return slices.Concat(hungry(b, 50, drawer{want: slab, least: 1, there: 300}), hungry(b, 5, drawer{want: slab, least: 1}))
			},
		} {
			t.Run(fmt.Sprint(rate, " ", name), func(t *testing.T) {
				got := draw(t, start, span, crowd(limit.NewBucket(rate)))
				if share := float64(got) / (float64(rate) * span.Seconds()); math.Abs(share-1) > 0.02 {
					t.Errorf("%d bytes, %.2f %% of what the rate is", got, 100*share)
				}
			})
		}
	}
}

func TestWholeBlocksAreKeptToTheRateWithinABlock(t *testing.T) {
	const span = 100 * time.Second
	for _, rate := range []int64{1, 100, 1000, 50_000, 10 << 20} {
		got := draw(t, start, span, hungry(limit.NewBucket(rate), 3, drawer{want: 10 * block, least: block}))
		if want, most := rate*int64(span.Seconds()), max(3*block, rate); got < want-most || got > want+most {
			t.Errorf("%d bytes, want %d", got, want)
		}
	}
}

func TestThoseWhoWaitShareTheRateEvenly(t *testing.T) {
	for _, rate := range rates() {
		for _, n := range []int{2, 7, 20, 100} {
			for _, late := range []time.Duration{0, time.Millisecond, 20 * time.Millisecond} {
				all := hungry(limit.NewBucket(rate), n, drawer{want: slab, least: 1, late: late})
				draw(t, start, 10*time.Second, all)
				if j := jain(all); j < 0.9 {
					t.Errorf("Jain's index is %.3f at %d, with %d that are up to %v late", j, rate, n, late)
				}
			}
		}
	}
}

func TestOneThatWantsLittleWaitsForNobodyLongerThanItsTurn(t *testing.T) {
	b := limit.NewBucket(100 << 10)
	all := hungry(b, 9, drawer{want: slab, least: 1})
	draw(t, start, time.Second, all)
	now := start.Add(time.Second)
	d, waited := b.Drawer(), time.Duration(0)
	for {
		n, wait := d.Take(now.Add(waited), 100, 1)
		if n == 100 {
			break
		}
		waited += wait
		draw(t, all[0].next, 0, all)
		draw(t, now, waited, all)
	}
	if turn := 10 * 4 * 10 * time.Millisecond; waited > turn { // ten times 4 KiB
		t.Errorf("it waited %v, a turn of all is %v", waited, turn)
	}
}

func TestIdlingSavesUpATenthOfASecondAtMost(t *testing.T) {
	d := limit.NewBucket(1_000_000).Drawer()
	d.Take(start, 1, 1)
	total := 0
	for {
		n, _ := d.Take(start.Add(time.Hour), 10_000, 1)
		if n == 0 {
			break
		}
		total += n
	}
	if total < 100_000 || total > 110_000 {
		t.Errorf("%d bytes at once", total)
	}
}

func TestAnEmptyBucketSaysWhenToAskAgain(t *testing.T) {
	d := limit.NewBucket(1000).Drawer()
	if n, wait := d.Take(start, 500, 500); n != 0 || wait != time.Millisecond {
		t.Fatalf("a new bucket grants %d, wait %v", n, wait)
	}
	now := start.Add(time.Millisecond)
	if n, _ := d.Take(now, 500, 500); n != 500 {
		t.Fatalf("granted %d", n)
	}
	n, wait := d.Take(now, 500, 500)
	if n != 0 || wait != 500*time.Millisecond {
		t.Fatalf("granted %d, wait %v", n, wait)
	}
	if n, again := d.Take(now.Add(wait/2), 500, 500); n != 0 || again != wait/2 {
		t.Errorf("granted %d before the debt is paid, wait %v", n, again)
	}
	if n, _ := d.Take(now.Add(wait), 500, 500); n != 500 {
		t.Errorf("granted %d when the debt is paid", n)
	}
}

func TestNobodyWaitsLongerThanASecondToHearOfANewRate(t *testing.T) {
	b := limit.NewBucket(1)
	d := b.Drawer()
	d.Take(start, 1, 1)
	now := start.Add(time.Second)
	if n, _ := d.Take(now, math.MaxInt, math.MaxInt); n != math.MaxInt {
		t.Fatalf("granted %d", n)
	}
	for range 1000 {
		if n, wait := b.Drawer().Take(now, 1, 1); n != 0 || wait != time.Second {
			t.Fatalf("granted %d, wait %v", n, wait)
		}
	}
	b.SetRate(0)
	if n, _ := d.Take(now, 7, 1); n != 7 {
		t.Errorf("granted %d without a limit", n)
	}
}

func TestAGrantIsNeverAboveWhatIsWanted(t *testing.T) {
	d := limit.NewBucket(1 << 30).Drawer()
	d.Take(start, 1, 1)
	if n, _ := d.Take(start.Add(time.Second), 3, 1000); n != 3 {
		t.Errorf("granted %d", n)
	}
}

func TestWithoutARateThereIsNoLimit(t *testing.T) {
	var none *limit.Bucket
	for name, b := range map[string]*limit.Bucket{"nil": none, "rate 0": limit.NewBucket(0), "0 under 0": limit.NewBucket(0).Under(0)} {
		d := b.Drawer()
		d.Return(5)
		if n, wait := d.Take(start, math.MaxInt, 1); n != math.MaxInt || wait != 0 {
			t.Errorf("%s: granted %d, wait %v", name, n, wait)
		}
	}
	var nobody *limit.Drawer
	nobody.Return(5)
	nobody.Leave()
	if n, wait := nobody.Take(start, 5, 1); n != 5 || wait != 0 {
		t.Errorf("granted %d, wait %v", n, wait)
	}
}

func TestANewRateHoldsAtOnce(t *testing.T) {
	b := limit.NewBucket(1)
	draw(t, start, time.Second, hungry(b, 1, drawer{want: 1 << 20, least: 1 << 20})) // deep in debt
	b.SetRate(0)
	b.Drawer().Return(1 << 30)
	now := start.Add(time.Hour)
	all := hungry(b, 10, drawer{want: slab, least: 1})
	for _, rate := range []int64{1_000_000, 20_000, 50_000_000, 100_000} {
		b.SetRate(rate)
		got := draw(t, now, 10*time.Second, all)
		if share := float64(got) / float64(10*rate); math.Abs(share-1) > 0.02 {
			t.Errorf("%d bytes in ten seconds after the rate became %d, %.2f %%", got, rate, 100*share)
		}
		now = now.Add(10 * time.Second)
	}
}

func TestInstantsOutOfOrderDoNotChangeTheRate(t *testing.T) {
	d := limit.NewBucket(1_000_000).Drawer()
	var got int64
	for now := start; now < start.Add(10*time.Second); now = now.Add(time.Millisecond) {
		for _, at := range []time.Duration{0, -500 * time.Microsecond, 0} {
			n, _ := d.Take(now.Add(at), 1<<20, 1)
			got += int64(n)
		}
	}
	if got < 9_900_000 || got > 10_100_000 {
		t.Errorf("%d bytes", got)
	}
}

func TestManyProcessesMayDraw(t *testing.T) {
	b := limit.NewBucket(1 << 20)
	one, other := b.Under(1<<18), b.Under(0)
	var all sync.WaitGroup
	var drew [8]int64
	for n := range drew {
		all.Go(func() {
			d := []*limit.Bucket{one, other, b}[n%3].Drawer()
			defer d.Leave()
			for now := start; now < start.Add(10*time.Second); now = now.Add(10 * time.Millisecond) {
				got, _ := d.Take(now, 5000, 1)
				d.Return(got / 2)
				drew[n] += int64(got - got/2)
				if n == 0 && now == start.Add(5*time.Second) {
					b.SetRate(1 << 20)
					one.SetRate(0)
				}
			}
		})
	}
	all.Wait()
	for n, got := range drew {
		if got < 0 {
			t.Errorf("process %d drew %d", n, got)
		}
	}
}
