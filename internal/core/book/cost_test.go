package book

import (
	"net/netip"
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/mono"
)

// full is a book with Bound endpoints, most of them waiting.
func full(tb testing.TB) (*Core, mono.Instant) {
	tb.Helper()
	c, now := New(), start
	for n := range Bound {
		to := netip.AddrPortFrom(netip.AddrFrom4([4]byte{198, 51, byte(n >> 8), byte(n)}), 6881)
		if got := c.Add(to, Person()); got != Added {
			tb.Fatalf("%v: %v", to, got)
		}
	}
	for range 2 * Bound / HalfOpen {
		for _, to := range next(c, now) {
			c.Failed(now, to)
		}
		now = now.Add(time.Millisecond)
	}
	return c, now
}

func TestNothingIsAllocatedWhileNothingIsDue(t *testing.T) {
	c, now := full(t)
	c.Next(now, 4000, &dials{to: make([]netip.AddrPort, 0, HalfOpen)})
	var d dials
	if got := testing.AllocsPerRun(100, func() {
		c.Next(now, 4000, &d)
		_, _ = c.NextDeadline(), c.Known()
	}); got != 0 || len(d.to) != 0 {
		t.Errorf("%v allocations, dialled %v", got, d.to)
	}
}

func BenchmarkAStepOfAFullBook(b *testing.B) {
	c, now := full(b)
	c.Next(now, 4000, &dials{})
	var d dials
	b.ReportAllocs()
	for b.Loop() {
		c.Next(now, 4000, &d)
		_, _ = c.NextDeadline(), c.Known()
	}
}

func BenchmarkAFailedAttemptInAFullBook(b *testing.B) {
	c, now := full(b)
	d := dials{to: make([]netip.AddrPort, 0, 2*HalfOpen)}
	b.ReportAllocs()
	for b.Loop() {
		d.to = d.to[:0]
		c.Next(now, 4000, &d)
		for _, to := range d.to {
			c.Failed(now, to)
		}
		now = max(now, c.NextDeadline())
	}
}
