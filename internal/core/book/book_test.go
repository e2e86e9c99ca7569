package book

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/mono"
)

type dials struct{ to []netip.AddrPort }

func (d *dials) Dial(to netip.AddrPort, _ time.Duration) { d.to = append(d.to, to) }

var (
	public = netip.MustParseAddrPort("198.51.100.7:6881")
	local  = netip.MustParseAddrPort("127.0.0.1:4000")
	start  = mono.Instant(time.Second)
	// atTracker is the origin of what a tracker far away named.
	atTracker = TrackerAt("a", netip.Addr{})
)

func next(c *Core, now mono.Instant) []netip.AddrPort {
	var d dials
	c.Next(now, 100, &d)
	return d.to
}

func TestOnlyAPersonMayNameLoopbackAndLowPorts(t *testing.T) {
	for _, to := range []string{"127.0.0.1:4000", "198.51.100.7:80", "[::ffff:127.0.0.1]:4000"} {
		c := New()
		if got := c.Add(netip.MustParseAddrPort(to), atTracker); got != Unusable {
			t.Errorf("%s from a tracker: %v", to, got)
		}
		if got := c.Add(netip.MustParseAddrPort(to), Person()); got != Added {
			t.Errorf("%s from a person: %v", to, got)
		}
	}
	for _, to := range []string{"0.0.0.0:4000", "224.0.0.1:4000", "198.51.100.7:0"} {
		if got := New().Add(netip.MustParseAddrPort(to), Person()); got != Unusable {
			t.Errorf("%s: %v", to, got)
		}
	}
}

func TestAFailedEndpointIsDialledAgainAfterAGrowingWait(t *testing.T) {
	c := New()
	c.Add(public, atTracker)
	now := start
	var waits []time.Duration
	for range 4 {
		if got := next(c, now); len(got) != 1 {
			t.Fatalf("dialled %v at %v", got, now)
		}
		c.Failed(now, public)
		waits = append(waits, c.NextDeadline().Sub(now))
		if got := next(c, c.NextDeadline()-1); len(got) != 0 {
			t.Fatalf("dialled before the wait was over: %v", got)
		}
		now = c.NextDeadline()
	}
	for i := 1; i < len(waits); i++ {
		if waits[i] != 2*waits[i-1] {
			t.Errorf("waits %v do not double", waits)
		}
	}
}

func TestAConnectionThatSettledOrTradedResetsTheWait(t *testing.T) {
	for _, one := range []struct {
		lived time.Duration
		trade Trade
		want  time.Duration
	}{
		{time.Minute, TradedNothing, firstWait},
		{time.Second, TradedBlocks, firstWait},
		{time.Second, TradedNothing, 8 * firstWait},
	} {
		if got := waitAfter(one.lived, one.trade); got != one.want {
			t.Errorf("%+v: wait %v", one, got)
		}
	}
}

// waitAfter is the wait after three failures and a connection.
func waitAfter(lived time.Duration, trade Trade) time.Duration {
	c := New()
	c.Add(public, atTracker)
	now := start
	for range 3 {
		next(c, now)
		c.Failed(now, public)
		now = c.NextDeadline()
	}
	next(c, now)
	c.Connected(now, public)
	now = now.Add(lived)
	c.Ended(now, public, trade)
	return c.NextDeadline().Sub(now)
}

func TestTheHalfOpenBudgetAndTheRoomBoundDials(t *testing.T) {
	c := New()
	for i := range 100 {
		c.Add(netip.AddrPortFrom(public.Addr(), uint16(2000+i)), atTracker)
	}
	if got := len(next(c, start)); got != HalfOpen {
		t.Errorf("dialled %d", got)
	}
	var d dials
	c.Next(start, HalfOpen, &d)
	if len(d.to) != 0 {
		t.Errorf("dialled %d with no room", len(d.to))
	}
}

func TestTheThirdCrashWithOneStackBansUnlessAPersonNamedIt(t *testing.T) {
	for _, tc := range []struct {
		to     netip.AddrPort
		source Origin
		atMost time.Duration
		atLow  time.Duration
	}{{public, atTracker, crashBan, crashBan}, {local, Person(), time.Minute, 0}} {
		c := New()
		c.Add(tc.to, tc.source)
		now := start
		for range crashLimit {
			next(c, now)
			c.Connected(now, tc.to)
			c.Crashed(now, tc.to, 42)
			if c.View(now, tc.to) != BackedOff {
				t.Errorf("%v is welcome right after a crash", tc.to)
			}
			now = now.Add(time.Second)
		}
		now = now.Add(-time.Second)
		if got := c.NextDeadline().Sub(now); got > tc.atMost || got < tc.atLow {
			t.Errorf("%v waits %v", tc.to, got)
		}
	}
}

func TestOurOwnEndpointIsNeverDialledAgain(t *testing.T) {
	c := New()
	c.Add(local, Person())
	next(c, start)
	c.Self(local)
	c.Failed(start, local)
	if got := next(c, start.Add(time.Hour)); len(got) != 0 || c.Known() != 0 {
		t.Errorf("dialled %v, known %d", got, c.Known())
	}
}

func TestEndpointsAreDialledInTheOrderInWhichTheyBecameIdle(t *testing.T) {
	c := New()
	var all []netip.AddrPort
	for i := range 3 * HalfOpen {
		all = append(all, netip.AddrPortFrom(public.Addr(), uint16(2000+i)))
		c.Add(all[i], atTracker)
	}
	var got []netip.AddrPort
	now := start
	for range 3 {
		batch := next(c, now)
		for _, to := range batch {
			now++
			c.Failed(now, to)
		}
		got = append(got, batch...)
	}
	if !slices.Equal(got, all) {
		t.Errorf("dialled %v", got)
	}
	if again := next(c, now.Add(firstWait)); !slices.Equal(again, all[:HalfOpen]) {
		t.Errorf("then dialled %v", again)
	}
}

func TestAnAnswerThatComesTooLateStillCounts(t *testing.T) {
	c := New()
	c.Add(public, atTracker)
	next(c, start)
	now := c.NextDeadline()
	next(c, now) // the attempt is taken for lost
	c.Connected(now, public)
	c.Failed(now, public) // of the same attempt, overtaken
	if got := next(c, now.Add(time.Hour)); len(got) != 0 || c.NextDeadline() != mono.Never {
		t.Errorf("dialled %v although it is connected", got)
	}
}

func TestAMappedAddressIsTheSameEndpoint(t *testing.T) {
	mapped := netip.AddrPortFrom(netip.AddrFrom16(public.Addr().As16()), public.Port())
	c := New()
	c.Add(mapped, atTracker)
	if got := c.Add(public, atTracker); got != AlreadyKnown {
		t.Fatalf("%v", got)
	}
	next(c, start)
	c.Connected(start, mapped)
	c.Crashed(start, mapped, 1)
	if got := c.View(start, mapped); got != BackedOff {
		t.Errorf("%v", got)
	}
}

func TestAFailureToConnectDoesNotKeepTheEndpointFromConnectingToUs(t *testing.T) {
	c := New()
	c.Add(public, atTracker)
	next(c, start)
	c.Crashed(start, public, 1)
	now := c.NextDeadline()
	next(c, now)
	c.Failed(now, public)
	if got := c.View(now, public); got != Welcome {
		t.Errorf("%v", got)
	}
}

func TestTheCrashesThatAreRememberedAreBounded(t *testing.T) {
	c := New()
	c.Add(local, Person())
	for n := range uint64(1000) {
		c.Crashed(start, local, n)
	}
	if got := len(c.entries[local].shunning.crashes); got != crashesKept {
		t.Errorf("%d", got)
	}
}

func TestAnAttemptWithoutAnswerCountsAsFailed(t *testing.T) {
	c := New()
	c.Add(public, atTracker)
	next(c, start)
	now := c.NextDeadline()
	next(c, now)
	if got := next(c, c.NextDeadline()); len(got) != 1 {
		t.Errorf("dialled %v after the attempt was lost", got)
	}
}
