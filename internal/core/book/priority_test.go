package book

import (
	"encoding/hex"
	"hash/crc32"
	"net/netip"
	"testing"

	"pgregory.net/rapid"
)

func TestPrioritiesAreThoseOfBEP40(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want uint32
	}{
		{"123.213.32.10:1", "98.76.54.32:2", 0xec2d7224}, // the examples of the BEP
		{"123.213.32.10:1", "123.213.32.234:2", 0x99568189},
		{"[::ffff:123.213.32.10]:1", "98.76.54.32:2", 0xec2d7224},
	} {
		if got := Priority(netip.MustParseAddrPort(c.a), netip.MustParseAddrPort(c.b)); got != c.want {
			t.Errorf("%s and %s: %08x, want %08x", c.a, c.b, got, c.want)
		}
	}
}

func TestThePriorityIsTheSumOfWhatTheMasksLeave(t *testing.T) {
	for _, c := range []struct{ name, a, b, hashed string }{
		{"one address: the ports", "230.12.123.3:1234", "230.12.123.3:300", "012c04d2"},
		{"one /24: whole", "230.12.123.1:1", "230.12.123.3:2", "e60c7b01e60c7b03"},
		{"one /16: all but the last octet", "230.12.23.1:1", "230.12.123.3:2", "e60c1701e60c7b01"},
		{"nothing in common", "230.120.23.1:1", "230.12.123.3:2", "e60c5101e6781501"},
		{"one address of IPv6", "[2001:db8::1]:1234", "[2001:db8::1]:300", "012c04d2"},
		{
			"IPv6, nothing in common", "[2001:db8:ffff:ffff:ffff:ffff:ffff:ffff]:1", "[2002:db8:ffff:ffff:ffff:ffff:ffff:ffff]:1",
			"20010db8ffff55555555555555555555" + "20020db8ffff55555555555555555555",
		},
		{
			"IPv6, one /48", "[2001:db8:1:ffff:ffff:ffff:ffff:ffff]:1", "[2001:db8:1:eeff:ffff:ffff:ffff:ffff]:1",
			"20010db80001ee555555555555555555" + "20010db80001ff555555555555555555",
		},
		{
			"IPv6, one /56", "[2001:db8:1:ffff:ffff:ffff:ffff:ffff]:1", "[2001:db8:1:ffee:ffff:ffff:ffff:ffff]:1",
			"20010db80001ffee5555555555555555" + "20010db80001ffff5555555555555555",
		},
		{
			"IPv6, one /120", "[2001:db8::1]:1", "[2001:db8::2]:1",
			"20010db8000000000000000000000001" + "20010db8000000000000000000000002",
		},
	} {
		bytes, _ := hex.DecodeString(c.hashed)
		want := crc32.Checksum(bytes, crc32.MakeTable(crc32.Castagnoli))
		if got := Priority(netip.MustParseAddrPort(c.a), netip.MustParseAddrPort(c.b)); got != want {
			t.Errorf("%s: %08x, want %08x", c.name, got, want)
		}
	}
}

func TestBothEndsFindOnePriority(t *testing.T) {
	address := rapid.Custom(func(t *rapid.T) netip.AddrPort {
		size := rapid.SampledFrom([]int{4, 16}).Draw(t, "size")
		a, _ := netip.AddrFromSlice(rapid.SliceOfN(rapid.ByteRange(0, 3), size, size).Draw(t, "address"))
		return netip.AddrPortFrom(a, rapid.Uint16().Draw(t, "port"))
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b := address.Draw(t, "a"), address.Draw(t, "b")
		if x, y := Priority(a, b), Priority(b, a); x != y {
			t.Fatalf("%v and %v: %08x and %08x", a, b, x, y)
		}
	})
}
