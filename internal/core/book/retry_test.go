package book

import (
	"net/netip"
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/endpoint"
)

func TestARetryEndsAllWaitsButThoseOfTheUnwelcome(t *testing.T) {
	c, now := New(), start
	for _, to := range []string{"192.0.2.1:7000", "192.0.2.2:7000", "192.0.2.3:7000"} {
		c.Add(netip.MustParseAddrPort(to), atTracker)
	}
	banned, crashing := netip.MustParseAddrPort("192.0.2.2:7000"), netip.MustParseAddrPort("192.0.2.3:7000")
	for range 6 {
		for _, to := range next(c, now) {
			c.Failed(now, to)
		}
		now = c.NextDeadline().Add(time.Minute)
	}
	for _, to := range next(c, now) {
		c.Failed(now, to)
	}
	c.Ban(now, banned.Addr())
	for range crashLimit {
		c.Crashed(now, crashing, 1)
	}
	if again := next(c, now.Add(time.Second)); len(again) != 0 {
		t.Fatalf("dialled %v before their wait was over", again)
	}
	c.Retry(now)
	again := next(c, now)
	if len(again) != 1 || again[0] != netip.MustParseAddrPort("192.0.2.1:7000") {
		t.Fatalf("dialled %v", again)
	}
	c.Failed(now, again[0])
	if wait := c.NextDeadline().Sub(now); wait > firstWait {
		t.Errorf("it waits %v after the next failure", wait)
	}
}

func TestARetryLooksAllNamesUpButThoseThatAreAsked(t *testing.T) {
	n, now := NewNames(), start
	for _, host := range []string{"found.example", "failed.example", "asked.example"} {
		n.Add(now, endpoint.Name{Host: host, Port: 7000})
	}
	n.Next(now, &lookups{})
	n.Found(now, "found.example")
	n.Failed(now, "failed.example")
	n.Retry(now)
	if l := lookedUp(n, now); len(l) != 2 || l[0] != "found.example" || l[1] != "failed.example" {
		t.Errorf("looked up %v", l)
	}
}

func TestARetryEndsTheRestOfAFamily(t *testing.T) {
	c := New()
	for n := range 10 {
		c.Add(netip.AddrPortFrom(six.Addr(), uint16(6000+n)), atTracker)
	}
	for _, to := range next(c, start) {
		c.NoRoute(start, to, UnreachedNetwork)
	}
	if again := next(c, start); len(again) != 0 {
		t.Fatalf("dialled %v while the family rests", again)
	}
	c.Retry(start)
	if again := next(c, start); len(again) != 10 {
		t.Errorf("dialled %v", again)
	}
}
