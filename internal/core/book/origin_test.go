package book

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/ipfilter"
)

func TestWhatAnOriginMayName(t *testing.T) {
	far, near, here := TrackerAt("far", netip.MustParseAddr("198.51.100.1")), TrackerAt("near", netip.MustParseAddr("192.168.1.1")), TrackerAt("here", netip.MustParseAddr("::1"))
	unknown, local := TrackerAt("unknown", netip.Addr{}), Origin{Source: SourceLocal, At: ReachSite}
	everyone := []Origin{Person(), far, near, here, unknown, byPeers, local}
	for _, one := range []struct {
		to  string
		may []Origin
	}{
		{"198.51.100.7:6881", everyone},
		{"[2001:db8::1]:6881", everyone},
		{"198.51.100.7:1024", everyone},
		{"198.51.100.7:1023", []Origin{Person()}},
		{"127.0.0.1:6881", []Origin{Person(), here}},
		{"[::1]:6881", []Origin{Person(), here}},
		{"[::ffff:127.0.0.1]:6881", []Origin{Person(), here}},
		{"192.168.1.7:6881", []Origin{Person(), near, here, local}},
		{"10.0.0.7:6881", []Origin{Person(), near, here, local}},
		{"169.254.0.7:6881", []Origin{Person(), near, here, local}},
		{"[fd00::7]:6881", []Origin{Person(), near, here, local}},
		{"192.168.1.7:80", []Origin{Person()}},
		{"198.51.100.7:0", nil},
		{"0.0.0.0:6881", nil},
		{"[::]:6881", nil},
		{"224.0.0.1:6881", nil},
		{"[ff02::1]:6881", nil},
		{"255.255.255.255:6881", nil},
	} {
		may := map[Origin]bool{}
		for _, o := range one.may {
			may[o] = true
		}
		for _, o := range everyone {
			if got := New().Add(netip.MustParseAddrPort(one.to), o); (got == Added) != may[o] || got != Added && got != Unusable {
				t.Errorf("%s by %+v: %v", one.to, o, got)
			}
		}
	}
	if got := New().Add(netip.AddrPort{}, Person()); got != Unusable {
		t.Errorf("nothing: %v", got)
	}
}

func TestAnEndpointKeepsAllItsSourcesThatMayNameIt(t *testing.T) {
	c := New()
	c.Add(local, Person())
	if got := c.Add(local, atTracker); got != Unusable || c.entries[local].sources.Has(SourceTracker) {
		t.Errorf("%v, sources %b", got, c.entries[local].sources)
	}
	c.Add(public, byPeers)
	c.Add(public, atTracker)
	if e := c.entries[public]; !e.sources.Has(SourceExchange) || !e.sources.Has(SourceTracker) || e.sources.Has(SourcePerson) {
		t.Errorf("sources %b", e.sources)
	}
}

func TestWhatOnlyAnOldTrackerNamedIsForgotten(t *testing.T) {
	c, now := New(), start
	old, both, person, idling := nth(ofHonests, 0, 1), nth(ofHonests, 1, 1), nth(ofHonests, 2, 1), nth(ofHonests, 3, 1)
	trying := nth(ofHonests, 4, 1)
	for _, to := range []netip.AddrPort{old, both, person, idling, trying} {
		c.Add(to, atTracker)
	}
	c.Add(both, atOther)
	c.Add(person, Person())
	c.Next(now, 100, &dials{})
	c.Connected(now, old)
	c.Connected(now, both)
	c.Failed(now, idling)
	if got := c.Forget(atTracker); len(got) != 2 || got[0] != old || got[1] != trying {
		t.Errorf("to be left: %v", got)
	}
	c.Ended(now, old, TradedBlocks)
	c.Failed(now, trying)
	for _, to := range []netip.AddrPort{old, idling, trying} {
		if c.entries[to] != nil {
			t.Errorf("%v is known", to)
		}
	}
	if c.entries[both] == nil || c.entries[person] == nil || c.Known() != 2 {
		t.Errorf("%d known", c.Known())
	}
	if got := c.Forget(atOther); len(got) != 1 || got[0] != both {
		t.Errorf("to be left: %v", got)
	}
	if got := c.Forget(TrackerAt("nobody", netip.Addr{})); len(got) != 0 {
		t.Errorf("to be left: %v", got)
	}
	if err := c.audit(); err != nil {
		t.Error(err)
	}
}

func TestAnyNumberOfTrackersComesAndGoes(t *testing.T) {
	c := New()
	for n := range 10 * trackersTold {
		c.Add(nth(ofHonests, uint32(n), 1), TrackerAt(fmt.Sprint(n), netip.Addr{}))
	}
	if len(c.trackers.numbers) >= trackersTold || c.Known() != 10*trackersTold {
		t.Errorf("%d numbers, %d known", len(c.trackers.numbers), c.Known())
	}
	for n := range 10 * trackersTold {
		c.Forget(TrackerAt(fmt.Sprint(n), netip.Addr{}))
	}
	if len(c.trackers.numbers) != 0 || c.trackers.used != (marks{}) || c.Known() != 0 {
		t.Errorf("%d numbers, %d known", len(c.trackers.numbers), c.Known())
	}
	for n := range 10 * trackersTold {
		one := TrackerAt(fmt.Sprint("again ", n), netip.Addr{})
		c.Add(public, one)
		c.Forget(one)
	}
	if len(c.trackers.numbers) != 0 || c.Known() != 0 {
		t.Errorf("%d numbers, %d known", len(c.trackers.numbers), c.Known())
	}
}

// odd is a filter of the odd ones of a hundred.
func odd(t *testing.T) *ipfilter.Table {
	var list strings.Builder
	for n := range uint32(50) {
		fmt.Fprintln(&list, nth(ofHonests, 2*n+1, 1).Addr())
	}
	table, err := ipfilter.Parse(strings.NewReader(list.String()))
	if err != nil {
		t.Fatal(err)
	}
	return table
}

func TestAFilterDropsWhatItBlocks(t *testing.T) {
	c, now := New(), start
	c.Add(nth(ofHonests, 1, 1), Person())
	c.Next(now, 100, &dials{})
	c.Connected(now, nth(ofHonests, 1, 1))
	name(c, atTracker, ofHonests, 100, 1)
	c.Self(nth(ofHonests, 3, 1))
	filter := odd(t)
	c.SetFilter(filter)
	if c.Known() != 51 {
		t.Errorf("%d known", c.Known())
	}
	if s := c.View(now, nth(ofHonests, 1, 1)); s != Filtered {
		t.Errorf("what is connected is %v", s)
	}
	c.Ended(now, nth(ofHonests, 1, 1), TradedBlocks)
	if got := c.Add(nth(ofHonests, 1, 1), Person()); got != FilteredOut || c.Known() != 50 {
		t.Errorf("%v, %d known", got, c.Known())
	}
	for _, to := range append(next(c, now), next(c, now.Add(time.Hour))...) {
		if filter.View(to.Addr()) == ipfilter.Blocked {
			t.Errorf("%v is dialled", to)
		}
	}
	c.SetFilter(nil)
	if got := c.Add(nth(ofHonests, 1, 1), Person()); got != Added {
		t.Errorf("without a filter: %v", got)
	}
	if err := c.audit(); err != nil {
		t.Error(err)
	}
}
