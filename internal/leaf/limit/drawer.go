package limit

import (
	"math"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/mono"
)

// Drawer is one who draws from a bucket, and so from all above it. It has one
// owner. A nil Drawer has no limit.
type Drawer struct {
	stands []stand // the outermost bucket first, which is also the order of their locks
	used   int     // of the last grant
}

// stand is where a Drawer stands in one bucket.
type stand struct {
	in *Bucket
	place
	wait time.Duration
}

// ask is what a Drawer wants: up to want bytes, and no less than least if it gets
// any. What it will use is what all buckets let it, and no more than the last time.
type ask struct {
	want, least int
	use         float64
}

// Drawer returns one who draws from b.
func (b *Bucket) Drawer() *Drawer {
	d := &Drawer{used: math.MaxInt}
	for ; b != nil; b = b.above {
		d.stands = append([]stand{{in: b}}, d.stands...)
	}
	return d
}

// Take asks for up to want bytes. It grants some, or none and says when to ask
// again; who does keeps its place among those that wait. A grant is at least least
// bytes, or want: it may run the buckets into debt, which is paid by waiting. The
// instants of different callers may come out of order.
func (d *Drawer) Take(now mono.Instant, want, least int) (granted int, wait time.Duration) {
	granted = want
	if d == nil || want <= 0 {
		return granted, 0
	}
	d.lock()
	defer d.unlock()
	a := d.ask(want, least)
	for i := range d.stands {
		s, most := &d.stands[i], 0
		most, s.wait = s.in.view(now, &s.place, a)
		granted, wait = min(granted, most), max(wait, s.wait)
	}
	if wait > 0 {
		d.queue(now, wait)
		return 0, wait
	}
	for i := range d.stands {
		s := &d.stands[i]
		s.in.remove(&s.place)
		s.in.tokens -= float64(granted)
	}
	d.used = granted
	return granted, 0
}

// ask says what is wanted, and what of it will be used. The locks are held.
func (d *Drawer) ask(want, least int) ask {
	a := ask{want: want, least: min(least, want), use: float64(min(want, max(1, d.used)))}
	for i := range d.stands {
		if b := d.stands[i].in; b.perSecond > 0 {
			a.use = min(a.use, max(b.share(), float64(a.least)))
		}
	}
	return a
}

func (d *Drawer) lock() {
	for i := range d.stands {
		d.stands[i].in.mu.Lock()
	}
}

func (d *Drawer) unlock() {
	for i := range d.stands {
		d.stands[i].in.mu.Unlock()
	}
}

// queue has the Drawer wait where there is too little. The locks are held.
func (d *Drawer) queue(now mono.Instant, wait time.Duration) {
	for i := range d.stands {
		s := &d.stands[i]
		if s.in.perSecond <= 0 {
			continue
		}
		if s.state == outside {
			s.in.queue = append(s.in.queue, &s.place)
		}
		s.due = now.Add(wait)
		s.state = waits
		if s.wait < wait {
			s.state = waitsElse
		}
	}
}

// Return gives back what was granted and not used; a negative number draws what
// was used beyond the grant.
func (d *Drawer) Return(n int) {
	if d == nil || n == 0 {
		return
	}
	d.used -= n
	for i := range d.stands {
		b := d.stands[i].in
		b.mu.Lock()
		b.tokens += float64(n)
		b.mu.Unlock()
	}
}

// Leave gives its places up to those behind. The Drawer may go on drawing.
func (d *Drawer) Leave() {
	if d == nil {
		return
	}
	for i := range d.stands {
		s := &d.stands[i]
		s.in.mu.Lock()
		s.in.remove(&s.place)
		s.in.mu.Unlock()
	}
}
