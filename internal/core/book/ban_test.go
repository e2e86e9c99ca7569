package book

import (
	"encoding/binary"
	"net/netip"
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/mono"
)

func TestABannedAddressIsNeitherDialledNorLetInUntilItsBanEnds(t *testing.T) {
	c, now := New(), mono.Instant(time.Minute)
	liar := netip.MustParseAddrPort("192.0.2.1:7000")
	c.Add(liar, Person())
	c.Add(netip.MustParseAddrPort("192.0.2.2:7000"), Person())
	c.Ban(now, liar.Addr())
	var d dials
	c.Next(now, 100, &d)
	if len(d.to) != 1 || d.to[0].Addr() == liar.Addr() {
		t.Fatalf("dialled %v", d.to)
	}
	if s := c.View(now, netip.AddrPortFrom(netip.MustParseAddr("::ffff:192.0.2.1"), 9)); s != Banned {
		t.Errorf("another port of it is %d", s)
	}
	now = now.Add(BanFor)
	if s := c.View(now, liar); s != Welcome {
		t.Errorf("after the ban it is %d", s)
	}
	c.Next(now, 100, &d)
	if len(d.to) != 2 || d.to[1] != liar {
		t.Errorf("dialled %v", d.to)
	}
}

func TestABanCoversAnIPv6Site(t *testing.T) {
	c := New()
	c.Ban(0, netip.MustParseAddr("2001:db8:0:1::1"))
	for from, want := range map[string]Standing{
		"[2001:db8:0:1:ffff::2]:1": Banned,
		"[2001:db8:0:2::1]:1":      Welcome,
	} {
		if got := c.View(1, netip.MustParseAddrPort(from)); got != want {
			t.Errorf("%s is %d", from, got)
		}
	}
}

func TestBansOutliveABook(t *testing.T) {
	b := NewBans()
	liar := netip.MustParseAddrPort("192.0.2.1:7000")
	NewWith(b).Ban(0, liar.Addr())
	if s := NewWith(b).View(1, liar); s != Banned {
		t.Errorf("it is %d", s)
	}
}

func TestBansAreBounded(t *testing.T) {
	c := New()
	for n := range uint32(bansBound + 10) {
		c.Ban(mono.Instant(n), netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, n))))
	}
	if n := c.bans.Len(); n > bansBound {
		t.Errorf("%d bans", n)
	}
	if s := c.View(bansBound+11, netip.MustParseAddrPort("0.0.0.0:1")); s != Welcome {
		t.Error("the oldest ban was not the one to go")
	}
}
