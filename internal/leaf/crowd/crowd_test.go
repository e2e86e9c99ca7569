package crowd_test

import (
	"net/netip"
	"testing"

	"pgregory.net/rapid"

	"github.com/etorrent/etorrent/internal/leaf/crowd"
)

func TestWhatCountsAsOneNetwork(t *testing.T) {
	for in, want := range map[string]string{
		"192.0.2.7":         "192.0.2.7/32",
		"::ffff:192.0.2.7":  "192.0.2.7/32",
		"2001:db8:0:1::7":   "2001:db8:0:1::/64",
		"2001:db8:0:1:9::1": "2001:db8:0:1::/64",
		"fe80::1%eth0":      "fe80::/64",
		"::1":               "::/64",
	} {
		if got := crowd.NetworkOf(netip.MustParseAddr(in)).String(); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
	if got := crowd.NetworkOf(netip.Addr{}); got.IsValid() {
		t.Errorf("no address: %v", got)
	}
}

func TestOneNetworkDoesNotKeepOthersOut(t *testing.T) {
	c := crowd.New(10, 3)
	one, other := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")
	for n := range 100 {
		want := crowd.Entered
		if n >= 3 {
			want = crowd.NetworkFull
		}
		if got := c.Enter(one); got != want {
			t.Fatalf("number %d: %d", n, got)
		}
	}
	if got := c.Enter(other); got != crowd.Entered {
		t.Errorf("the other one: %d", got)
	}
}

func TestNeverMoreAreInsideThanTheBoundsAllow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const most, each = 6, 3
		c := crowd.New(most, each)
		inside := map[byte]int{}
		all := 0
		t.Repeat(map[string]func(*rapid.T){
			"enter": func(t *rapid.T) {
				n := rapid.ByteRange(1, 4).Draw(t, "who")
				want := crowd.Entered
				switch {
				case all >= most:
					want = crowd.Full
				case inside[n] >= each:
					want = crowd.NetworkFull
				default:
					all++
					inside[n]++
				}
				if got := c.Enter(netip.AddrFrom4([4]byte{10, 0, 0, n})); got != want {
					t.Fatalf("%d, want %d", got, want)
				}
			},
			"leave": func(t *rapid.T) {
				n := rapid.ByteRange(1, 4).Draw(t, "who")
				if inside[n] == 0 {
					t.Skip("not inside")
				}
				all--
				inside[n]--
				c.Leave(netip.AddrFrom4([4]byte{10, 0, 0, n}))
			},
			"": func(t *rapid.T) {
				if c.Room() != most-all {
					t.Fatalf("room for %d, %d are inside", c.Room(), all)
				}
			},
		})
	})
}

// Who is inside stays when the bounds are lowered, and nobody comes in until there is
// room again.
func TestLowerBoundsLetNobodyInUntilEnoughHaveLeft(t *testing.T) {
	c := crowd.New(10, 10)
	a := netip.MustParseAddr("192.0.2.1")
	for range 5 {
		c.Enter(a)
	}
	c.SetBounds(3, 2)
	if c.Room() != -2 || c.Most() != 3 || c.Enter(a) != crowd.Full {
		t.Errorf("room for %d of %d", c.Room(), c.Most())
	}
	for range 3 {
		c.Leave(a)
	}
	if got := c.Enter(a); got != crowd.NetworkFull {
		t.Errorf("of the same network: %d", got)
	}
	if got := c.Enter(netip.MustParseAddr("192.0.2.2")); got != crowd.Entered {
		t.Errorf("of another: %d", got)
	}
}

func TestABoundUnderAnotherIsAsHighUnlessItIsSetLower(t *testing.T) {
	all := crowd.NewBound(10)
	one := all.Under()
	for _, c := range []struct{ all, own, want int }{{10, 0, 10}, {20, 0, 20}, {20, 5, 5}, {3, 5, 3}, {3, 0, 3}} {
		all.Set(c.all)
		one.Set(c.own)
		if one.Most() != c.want || one.Own() != c.own || all.Most() != c.all {
			t.Errorf("%+v: %d of %d", c, one.Most(), all.Most())
		}
	}
}
