package utpwire_test

import (
	"bytes"
	"encoding/hex"
	"net/netip"
	"testing"

	"pgregory.net/rapid"

	"github.com/etorrent/etorrent/internal/core/demux"
	"github.com/etorrent/etorrent/internal/fuzzseed"
	"github.com/etorrent/etorrent/internal/vocab/serial"
	"github.com/etorrent/etorrent/internal/vocab/utpwire"
)

func unhex(t testing.TB, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// What other programs send, as it was seen.
const (
	synOfTransmission = "4102" + "3039" + "0001e240" + "00000000" + "00040000" + "ffff0000" + "0008" + "0000000000000000"
	stateOfLibtorrent = "2101" + "303a" + "0001e240" + "00000400" + "00100000" + "1000fffe" + "0005" + "0180000001"
	resetOfLibutp     = "3100" + "303a" + "00000000" + "00000000" + "00000000" + "12345678"
	closeOfLibtorrent = "1103" + "303a" + "0001e240" + "7fffffff" + "00100000" + "10001001" + "0004" + "00000003"
)

func TestPacketsOfOtherProgramsAreRead(t *testing.T) {
	for _, c := range []struct {
		name, packet string
		want         utpwire.Header
		mask         string
	}{
		{"syn with extension bits", synOfTransmission, utpwire.Header{Kind: utpwire.Syn, ID: 12345, Stamp: 123456, Window: 1 << 18, Seq: 65535}, ""},
		{"selective acks of five bytes", stateOfLibtorrent, utpwire.Header{Kind: utpwire.State, ID: 12346, Stamp: 123456, Delay: 1024, Window: 1 << 20, Seq: 4096, Ack: 65534}, "0180000001"},
		{"reset", resetOfLibutp, utpwire.Header{Kind: utpwire.Reset, ID: 12346, Seq: 0x1234, Ack: 0x5678}, ""},
		{"another extension first, and the old word for no delay", closeOfLibtorrent, utpwire.Header{Kind: utpwire.Fin, ID: 12346, Stamp: 123456, Window: 1 << 20, Seq: 4096, Ack: 4097}, ""},
	} {
		for _, payload := range []string{"", "x", "0123456789"} {
			var p utpwire.Packet
			fault := utpwire.Parse(append(unhex(t, c.packet), payload...), &p)
			if fault != utpwire.NoFault || p.Header != c.want || hex.EncodeToString(p.Mask) != c.mask || string(p.Payload) != payload {
				t.Errorf("%s: %v, %+v", c.name, fault, p)
			}
		}
	}
}

func TestTheFirstSelectiveAckCountsWhereverItStands(t *testing.T) {
	head := unhex(t, resetOfLibutp)
	for _, c := range []struct {
		name, chain string
		first       byte
		mask        string
	}{
		{"alone", "0004" + "00000001", 1, "00000001"},
		{"before one that is not known", "c804" + "00000001" + "0001" + "ff", 1, "00000001"},
		{"after one", "0101" + "ff" + "0004" + "00000001", 200, "00000001"},
		{"twice", "0101" + "01" + "0001" + "02", 1, "01"},
		{"empty, and another", "0100" + "0001" + "02", 1, "02"},
		{"empty", "0000", 1, ""},
		{"of 255 bytes", "00ff" + hex.EncodeToString(bytes.Repeat([]byte{9}, 255)), 1, hex.EncodeToString(bytes.Repeat([]byte{9}, 255))},
	} {
		packet := append(bytes.Clone(head), unhex(t, c.chain)...)
		packet[1] = c.first
		var p utpwire.Packet
		if fault := utpwire.Parse(append(packet, "payload"...), &p); fault != utpwire.NoFault || hex.EncodeToString(p.Mask) != c.mask || string(p.Payload) != "payload" {
			t.Errorf("%s: %v, mask %x, payload %q", c.name, fault, []byte(p.Mask), p.Payload)
		}
	}
}

func TestAPacketThatIsCutOffHasAFaultAtEveryByte(t *testing.T) {
	for _, text := range []string{synOfTransmission, stateOfLibtorrent, resetOfLibutp, closeOfLibtorrent} {
		whole := unhex(t, text)
		for n := range whole {
			want := utpwire.ExtensionCutOff
			if n < utpwire.HeaderBytes {
				want = utpwire.TooShort
			}
			var p utpwire.Packet
			if got := utpwire.Parse(whole[:n], &p); got != want {
				t.Errorf("%d bytes of %s: %v, want %v", n, text, got, want)
			}
		}
	}
}

func TestExtensionsAreFollowedForEightOfThem(t *testing.T) {
	packet := unhex(t, resetOfLibutp)
	packet[1] = 77
	for n := 1; n <= 700; n++ {
		want := utpwire.NoFault
		if n > utpwire.MaxExtensions {
			want = utpwire.ExtensionsTooMany
		}
		var p utpwire.Packet
		chain := append(bytes.Repeat([]byte{77, 0}, n-1), 0, 0)
		if got := utpwire.Parse(append(bytes.Clone(packet), chain...), &p); got != want {
			t.Errorf("%d extensions: %v, want %v", n, got, want)
		}
	}
}

// So no datagram is lost between the two.
func TestWhatTheCodecTakesForItsOwnTheTableOfDatagramsDoesToo(t *testing.T) {
	for first := range 256 {
		for _, second := range []byte{0, 1, 2, 3, 255} {
			for n := 1; n < 30; n++ {
				datagram := append([]byte{byte(first), second}, make([]byte, 28)...)[:n]
				var p utpwire.Packet
				owner := utpwire.Parse(datagram, &p).Owner()
				_, is := demux.New(1, demux.Counts{}).Receive(1, netip.AddrPort{}, datagram).(demux.UTP)
				if is != (owner == utpwire.UTP) {
					t.Fatalf("%x: the codec says %v, the table %v", datagram, owner, is)
				}
			}
		}
	}
}

func headers() *rapid.Generator[utpwire.Header] {
	return rapid.Custom(func(t *rapid.T) utpwire.Header {
		delay := utpwire.Delay(rapid.Uint32().Draw(t, "delay"))
		if delay == 1<<31-1 {
			delay = utpwire.NoDelay
		}
		return utpwire.Header{
			Kind:   rapid.SampledFrom([]utpwire.Kind{utpwire.Data, utpwire.Fin, utpwire.State, utpwire.Reset, utpwire.Syn}).Draw(t, "kind"),
			ID:     utpwire.ConnID(rapid.Uint16().Draw(t, "id")),
			Stamp:  utpwire.Stamp(rapid.Uint32().Draw(t, "stamp")),
			Delay:  delay,
			Window: rapid.Uint32().Draw(t, "window"),
			Seq:    serial.Number(rapid.Uint16().Draw(t, "seq")),
			Ack:    serial.Number(rapid.Uint16().Draw(t, "ack")),
		}
	})
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := headers().Draw(t, "header")
		mask := rapid.SliceOfN(rapid.Byte(), 0, utpwire.MaxMaskBytes).Draw(t, "mask")
		payload := rapid.SliceOfN(rapid.Byte(), 0, 50).Draw(t, "payload")
		before := []byte("before")
		b := append(h.Append(before, mask), payload...)
		var p utpwire.Packet
		fault := utpwire.Parse(b[len(before):], &p)
		if fault != utpwire.NoFault || p.Header != h || !bytes.Equal(p.Mask, mask) || !bytes.Equal(p.Payload, payload) {
			t.Fatalf("%v, %+v", fault, p)
		}
	})
}

func TestPaddingIsSkipped(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := headers().Draw(t, "header")
		padding := rapid.IntRange(utpwire.MinPadding, utpwire.MaxPadding).Draw(t, "padding")
		before := []byte("before")
		b := h.AppendPadded(before, padding)[len(before):]
		if len(b) != utpwire.HeaderBytes+padding {
			t.Fatalf("%d bytes", len(b)-utpwire.HeaderBytes)
		}
		if b[1] != 2 || b[21] != 8 {
			t.Fatalf("libutp drops %x", b)
		}
		var p utpwire.Packet
		if fault := utpwire.Parse(append(b, "payload"...), &p); fault != utpwire.NoFault || p.Header != h || len(p.Mask) > 0 || string(p.Payload) != "payload" {
			t.Fatalf("%v, %+v", fault, p)
		}
	})
}

func TestAMaskThatIsTooLongIsCut(t *testing.T) {
	var h utpwire.Header
	var p utpwire.Packet
	if fault := utpwire.Parse(h.Append(nil, make([]byte, 1000)), &p); fault != utpwire.NoFault || len(p.Mask) != utpwire.MaxMaskBytes || len(p.Payload) != 0 {
		t.Errorf("%v, %d bytes of mask, %d of payload", fault, len(p.Mask), len(p.Payload))
	}
}

func TestReadingAndWritingAPacketAllocatesNothing(t *testing.T) {
	packet := append(unhex(t, stateOfLibtorrent), make([]byte, 1400)...)
	room := make([]byte, 0, 2000)
	var p utpwire.Packet
	if n := testing.AllocsPerRun(100, func() {
		utpwire.Parse(packet, &p)
		p.Append(room, p.Mask)
		p.AppendPadded(room, 272)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkParse(b *testing.B) {
	packet := append(unhex(b, stateOfLibtorrent), make([]byte, 1382)...)
	b.SetBytes(1382)
	b.ReportAllocs()
	var p utpwire.Packet
	for b.Loop() {
		utpwire.Parse(packet, &p)
	}
}

func BenchmarkAppend(b *testing.B) {
	h := utpwire.Header{Kind: utpwire.Data, ID: 1, Seq: 2, Ack: 3}
	room := make([]byte, 0, 2000)
	b.ReportAllocs()
	for b.Loop() {
		h.Append(room, nil)
	}
}

// FuzzPacket parses anything, and writes and reads again what is a packet.
func FuzzPacket(f *testing.F) {
	fuzzseed.Add(f)
	for _, text := range []string{synOfTransmission, stateOfLibtorrent, resetOfLibutp, closeOfLibtorrent} {
		f.Add(unhex(f, text))
	}
	f.Fuzz(func(t *testing.T, datagram []byte) {
		var p, q utpwire.Packet
		fault := utpwire.Parse(datagram, &p)
		if fault != utpwire.NoFault {
			return
		}
		if len(datagram)-utpwire.HeaderBytes < len(p.Mask)+len(p.Payload) || !bytes.HasSuffix(datagram, p.Payload) {
			t.Fatalf("%x has the payload %x", datagram, p.Payload)
		}
		for i := range p.Mask.Bits() + 64 {
			if is := p.Mask.Word(i/64)>>(i%64)&1 == 1; is != (i < p.Mask.Bits() && p.Mask[i/8]>>(i%8)&1 == 1) {
				t.Fatalf("bit %d of %x is %v", i, []byte(p.Mask), is)
			}
		}
		mask := p.Mask[:min(len(p.Mask), utpwire.MaxMaskBytes)]
		if fault := utpwire.Parse(append(p.Append(nil, p.Mask), p.Payload...), &q); fault != utpwire.NoFault ||
			q.Header != p.Header || !bytes.Equal(q.Mask, mask) || !bytes.Equal(q.Payload, p.Payload) {
			t.Fatalf("%x was read as %+v and then, %v, as %+v", datagram, p, fault, q)
		}
	})
}
