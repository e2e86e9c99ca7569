package book

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"testing"
	"time"
)

var (
	atOther   = TrackerAt("b", netip.Addr{})
	byPeers   = Origin{Source: SourceExchange}
	ours      = netip.MustParseAddrPort("203.0.113.9:6881")
	ofFloods  = netip.MustParseAddr("100.0.0.0")
	ofHonests = netip.MustParseAddr("150.0.0.0")
)

// nth is the n-th endpoint behind an address, each apart from the next.
func nth(behind netip.Addr, n, apart uint32) netip.AddrPort {
	b := behind.As4()
	a := netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, binary.BigEndian.Uint32(b[:])+n*apart)))
	return netip.AddrPortFrom(a, 6881)
}

// name has an origin name many endpoints, and counts those that are in the book then.
func name(c *Core, from Origin, behind netip.Addr, many, apart uint32) int {
	for n := range many {
		c.Add(nth(behind, n, apart), from)
	}
	return present(c, behind, many, apart)
}

func present(c *Core, behind netip.Addr, many, apart uint32) int {
	left := 0
	for n := range many {
		if c.entries[nth(behind, n, apart)] != nil {
			left++
		}
	}
	return left
}

func TestAFullBookDropsNothingThatIsNoWorseThanWhatComes(t *testing.T) {
	c := New()
	if got := name(c, atTracker, ofHonests, Bound, 256); got != Bound {
		t.Fatalf("%d of %d", got, Bound)
	}
	if got := c.Add(nth(ofFloods, 0, 1), atTracker); got != BookFull {
		t.Errorf("one more is %v", got)
	}
	if c.Known() != Bound {
		t.Errorf("%d known", c.Known())
	}
}

func TestAFloodDrivesOutOnlyItsOwn(t *testing.T) {
	for _, one := range []struct {
		how            string
		flood, others  Origin
		apart, ofApart uint32 // addresses between two of the flood, and of the others
	}{
		{"of one source", byPeers, atTracker, 256, 256},
		{"of one source, many of one network", byPeers, atTracker, 1, 256},
		{"of one tracker of two", atOther, atTracker, 256, 256},
		{"of one network by the same tracker", atTracker, atTracker, 1, 256},
	} {
		const honest = 2000
		for _, first := range []string{"the flood first", "the others first"} {
			c := New()
			if first == "the flood first" {
				name(c, one.flood, ofFloods, 2*Bound, one.apart)
			}
			name(c, one.others, ofHonests, honest, one.ofApart)
			if first != "the flood first" {
				name(c, one.flood, ofFloods, 2*Bound, one.apart)
			}
			if got := present(c, ofHonests, honest, one.ofApart); got != honest || c.Known() != Bound {
				t.Errorf("%s, %s: %d of %d others are left, %d known", one.how, first, got, honest, c.Known())
			}
		}
	}
}

func TestNobodyThatIsVouchedForGivesWay(t *testing.T) {
	c, now := New(), start
	person, useful := nth(ofHonests, 0, 1), nth(ofHonests, 1, 1)
	c.Add(person, Person())
	c.Add(useful, byPeers)
	c.Next(now, 100, &dials{})
	c.Connected(now, useful)
	c.Ended(now, useful, TradedBlocks)
	name(c, byPeers, ofHonests, 3*Bound, 1)
	if c.entries[person] == nil || c.entries[useful] == nil || c.Known() != Bound {
		t.Errorf("%v, %v; %d known", c.entries[person], c.entries[useful], c.Known())
	}
	name(c, Person(), ofFloods, Bound, 1)
	if c.Known() != Bound || c.entries[useful] == nil {
		t.Errorf("%d known", c.Known())
	}
	if got := c.Add(netip.MustParseAddrPort("192.0.2.1:6881"), byPeers); got != BookFull {
		t.Errorf("one more is %v", got)
	}
}

func TestOneThatFailedGivesWayToOneThatIsNew(t *testing.T) {
	c, now := New(), start
	name(c, atTracker, ofHonests, Bound, 256)
	failed := next(c, now)
	for _, to := range failed {
		c.Failed(now, to)
	}
	if got := name(c, atTracker, ofFloods, HalfOpen, 256); got != HalfOpen || c.Known() != Bound {
		t.Errorf("%d of %d new ones, %d known", got, HalfOpen, c.Known())
	}
	for _, to := range failed {
		if c.entries[to] != nil {
			t.Errorf("%v stays", to)
		}
	}
}

func TestOneThatBEP40PrefersDrivesAnotherOut(t *testing.T) {
	c := New()
	c.External(ours)
	name(c, atTracker, ofHonests, Bound, 256)
	least := ^uint32(0)
	for to := range c.entries {
		least = min(least, Priority(ours, to))
	}
	for n := range uint32(100) {
		c.Add(nth(ofFloods, n, 256), atTracker)
	}
	for to := range c.entries {
		if Priority(ours, to) <= least {
			t.Errorf("%v stays", to)
		}
	}
}

func TestSourcesAreDialledInTurn(t *testing.T) {
	c, now := New(), start
	name(c, byPeers, ofFloods, 5000, 256)
	name(c, atOther, ofFloods.Next(), 3000, 256)
	name(c, atTracker, ofHonests, 5, 256)
	c.Add(local, Person())
	dialled := map[netip.AddrPort]bool{}
	for _, to := range next(c, now) {
		dialled[to] = true
	}
	for n := range uint32(5) {
		if to := nth(ofHonests, n, 256); !dialled[to] {
			t.Errorf("%v waits for a flood", to)
		}
	}
	if !dialled[local] || len(dialled) != HalfOpen {
		t.Errorf("%d dialled", len(dialled))
	}
}

func TestOfOneSourceTheUsefulAreDialledFirstAndThenWhomBEP40Prefers(t *testing.T) {
	c, now := New(), start
	useful, bad := nth(ofHonests, 500, 256), nth(ofHonests, 501, 256)
	c.Add(useful, atTracker)
	c.Add(bad, atTracker)
	next(c, now)
	c.Connected(now, useful)
	c.Ended(now, useful, TradedBlocks)
	c.Failed(now, bad)
	now = now.Add(time.Minute)
	c.External(ours)
	name(c, atTracker, ofHonests, 10, 256)
	got := next(c, now)
	if len(got) != 12 || got[0] != useful || got[11] != bad {
		t.Fatalf("dialled %v, want %v first and %v last", got, useful, bad)
	}
	for n := 2; n < 11; n++ {
		if Priority(ours, got[n-1]) < Priority(ours, got[n]) {
			t.Errorf("%v is dialled before %v", got[n-1], got[n])
		}
	}
}

func TestWhoIsNamedByASmallerSourceCountsForIt(t *testing.T) {
	c := New()
	name(c, byPeers, ofHonests, 100, 256) // a stranger names them first
	name(c, byPeers, ofFloods, Bound, 1)
	name(c, atTracker, ofHonests, 100, 256)
	if got := name(c, byPeers, ofFloods.Next(), 2*Bound, 256); got == 0 || present(c, ofHonests, 100, 256) != 100 {
		t.Errorf("%d of a flood, %d others", got, present(c, ofHonests, 100, 256))
	}
}

func TestAnEndpointThatNeverAnswersLeavesTheBook(t *testing.T) {
	c, now := New(), start
	c.Add(public, atTracker)
	c.Add(local, Person())
	for range 60 {
		for _, to := range next(c, now) {
			c.Failed(now, to)
		}
		now = max(now, c.NextDeadline())
		if span := now.Sub(start); c.entries[public] == nil && span < 2*time.Hour {
			t.Fatalf("it left after %v", span)
		}
	}
	for ; now < start.Add(4*time.Hour); now = max(now, c.NextDeadline()) {
		for _, to := range next(c, now) {
			c.Failed(now, to)
		}
	}
	if c.entries[public] != nil || c.entries[local] == nil {
		t.Errorf("%d known", c.Known())
	}
	if got := c.Add(public, atTracker); got != Added {
		t.Errorf("named anew it is %v", got)
	}
}

// A book is full of random origins and addresses; whatever happens, its piles agree.
func TestAFullBookStaysInOrder(t *testing.T) {
	origins := []Origin{Person(), atTracker, atOther, byPeers, {Source: SourceDHT}}
	for seed := range uint32(4) {
		c, now := New(), start
		for n := range uint32(Bound + 1000) {
			x := (n + seed*Bound) * 2654435761
			c.Add(nth(ofFloods, x>>12, 1+x%97), origins[min(int(x>>8)%40, 4)])
			if x%50 == 0 {
				for _, to := range next(c, now) {
					c.Failed(now, to)
				}
				now = now.Add(time.Second)
			}
			if n == Bound/2 {
				c.External(ours)
			}
		}
		if err := c.audit(); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
	}
}

// audit looks whether every pile is one and knows what lies in it.
func (c *Core) audit() error {
	idles := 0
	for n, w := range c.crews {
		if w == nil {
			continue
		}
		spares := 0
		for f := range w.idle {
			if err := ordered(&w.idle[f]); err != nil {
				return fmt.Errorf("idle of crew %d: %w", n, err)
			}
			idles += w.idle[f].len()
		}
		if err := ordered(&w.spare); err != nil {
			return fmt.Errorf("blocks of crew %d: %w", n, err)
		}
		if len(w.blocks) != w.spare.len() {
			return fmt.Errorf("crew %d has %d blocks, %d lie in its pile", n, len(w.blocks), w.spare.len())
		}
		for _, b := range w.spare.items {
			if err := ordered(&b.spare); err != nil {
				return fmt.Errorf("block %v: %w", b.at, err)
			}
			spares += b.spare.len()
		}
		if spares != w.spares {
			return fmt.Errorf("crew %d has %d spare entries, not %d", n, spares, w.spares)
		}
	}
	if known := c.families[family4].idles + c.families[family6].idles; known != idles {
		return fmt.Errorf("%d idle, not %d", idles, known)
	}
	return nil
}

func ordered[T any](p *pile[T]) error {
	for n, x := range p.items {
		if *p.place(x) != n+1 {
			return fmt.Errorf("item %d believes to be at %d", n+1, *p.place(x))
		}
		if n > 0 && p.before(x, p.items[(n-1)/2]) {
			return fmt.Errorf("item %d comes before its parent", n+1)
		}
	}
	return nil
}
