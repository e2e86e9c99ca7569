package wire_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/etorrent/etorrent/internal/fuzzseed"
	"github.com/etorrent/etorrent/internal/vocab/wire"
)

func handshakes() *rapid.Generator[wire.Handshake] {
	return rapid.Custom(func(t *rapid.T) wire.Handshake {
		draw := func(n int, label string) []byte {
			return rapid.SliceOfN(rapid.Byte(), n, n).Draw(t, label)
		}
		return wire.Handshake{
			Reserved: [8]byte(draw(8, "reserved")),
			InfoHash: [20]byte(draw(20, "info-hash")),
			PeerID:   [20]byte(draw(20, "peer id")),
		}
	})
}

func TestAHandshakeIsViewedAtEveryLength(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := handshakes().Draw(t, "handshake")
		b := append(h.Append(nil), "next message"...)
		for n := range len(b) + 1 {
			var want wire.HandshakeEvidence
			switch {
			case n < wire.HandshakeInfoHashBytes:
				want = wire.HandshakePartial{Need: wire.HandshakeInfoHashBytes}
			case n < wire.HandshakeBytes:
				want = wire.HandshakeInfoHash{Reserved: h.Reserved, InfoHash: h.InfoHash}
			default:
				want = wire.HandshakeWhole{Handshake: h}
			}
			if got := wire.ViewHandshake(b[:n]); got != want {
				t.Fatalf("%d bytes: got %+v, want %+v", n, got, want)
			}
		}
	})
}

func TestAnotherProtocolIsSeenAtItsFirstWrongByte(t *testing.T) {
	whole := wire.Handshake{}.Append(nil)
	for at := range 20 {
		b := append([]byte(nil), whole[:at+1]...)
		b[at] ^= 0x20
		if got := wire.ViewHandshake(b); got != (wire.NotBitTorrent{}) {
			t.Errorf("byte %d wrong: %+v", at, got)
		}
	}
}

func TestAHandshakeHasTheBytesOfBEP3(t *testing.T) {
	h := wire.Handshake{Reserved: wire.FastExtension.Reserved()}
	copy(h.InfoHash[:], "abcdefghijklmnopqrst")
	copy(h.PeerID[:], "-ET0100-............")
	const want = "\x13BitTorrent protocol\x00\x00\x00\x00\x00\x00\x00\x04abcdefghijklmnopqrst-ET0100-............"
	if got := h.Append(nil); string(got) != want || len(got) != wire.HandshakeBytes {
		t.Errorf("got %q", got)
	}
}

func FuzzViewHandshake(f *testing.F) {
	fuzzseed.Add(f)
	f.Add(wire.Handshake{}.Append(nil))
	f.Add([]byte("\x13BitTorrent protocol"))
	f.Add([]byte("GET / HTTP/1.1\r\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		switch e := wire.ViewHandshake(b).(type) {
		case wire.HandshakeWhole:
			if string(e.Handshake.Append(nil)) != string(b[:wire.HandshakeBytes]) {
				t.Fatal("written otherwise than read")
			}
		case wire.HandshakePartial:
			if e.Need <= len(b) {
				t.Fatalf("%d bytes, need %d", len(b), e.Need)
			}
		case wire.HandshakeInfoHash, wire.NotBitTorrent:
		}
	})
}

func TestCapabilitiesAreTheBitsOfBEP4(t *testing.T) {
	for _, c := range []struct {
		set  wire.Capabilities
		want [8]byte
		name string
	}{
		{0, [8]byte{}, ""},
		{wire.DHTNode, [8]byte{7: 0x01}, "dht"},
		{wire.FastExtension, [8]byte{7: 0x04}, "fast"},
		{wire.ExtensionProtocol, [8]byte{5: 0x10}, "extended"},
		{wire.FastExtension | wire.ExtensionProtocol, [8]byte{5: 0x10, 7: 0x04}, "fast+extended"},
	} {
		if got := c.set.Reserved(); got != c.want || c.set.String() != c.name {
			t.Errorf("%v: %x", c.set, got)
		}
	}
}

func TestUnknownReservedBitsAreIgnored(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		reserved := handshakes().Draw(t, "handshake").Reserved
		c := wire.CapabilitiesOf(reserved)
		if wire.CapabilitiesOf(c.Reserved()) != c {
			t.Fatalf("%v does not come back", c)
		}
		for i, bits := range c.Reserved() {
			if bits&^reserved[i] != 0 {
				t.Fatalf("byte %d of %x has a new bit %x", i, reserved, bits)
			}
		}
	})
}

func TestAnExtensionIsSharedIfBothEndsNameIt(t *testing.T) {
	ours := wire.DHTNode | wire.FastExtension
	shared := ours.Shared(wire.FastExtension | wire.ExtensionProtocol)
	if shared != wire.FastExtension || !shared.Has(wire.FastExtension) || shared.Has(wire.DHTNode) {
		t.Errorf("shared: %v", shared)
	}
}
