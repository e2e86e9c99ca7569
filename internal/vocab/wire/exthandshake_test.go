package wire_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/etorrent/etorrent/internal/fuzzseed"
	"github.com/etorrent/etorrent/internal/vocab/wire"
)

func addresses() *rapid.Generator[netip.Addr] {
	return rapid.Custom(func(t *rapid.T) netip.Addr {
		size := rapid.SampledFrom([]int{0, 4, 16}).Draw(t, "address bytes")
		a, _ := netip.AddrFromSlice(rapid.SliceOfN(rapid.Byte(), size, size).Draw(t, "address"))
		return a.Unmap()
	})
}

func extendedHandshakes() *rapid.Generator[wire.ExtendedHandshake] {
	return rapid.Custom(func(t *rapid.T) wire.ExtendedHandshake {
		names := rapid.StringN(0, -1, wire.MaxExtensionName)
		uses := []wire.UploadOnly{wire.UploadOnlyUnsaid, wire.UploadOnlyNo, wire.UploadOnlyYes}
		return wire.ExtendedHandshake{
			M:            rapid.MapOfN(names, rapid.IntRange(0, 255), 0, wire.MaxExtensions).Draw(t, "m"),
			Client:       rapid.StringN(0, -1, wire.MaxClientName).Draw(t, "v"),
			Reqq:         rapid.IntRange(0, wire.MaxReqq).Draw(t, "reqq"),
			Port:         rapid.Uint16().Draw(t, "p"),
			YourIP:       addresses().Draw(t, "yourip"),
			UploadOnly:   rapid.SampledFrom(uses).Draw(t, "upload_only"),
			MetadataSize: rapid.Int64Range(0, wire.MaxMetadataSize).Draw(t, "metadata_size"),
		}
	})
}

func sameHandshake(a, b wire.ExtendedHandshake) string {
	return cmp.Diff(a, b, cmpopts.EquateEmpty(), cmp.Comparer(func(a, b netip.Addr) bool { return a == b }))
}

func viewWellFormed(t interface{ Fatalf(string, ...any) }, body []byte) wire.ExtendedHandshake {
	e, ok := wire.ViewExtendedHandshake(body).(wire.ExtendedHandshakeWellFormed)
	if !ok {
		t.Fatalf("%q: %+v", body, wire.ViewExtendedHandshake(body))
	}
	return e.Handshake
}

func TestAnExtendedHandshakeIsReadAsWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := extendedHandshakes().Draw(t, "handshake")
		if d := sameHandshake(want, viewWellFormed(t, want.Append(nil))); d != "" {
			t.Fatalf("(-want +got):\n%s", d)
		}
	})
}

func TestEveryBeginningOfAnExtendedHandshakeIsMalformed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := extendedHandshakes().Draw(t, "handshake")
		body := h.Append(nil)
		for n := range body {
			e, ok := wire.ViewExtendedHandshake(body[:n]).(wire.ExtendedHandshakeMalformed)
			if !ok || e.Reason != wire.NotBencoded || e.Syntax == nil {
				t.Fatalf("%q: %+v", body[:n], wire.ViewExtendedHandshake(body[:n]))
			}
		}
	})
}

func TestAnExtendedHandshakeHasTheBytesOfBEP10(t *testing.T) {
	h := wire.ExtendedHandshake{
		M:          map[string]int{"ut_pex": 2, "LT_metadata": 1},
		Client:     "µTorrent 1.2",
		Port:       6881,
		UploadOnly: wire.UploadOnlyYes,
		YourIP:     netip.MustParseAddr("1.2.3.4"),
	}
	const want = "d1:md11:LT_metadatai1e6:ut_pexi2ee1:pi6881e11:upload_onlyi1e1:v13:µTorrent 1.26:yourip4:\x01\x02\x03\x04e"
	if got := h.Append(nil); string(got) != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestHintsThatSayNothingAreIgnored(t *testing.T) {
	for _, body := range []string{
		"de",
		"d1:mdee",
		"d1:pi0ee", "d1:pi65536ee", "d1:p4:6881e", "d1:pi-1ee",
		"d1:vi3ee",
		"d6:yourip5:12345e", "d6:youripi4ee",
		"d13:metadata_sizei-5ee", "d13:metadata_sizei134217729ee", "d13:metadata_sizei99999999999999999999ee",
		"d4:reqq3:250e",
		"d11:upload_only1:1e",
		"d12:complete_agoi5e1:ei1e4:ipv64:abcde",
		"deTRAILING",
	} {
		if d := sameHandshake(wire.ExtendedHandshake{}, viewWellFormed(t, []byte(body))); d != "" {
			t.Errorf("%s:\n%s", body, d)
		}
	}
}

func TestHintsAreCutToTheirBounds(t *testing.T) {
	long := strings.Repeat("x", wire.MaxClientName+1)
	for _, c := range []struct {
		body string
		want wire.ExtendedHandshake
	}{
		{"d4:reqqi0ee", wire.ExtendedHandshake{Reqq: 1}},
		{"d4:reqqi-7ee", wire.ExtendedHandshake{Reqq: 1}},
		{"d4:reqqi9999999ee", wire.ExtendedHandshake{Reqq: wire.MaxReqq}},
		{"d1:v129:" + long + "e", wire.ExtendedHandshake{Client: long[1:]}},
		{"d11:upload_onlyi0ee", wire.ExtendedHandshake{UploadOnly: wire.UploadOnlyNo}},
		{"d11:upload_onlyi2ee", wire.ExtendedHandshake{UploadOnly: wire.UploadOnlyYes}},
		{"d1:md" + "65:" + long[:65] + "i1e2:abi0eee", wire.ExtendedHandshake{M: map[string]int{"ab": 0}}},
		{"d1:md2:abi1e2:abi2eee", wire.ExtendedHandshake{M: map[string]int{"ab": 1}}},
		{"d6:yourip16:\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff\x01\x02\x03\x04e",
			wire.ExtendedHandshake{YourIP: netip.MustParseAddr("1.2.3.4")}},
		{"d1:v1:a1:pi80ee", wire.ExtendedHandshake{Client: "a", Port: 80}}, // keys out of order
	} {
		if d := sameHandshake(c.want, viewWellFormed(t, []byte(c.body))); d != "" {
			t.Errorf("%q (-want +got):\n%s", c.body, d)
		}
	}
}

func TestABrokenExtendedHandshakeIsRefusedWithItsReason(t *testing.T) {
	var many strings.Builder
	for i := range wire.MaxExtensions + 1 {
		fmt.Fprintf(&many, "2:%02di%de", i, i)
	}
	for _, c := range []struct {
		body string
		want wire.ExtendedFault
	}{
		{"", wire.NotBencoded},
		{"hello", wire.NotBencoded},
		{strings.Repeat("l", 1000), wire.NotBencoded},
		{"d1:a" + strings.Repeat("l", 20) + strings.Repeat("e", 21), wire.NotBencoded},
		{"i5e", wire.NotDictionary},
		{"le", wire.NotDictionary},
		{"d1:mlee", wire.ExtensionsNotDictionary},
		{"d1:mi0ee", wire.ExtensionsNotDictionary},
		{"d1:m2:abe", wire.ExtensionsNotDictionary},
		{"d1:md" + many.String() + "ee", wire.TooManyExtensions},
		{"d1:md2:abi256eee", wire.ExtensionIDOutOfRange},
		{"d1:md2:abi-1eee", wire.ExtensionIDOutOfRange},
		{"d1:md2:ab1:3ee", wire.ExtensionIDOutOfRange},
	} {
		e, ok := wire.ViewExtendedHandshake([]byte(c.body)).(wire.ExtendedHandshakeMalformed)
		if !ok || e.Reason != c.want || (e.Syntax != nil) != (c.want == wire.NotBencoded) {
			t.Errorf("%q: got %+v, want %v", c.body, e, c.want)
		}
	}
}

func FuzzViewExtendedHandshake(f *testing.F) {
	fuzzseed.Add(f)
	for _, seed := range []string{
		"de", "d1:md11:LT_metadatai1e6:ut_pexi2ee1:pi6881e1:v13:µTorrent 1.2e",
		"d4:reqqi500e11:upload_onlyi1e6:yourip4:\x01\x02\x03\x04e", "d1:md2:abi256eee",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		switch e := wire.ViewExtendedHandshake(body).(type) {
		case wire.ExtendedHandshakeWellFormed:
			h := e.Handshake
			if len(h.M) > wire.MaxExtensions || len(h.Client) > wire.MaxClientName || h.Reqq > wire.MaxReqq {
				t.Fatalf("out of bounds: %+v", h)
			}
			if d := sameHandshake(h, viewWellFormed(t, h.Append(nil))); d != "" {
				t.Fatalf("%q (-read +again):\n%s", body, d)
			}
		case wire.ExtendedHandshakeMalformed:
			if e.Reason == wire.NoExtendedFault || e.Reason.String() == "" {
				t.Fatalf("malformed without a reason: %+v", e)
			}
		}
	})
}
