package book

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/mono"
)

var (
	six     = netip.MustParseAddrPort("[2001:db8::1]:6881")
	sixToo  = netip.MustParseAddrPort("[2001:db8:1::1]:6881")
	fourToo = netip.MustParseAddrPort("198.51.100.8:6881")
)

func TestAFamilyWithoutARouteRestsAndItsEndpointsAreNotToBlame(t *testing.T) {
	c, now := New(), start
	for n := range 100 {
		c.Add(netip.AddrPortFrom(six.Addr(), uint16(6000+n)), atTracker)
	}
	rests, tries := 0, 0
	for now < start.Add(10*time.Minute) {
		for _, to := range next(c, now) {
			tries++
			c.NoRoute(now, to, UnreachedNetwork)
		}
		if c.families[family6].restsUntil != mono.Never {
			rests++
		}
		if at := c.NextDeadline(); at > now {
			now = at
		} else {
			t.Fatal("it wakes for nothing")
		}
	}
	if tries > HalfOpen+11 || rests == 0 {
		t.Errorf("%d tries, %d rests in ten minutes", tries, rests)
	}
	c.Add(public, atTracker)
	if got := next(c, now); !slices.Contains(got, public) {
		t.Errorf("dialled %v: the other family rests too", got)
	}
	for to, e := range c.entries {
		if e.failures != 0 || e.wait != 0 {
			t.Errorf("%v has %d failures", to, e.failures)
		}
	}
}

func TestAnythingElseThanNoRouteEndsTheSuspicion(t *testing.T) {
	for what, answer := range map[string]func(c *Core, to netip.AddrPort){
		"an answer": func(c *Core, to netip.AddrPort) { c.Failed(start, to) },
		"a connection that ended": func(c *Core, to netip.AddrPort) {
			c.Connected(start, to)
			c.Ended(start, to, TradedNothing)
		},
	} {
		c := New()
		for n := range 10 {
			c.Add(netip.AddrPortFrom(six.Addr(), uint16(6000+n)), atTracker)
		}
		for n, to := range next(c, start) {
			if n%strikesOfAFamily == strikesOfAFamily-1 {
				answer(c, to)
			} else {
				c.NoRoute(start, to, UnreachedNetwork)
			}
		}
		if c.families[family6].restsUntil != mono.Never {
			t.Errorf("%s: the family rests", what)
		}
	}
}

func TestNoRouteCountsAgainstTheEndpointWhereOthersAreReached(t *testing.T) {
	c, now := New(), start
	c.Add(six, atTracker)
	c.Add(sixToo, atTracker)
	next(c, now)
	c.Connected(now, six)
	for range 5 {
		c.NoRoute(now, sixToo, UnreachedNetwork)
		now = c.NextDeadline()
		next(c, now)
	}
	if e := c.entries[sixToo]; e.failures != 5 || c.families[family6].restsUntil != mono.Never {
		t.Errorf("%d failures", e.failures)
	}
}

func TestAHostThatIsNotReachedIsToBlameToo(t *testing.T) {
	c := New()
	c.Add(six, atTracker)
	next(c, start)
	c.NoRoute(start, six, UnreachedHost)
	if e := c.entries[six]; e.failures != 1 || c.families[family6].strikes != 1 {
		t.Errorf("%d failures, %d strikes", e.failures, c.families[family6].strikes)
	}
}

func TestOfANameIPv6IsDialledFirstAndIPv4AMomentLater(t *testing.T) {
	c, now := New(), start
	c.AddHost(now, []netip.AddrPort{public, six})
	if got := next(c, now); !slices.Equal(got, []netip.AddrPort{six}) {
		t.Fatalf("dialled %v", got)
	}
	if got := next(c, now.Add(headStart-1)); len(got) != 0 {
		t.Fatalf("dialled %v", got)
	}
	now = c.NextDeadline()
	if got := next(c, now); now != start.Add(headStart) || !slices.Equal(got, []netip.AddrPort{public}) {
		t.Errorf("after %v dialled %v", now.Sub(start), got)
	}
}

func TestOfANameWithOneFamilyAllAreDialledAtOnce(t *testing.T) {
	c := New()
	c.AddHost(start, []netip.AddrPort{public, fourToo})
	if got := next(c, start); len(got) != 2 {
		t.Errorf("dialled %v", got)
	}
}

func TestWhileOneFamilyOfANameIsConnectedTheOtherIsNotDialled(t *testing.T) {
	c, now := New(), start
	both := []netip.AddrPort{public, six}
	c.AddHost(now, both)
	next(c, now)
	c.Connected(now, six)
	for range 3 {
		now = now.Add(31 * time.Minute)
		if got := next(c, now); len(got) != 0 || c.NextDeadline() != mono.Never {
			t.Fatalf("dialled %v", got)
		}
		c.AddHost(now, both) // it was looked up again
	}
	c.AddHost(now, []netip.AddrPort{six, sixToo}) // the one of IPv4 is not its any more
	if got := next(c, now); !slices.Contains(got, public) {
		t.Errorf("dialled %v", got)
	}
	c.Failed(now, public)
	c.AddHost(now, both)
	c.Ended(now, six, TradedBlocks)
	if got := next(c, now); !slices.Contains(got, public) {
		t.Errorf("after it ended dialled %v", got)
	}
	if err := c.audit(); err != nil {
		t.Error(err)
	}
}

func TestOurExternalEndpointIsNeverDialled(t *testing.T) {
	c := New()
	c.Add(public, atTracker)
	c.External(public)
	c.External(netip.AddrPort{})
	if got := next(c, start); len(got) != 0 || c.Known() != 0 {
		t.Errorf("dialled %v", got)
	}
	d := New()
	d.External(public)
	if got := d.Add(public, atTracker); got != Unusable {
		t.Errorf("%v", got)
	}
}

func TestAttemptsAreShortWhileManyWait(t *testing.T) {
	for _, one := range []struct {
		many           int
		short, patient int
	}{{1, 0, 1}, {many, 0, many}, {2 * many, many, many}, {3 * HalfOpen, HalfOpen, 0}} {
		c := New()
		for n := range one.many {
			c.Add(nth(ofHonests, uint32(n), 256), atTracker)
		}
		var w within
		c.Next(start, 1000, &w)
		if w[Impatience] != one.short || w[Patience] != one.patient {
			t.Errorf("%d: %v", one.many, w)
		}
	}
}

// within counts dials by how long they may take.
type within map[time.Duration]int

func (w *within) Dial(_ netip.AddrPort, d time.Duration) {
	if *w == nil {
		*w = within{}
	}
	(*w)[d]++
}
