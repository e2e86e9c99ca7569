package ipfilter

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/etorrent/etorrent/internal/fuzzseed"
)

func parse(t testing.TB, list string) *Table {
	t.Helper()
	table, err := Parse(strings.NewReader(list))
	if err != nil {
		t.Fatal(err)
	}
	return table
}

func TestEveryFormOfALineIsRead(t *testing.T) {
	for _, c := range []struct {
		line string
		want string // from-to, "" for nothing
	}{
		{"192.0.2.0/24", "192.0.2.0-192.0.2.255"},
		{"192.0.2.77/24 # all of it", "192.0.2.0-192.0.2.255"},
		{"192.0.2.0/24 ; SBL1", "192.0.2.0-192.0.2.255"},
		{"192.0.2.7", "192.0.2.7-192.0.2.7"},
		{"0.0.0.0/0", "0.0.0.0-255.255.255.255"},
		{"192.0.2.1-192.0.2.9", "192.0.2.1-192.0.2.9"},
		{"2001:db8::/32", "2001:db8::-2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"},
		{"2001:db8::1", "2001:db8::1-2001:db8::1"},
		{"2001:db8::1 - 2001:db8::2", "2001:db8::1-2001:db8::2"},
		{"::ffff:192.0.2.1", "192.0.2.1-192.0.2.1"},
		{"Some name:192.0.2.1-192.0.2.9", "192.0.2.1-192.0.2.9"},
		{"A: b-c, d:e #1; f:192.0.2.1-192.0.2.9\r\n", "192.0.2.1-192.0.2.9"},
		{":192.0.2.1-192.0.2.9", "192.0.2.1-192.0.2.9"},
		{"\xff\xfe:192.0.2.1-192.0.2.9", "192.0.2.1-192.0.2.9"},
		{strings.Repeat("a:b-", 900) + ":192.0.2.1-192.0.2.9", "192.0.2.1-192.0.2.9"},
		{"Some name:2001:db8::1-2001:db8::2", "2001:db8::1-2001:db8::2"},
		{"192.000.002.001 - 192.000.002.009 , 000 , name", "192.0.2.1-192.0.2.9"},
		{"192.000.002.001 - 192.000.002.009 , 126 , a, b", "192.0.2.1-192.0.2.9"},
		{"192.000.002.001 - 192.000.002.009 , 127 , name", ""},
		{"192.0.2.1-192.0.2.9,200", ""},
		{"2001:db8::1 - 2001:db8::2 , 100 , name", "2001:db8::1-2001:db8::2"},
		{"# 192.0.2.1", ""},
		{"// 192.0.2.1", ""},
		{"; 192.0.2.1", ""},
		{"  \t ", ""},
		{"\xef\xbb\xbf192.0.2.1", "192.0.2.1-192.0.2.1"},
	} {
		table := parse(t, c.line)
		got := ""
		if len(table.four) > 0 {
			got = fmt.Sprintf("%v-%v", of4(table.four[0].from), of4(table.four[0].to))
		}
		if len(table.six) > 0 {
			got += fmt.Sprintf("%v-%v", of6(table.six[0].from), of6(table.six[0].to))
		}
		if got != c.want || table.Ranges() > 1 {
			t.Errorf("%q is %q, want %q", c.line, got, c.want)
		}
	}
}

func of4(n uint32) netip.Addr {
	return netip.AddrFrom4([4]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)})
}

func of6(w wide) netip.Addr {
	var b [16]byte
	for n := range b {
		b[n] = byte(w[n/8] >> (56 - 8*(n%8)))
	}
	return netip.AddrFrom16(b)
}

func TestALineThatCannotBeReadIsNamed(t *testing.T) {
	for line, word := range map[string]string{
		"hello":                           "hello",
		"192.0.2.256":                     "192.0.2.256",
		"192.0.2":                         "192.0.2",
		"192.0.2.1.1":                     "192.0.2.1.1",
		"192.0.2.0001":                    "192.0.2.0001",
		"192.0.2.1/33":                    "33",
		"192.0.2.1/":                      "prefix",
		"2001:db8::/129":                  "129",
		"fe80::1%eth0":                    "eth0",
		"192.0.2.9-192.0.2.1":             "before it begins",
		"192.0.2.1-2001:db8::1":           "family",
		"192.0.2.1 - 192.0.2.2 , x , y":   "level",
		"192.0.2.1 - 192.0.2.2 , -1":      "level",
		"Some name:192.0.2.9-192.0.2.300": "no address",
		"Some name:192.0.2.9-192.0.2.1":   "before it begins",
		"Some name:":                      "Some name",
		"\x1b[31m192.0.2.1":               `\x1b`,
		strings.Repeat("x", 5000):         "4096 bytes",
		strings.Repeat("192.0.2.1 ", 1e4): "4096 bytes",
	} {
		_, err := Parse(strings.NewReader("# first\n192.0.2.1\n" + line + "\n192.0.2.2\n"))
		var wrong *Error
		if !errors.As(err, &wrong) || wrong.Line != 3 || !strings.Contains(err.Error(), word) || len(err.Error()) > 200 {
			t.Errorf("%.40q: %v", line, err)
		}
	}
}

func TestAListMayBePacked(t *testing.T) {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	fmt.Fprint(z, "192.0.2.0/24\n")
	_ = z.Close()
	whole := packed.Bytes()
	table, err := Parse(bytes.NewReader(whole))
	if err != nil || table.View(netip.MustParseAddr("192.0.2.9")) != Blocked {
		t.Errorf("%v, %v", table, err)
	}
	for n := 2; n < len(whole); n++ {
		if _, err := Parse(bytes.NewReader(whole[:n])); err == nil {
			t.Errorf("the first %d bytes of %d will do", n, len(whole))
		}
	}
}

func TestTheRangesOfAListAreBounded(t *testing.T) {
	line := func(n int) string {
		return fmt.Sprintf("%d.%d.%d.%d\n", 1+n>>23, n>>15&255, n>>7&255, n<<1&255)
	}
	feed := func(lines, most int) (*builder, error) {
		b := &builder{max: most}
		for n := range lines {
			if err := b.line([]byte(line(n))); err != nil {
				return b, err
			}
		}
		_, err := b.table()
		return b, err
	}
	if _, err := feed(10_000, 10_000); err != nil {
		t.Error(err)
	}
	if b, err := feed(100_000, 10_000); !errors.Is(err, ErrTooManyRanges) || cap(b.t.four) > 20_000 {
		t.Errorf("room for %d, %v", cap(b.t.four), err)
	}
	b := &builder{max: 10_000}
	for n := range 1_000_000 { // which are one
		if err := b.line([]byte("10.0.0.0-10.0.0." + fmt.Sprint(n%256))); err != nil {
			t.Fatal(err)
		}
	}
	if table, err := b.table(); err != nil || table.Ranges() != 1 || cap(b.t.four) > 4000 {
		t.Errorf("%d ranges, room for %d, %v", table.Ranges(), cap(b.t.four), err)
	}
	six := &builder{max: 4000}
	var err error
	for n := 0; n < 20_000 && err == nil; n++ {
		err = six.line(fmt.Appendf(nil, "2001:db8::%x:0", n))
	}
	if !errors.Is(err, ErrTooManyRanges) || len(six.t.six) > 2000 {
		t.Errorf("%d of IPv6, %v", len(six.t.six), err)
	}
}

func TestNoTableBlocksNothing(t *testing.T) {
	var none *Table
	if none.View(netip.MustParseAddr("192.0.2.1")) != Passed || none.Ranges() != 0 || parse(t, "").View(netip.Addr{}) != Passed {
		t.Error("it blocks")
	}
}

// A table says what looking through all the ranges of its list would.
func TestATableIsTheUnionOfItsRanges(t *testing.T) {
	// Few addresses, at both ends of what there is, so that ranges meet.
	number := rapid.OneOf(rapid.IntRange(0, 20), rapid.IntRange(236, 255))
	four := rapid.Map(number, func(n int) netip.Addr {
		b := byte(n / 128 * 255)
		return netip.AddrFrom4([4]byte{b, b, b, byte(n)})
	})
	six := rapid.Map(number, func(n int) netip.Addr {
		b := [16]byte{}
		for i := range b {
			b[i] = byte(n / 128 * 255)
		}
		b[7] ^= byte(n & 1) // over the border of the halves too
		b[15] = byte(n)
		return netip.AddrFrom16(b)
	})
	rapid.Check(t, func(t *rapid.T) {
		var list strings.Builder
		var ranges [][2]netip.Addr
		for range rapid.IntRange(0, 8).Draw(t, "ranges") {
			of := rapid.SampledFrom([]*rapid.Generator[netip.Addr]{four, six}).Draw(t, "family")
			a, b := of.Draw(t, "from"), of.Draw(t, "to")
			if b.Less(a) {
				a, b = b, a
			}
			ranges = append(ranges, [2]netip.Addr{a, b})
			fmt.Fprintf(&list, "%v-%v\n", a, b)
		}
		table, err := Parse(strings.NewReader(list.String()))
		if err != nil {
			t.Fatal(err)
		}
		for _, of := range []*rapid.Generator[netip.Addr]{four, six} {
			a := of.Draw(t, "address")
			want := Passed
			for _, r := range ranges {
				if r[0].BitLen() == a.BitLen() && !a.Less(r[0]) && !r[1].Less(a) {
					want = Blocked
				}
			}
			if got := table.View(a); got != want {
				t.Fatalf("%v is %v, want %v", a, got, want)
			}
		}
	})
}

func FuzzFilter(f *testing.F) {
	fuzzseed.Add(f)
	for _, list := range []string{
		"192.0.2.0/24\n", "a:192.0.2.1-192.0.2.9\n", "192.000.002.001 - 192.000.002.009 , 000 , n\n", "2001:db8::/32\n",
		"a:2001:db8::1-2001:db8::2", "#\n;\n//\n", "192.0.2.9-192.0.2.1", "1.2.3.4,999,x", "\x1f\x8b\x08",
	} {
		f.Add([]byte(list))
	}
	f.Fuzz(func(t *testing.T, list []byte) {
		table, err := Parse(bytes.NewReader(list))
		if err != nil {
			if table != nil || err.Error() == "" {
				t.Fatalf("%v, %v", table, err)
			}
			return
		}
		for n, s := range table.four {
			if s.from > s.to || n > 0 && uint64(s.from) <= uint64(table.four[n-1].to)+1 {
				t.Fatalf("ranges %d and before: %v", n, table.four)
			}
			if table.View(of4(s.from)) != Blocked || table.View(of4(s.to)) != Blocked {
				t.Fatalf("%v is not blocked", s)
			}
		}
		for n, s := range table.six {
			if compareWide(s.from, s.to) > 0 || n > 0 && compareWide(s.from, table.six[n-1].to) <= 0 {
				t.Fatalf("ranges %d and before: %v", n, table.six)
			}
			if table.View(of6(s.from)) != Blocked || table.View(of6(s.to)) != Blocked {
				t.Fatalf("%v is not blocked", s)
			}
		}
	})
}

func BenchmarkLookUp(b *testing.B) {
	for _, ranges := range []int{200_000, 5_000_000} {
		b.Run(fmt.Sprint(ranges), func(b *testing.B) {
			build := builder{max: MaxRanges}
			for n := range uint32(ranges) {
				from := n * 2654435761
				build.t.four = append(build.t.four, span[uint32]{from, max(from, from+200)})
			}
			table, err := build.table()
			if err != nil {
				b.Fatal(err)
			}
			x := uint32(0)
			for b.Loop() {
				x = x*1664525 + 1013904223
				table.View(of4(x))
			}
		})
	}
}
