package limit_test

import (
	"fmt"
	"math"
	"sync"
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/leaf/limit"
	"github.com/etorrent/etorrent/internal/vocab/mono"
)

const start = mono.Instant(time.Hour)

// drawer asks for bytes as often as it is told to.
type drawer struct {
	want, atLeast int
	there         int // bytes that it could use at a time; 0: all
	next          mono.Instant
	drew          int64
}

// draw lets drawers of one bucket ask in turn, in virtual time, for a span. Who
// gets something asks again at once.
func draw(b *limit.Bucket, from mono.Instant, span time.Duration, drawers []*drawer) (total int64) {
	for _, d := range drawers {
		d.next = from
	}
	for {
		d := drawers[0]
		for _, other := range drawers {
			if other.next < d.next {
				d = other
			}
		}
		if d.next >= from.Add(span) {
			return total
		}
		n, wait := b.Take(d.next, d.want, d.atLeast)
		if n == 0 {
			d.next = d.next.Add(wait)
			continue
		}
		used := n
		if d.there > 0 {
			used = min(n, d.there)
		}
		b.Return(n - used)
		d.drew += int64(used)
		total += int64(used)
		d.next = d.next.Add(20 * time.Microsecond) // to read or send it
	}
}

func TestTheRateIsKeptWithinTwoPercentOverTenSeconds(t *testing.T) {
	const block, slab, span = 16 << 10, 256 << 10, 10 * time.Second
	for _, rate := range []int64{2 << 20, 10 << 20, 100 << 20, 400 << 20} {
		for name, all := range map[string][]*drawer{
			"a reader":             {{want: slab, atLeast: 1}},
			"readers":              {{want: slab, atLeast: 1}, {want: slab, atLeast: block}, {want: block, atLeast: block}},
			"a sender of blocks":   {{want: slab, atLeast: block}},
			"large blocks":         {{want: 128 << 10, atLeast: 128 << 10}},
			"readers that get few": {{want: slab, atLeast: 1, there: 1448}, {want: slab, atLeast: block, there: 9000}},
		} {
			t.Run(fmt.Sprint(rate, " ", name), func(t *testing.T) {
				got := draw(limit.NewBucket(rate), start, span, all)
				want := float64(rate) * span.Seconds()
				if share := float64(got) / want; math.Abs(share-1) > 0.02 {
					t.Errorf("%d bytes, %.2f %% of what the rate is", got, 100*share)
				}
			})
		}
	}
}

func TestALowRateIsKeptWithinABlock(t *testing.T) {
	const block, span = 16 << 10, 100 * time.Second
	for _, rate := range []int64{1, 100, 1000, 50_000} {
		got := draw(limit.NewBucket(rate), start, span, []*drawer{{want: 10 * block, atLeast: block}})
		if want := rate * int64(span.Seconds()); got < want-block || got > want+block {
			t.Errorf("%d bytes, want %d", got, want)
		}
	}
}

func TestThoseWhoWaitShareTheRate(t *testing.T) {
	const drawers = 20
	for rate, span := range map[int64]time.Duration{100 << 10: 200 * time.Second, 10 << 20: 5 * time.Second} {
		for _, atLeast := range []int{1, 16 << 10} {
			var all []*drawer
			for range drawers {
				all = append(all, &drawer{want: 256 << 10, atLeast: atLeast})
			}
			total := draw(limit.NewBucket(rate), start, span, all)
			for n, d := range all {
				if share := float64(d.drew) / float64(total) * drawers; share < 0.5 || share > 2 {
					t.Errorf("at %d and %d, drawer %d got %.2f of its share", rate, atLeast, n, share)
				}
			}
		}
	}
}

func TestIdlingSavesUpATenthOfASecondAtMost(t *testing.T) {
	b := limit.NewBucket(1_000_000)
	b.Take(start, 1, 1)
	total := 0
	for {
		n, _ := b.Take(start.Add(time.Hour), 10_000, 1)
		if n == 0 {
			break
		}
		total += n
	}
	if total != 100_000 {
		t.Errorf("%d bytes at once", total)
	}
}

func TestAnEmptyBucketSaysWhenToAskAgain(t *testing.T) {
	b := limit.NewBucket(1000)
	if n, wait := b.Take(start, 500, 500); n != 0 || wait < time.Millisecond || wait > 51*time.Millisecond {
		t.Fatalf("a new bucket grants %d, wait %v", n, wait)
	}
	now := start.Add(time.Millisecond)
	if n, _ := b.Take(now, 500, 500); n != 500 {
		t.Fatalf("granted %d", n)
	}
	n, wait := b.Take(now, 500, 500)
	if n != 0 || wait < 500*time.Millisecond || wait > 550*time.Millisecond {
		t.Fatalf("granted %d, wait %v", n, wait)
	}
	if n, again := b.Take(now.Add(wait/2), 500, 500); n != 0 || again < 200*time.Millisecond {
		t.Errorf("granted %d before the debt is paid, wait %v", n, again)
	}
	if n, _ := b.Take(now.Add(wait), 500, 500); n != 500 {
		t.Errorf("granted %d when the debt is paid", n)
	}
}

func TestNobodyWaitsLongerThanASecondToHearOfANewRate(t *testing.T) {
	b := limit.NewBucket(1)
	b.Take(start, 1, 1)
	if n, _ := b.Take(start.Add(time.Second), math.MaxInt, math.MaxInt); n != math.MaxInt {
		t.Fatalf("granted %d", n)
	}
	for range 1000 {
		if n, wait := b.Take(start.Add(time.Second), 1, 1); n != 0 || wait <= 0 || wait > time.Second {
			t.Fatalf("granted %d, wait %v", n, wait)
		}
	}
}

func TestAGrantIsNeverAboveWhatIsWanted(t *testing.T) {
	b := limit.NewBucket(1 << 30)
	b.Take(start, 1, 1)
	if n, _ := b.Take(start.Add(time.Second), 3, 1000); n != 3 {
		t.Errorf("granted %d", n)
	}
}

func TestWithoutARateThereIsNoLimit(t *testing.T) {
	var none *limit.Bucket
	none.Return(5)
	for name, b := range map[string]*limit.Bucket{"nil": none, "rate 0": limit.NewBucket(0)} {
		if n, wait := b.Take(start, math.MaxInt, 1); n != math.MaxInt || wait != 0 {
			t.Errorf("%s: granted %d, wait %v", name, n, wait)
		}
	}
}

func TestANewRateHoldsAtOnce(t *testing.T) {
	b := limit.NewBucket(1)
	draw(b, start, time.Second, []*drawer{{want: 1 << 20, atLeast: 1 << 20}}) // deep in debt
	b.SetRate(0)
	b.Return(1 << 30)
	now := start.Add(time.Hour)
	b.SetRate(1_000_000)
	got := draw(b, now, 10*time.Second, []*drawer{{want: 1000, atLeast: 1}})
	if got < 9_900_000 || got > 10_100_000 {
		t.Errorf("%d bytes", got)
	}
}

func TestInstantsOutOfOrderDoNotChangeTheRate(t *testing.T) {
	b := limit.NewBucket(1_000_000)
	var got int64
	for now := start; now < start.Add(10*time.Second); now = now.Add(time.Millisecond) {
		for _, at := range []mono.Instant{now, now.Add(-500 * time.Microsecond), now} {
			n, _ := b.Take(at, 1<<20, 1)
			got += int64(n)
		}
	}
	if got < 9_900_000 || got > 10_100_000 {
		t.Errorf("%d bytes", got)
	}
}

func TestManyProcessesMayDraw(t *testing.T) {
	b := limit.NewBucket(1 << 20)
	var all sync.WaitGroup
	var drew [8]int64
	for n := range drew {
		all.Go(func() {
			for now := start; now < start.Add(10*time.Second); now = now.Add(10 * time.Millisecond) {
				got, _ := b.Take(now, 5000, 1)
				b.Return(got / 2)
				drew[n] += int64(got - got/2)
				if n == 0 && now == start.Add(5*time.Second) {
					b.SetRate(1 << 20)
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
