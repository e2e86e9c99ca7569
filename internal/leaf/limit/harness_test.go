package limit_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/leaf/limit"
	"github.com/etorrent/etorrent/internal/vocab/mono"
)

const (
	start = mono.Instant(time.Hour)
	block = 16 << 10
	slab  = 256 << 10
)

// drawer asks for bytes as often as it is told to.
type drawer struct {
	*limit.Drawer
	want, least int
	there       int           // bytes that it could use at a time; 0: all
	batch, left int           // bytes that come at once when those before are used up, and what of them is left; 0: all
	late        time.Duration // how much later than told it asks at most
	next        mono.Instant
	drew        int64
}

// hungry are n drawers of one bucket that want all they can get.
func hungry(b *limit.Bucket, n int, d drawer) []*drawer {
	var all []*drawer
	for range n {
		d := d
		d.Drawer = b.Drawer()
		all = append(all, &d)
	}
	return all
}

// draw lets drawers ask in turn, in virtual time, for a span. Who gets something
// asks again at once.
func draw(t testing.TB, from mono.Instant, span time.Duration, drawers []*drawer) (total int64) {
	t.Helper()
	rnd := rand.New(rand.NewPCG(1, 1))
	for _, d := range drawers {
		d.next = max(d.next, from)
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
		n, wait := d.Take(d.next, d.want, d.least)
		if n == 0 {
			if wait <= 0 || wait > time.Second {
				t.Fatalf("nothing is granted, and the wait is %v", wait)
			}
			if d.late > 0 {
				wait += time.Duration(rnd.Int64N(int64(d.late)))
			}
			d.next = d.next.Add(wait)
			continue
		}
		used := n
		if d.there > 0 {
			used = min(n, d.there)
		}
		if d.batch > 0 {
			if d.left == 0 {
				d.left = d.batch
			}
			used = min(n, d.left)
			d.left -= used
		}
		d.Return(n - used)
		d.drew += int64(used)
		total += int64(used)
		d.next = d.next.Add(20 * time.Microsecond) // to read or send it
	}
}

// jain is Jain's index of what drawers drew: 1 where it is the same, 1/n where one
// has all.
func jain(all []*drawer) float64 {
	sum, squares := 0.0, 0.0
	for _, d := range all {
		sum += float64(d.drew)
		squares += float64(d.drew) * float64(d.drew)
	}
	return sum * sum / squares / float64(len(all))
}
