package wire_test

import (
	"encoding/hex"
	"math"
	"testing"

	"github.com/etorrent/etorrent/internal/fuzzseed"
	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/wire"
)

// shape is a torrent of three pieces: 40,000, 40,000 and 20,000 bytes.
func shape() geometry.Geometry {
	return geometry.Geometry{TotalLength: 100_000, PieceLength: 40_000}
}

func decodeHex(t *testing.T, text string, l wire.Limits) wire.Decoded {
	t.Helper()
	b, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	var m wire.Message
	return wire.Decode(b, &l, &m)
}

// Each frame is cut where its fault shows, and no byte before.
func TestFaultsShowAsSoonAsTheyCan(t *testing.T) {
	known := wire.Limits{Geometry: shape()}
	small := wire.Limits{Geometry: shape(), ExtendedBytes: 16}
	for _, c := range []struct {
		name  string
		frame string
		l     wire.Limits
		want  wire.Fault
	}{
		{"any kind, by its length alone", "ffffffff", known, wire.FrameTooLong},
		{"any kind, one above the cap", "0002000a", known, wire.FrameTooLong},
		{"choke with a payload", "0000000200", known, wire.FrameLengthWrong},
		{"have without a piece", "0000000104", known, wire.FrameLengthWrong},
		{"have that is too long", "0000000604", known, wire.FrameLengthWrong},
		{"have all with a payload", "000000020e", known, wire.FrameLengthWrong},
		{"request that is too short", "0000000c06", known, wire.FrameLengthWrong},
		{"port that is too long", "0000000409", known, wire.FrameLengthWrong},
		{"piece without a header", "0000000807", known, wire.FrameLengthWrong},
		{"piece without a block", "0000000907", known, wire.BlockLengthWrong},
		{"piece with too long a block", "0000400a07", wire.Limits{}, wire.BlockLengthWrong},
		{"bitfield that is too short", "0000000105", known, wire.BitfieldLengthWrong},
		{"bitfield that is too long", "0000000305", known, wire.BitfieldLengthWrong},
		{"extended without an id", "0000000114", known, wire.FrameLengthWrong},
		{"extended above its cap", "0000001314", small, wire.FrameTooLong},
		{"unknown above its cap", "0000800215", known, wire.FrameTooLong},
		{"have of no piece", "000000050400000003", known, wire.PieceOutOfRange},
		{"have of the last index", "0000000504ffffffff", known, wire.PieceOutOfRange},
		{"suggest of no piece", "000000050d00000003", known, wire.PieceOutOfRange},
		{"request of no piece", "0000000d06000000030000000000004000", known, wire.PieceOutOfRange},
		{"request of nothing", "0000000d06000000000000000000000000", known, wire.BlockLengthWrong},
		{"request of too much", "0000000d06000000000000000000020001", known, wire.BlockLengthWrong},
		{"request beyond the piece", "0000000d060000000000009c4000000001", known, wire.BlockOutOfPiece},
		{"request beyond the last piece", "0000000d060000000200004e1f00000002", known, wire.BlockOutOfPiece},
		{"request that would overflow", "0000000d0600000000ffffffff00000002", known, wire.BlockOutOfPiece},
		{"cancel of no piece", "0000000d08000000030000000000004000", known, wire.PieceOutOfRange},
		{"reject of no piece", "0000000d10000000030000000000004000", known, wire.PieceOutOfRange},
		{"piece of no piece, before its block", "000040090700000003" + "00000000", known, wire.PieceOutOfRange},
		{"piece beyond the last piece", "000040090700000002" + "00004000", known, wire.BlockOutOfPiece},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := decodeHex(t, c.frame, c.l); got.Outcome != wire.Malformed || got.Fault != c.want || got.Size != 0 {
				t.Errorf("got %+v, want %v", got, c.want)
			}
			if got := decodeHex(t, c.frame[:len(c.frame)-2], c.l); got.Outcome != wire.Incomplete {
				t.Errorf("a byte earlier: %+v", got)
			}
		})
	}
}

func TestWhatFitsExactlyIsAccepted(t *testing.T) {
	for _, c := range []struct {
		name, frame string
		size        int
	}{
		{"have of the last piece", "000000050400000002", 9},
		{"request up to the end of a piece", "0000000d060000000000008c4000001000", 17},
		{"request up to the end of the last piece", "0000000d060000000200004e1f00000001", 17},
		{"bitfield", "0000000205e0", 6},
		{"unknown without a payload", "0000000115", 5},
		{"extended without a body", "000000021401", 6},
	} {
		want := wire.Decoded{Outcome: wire.Complete, Size: c.size}
		if got := decodeHex(t, c.frame, wire.Limits{Geometry: shape()}); got != want {
			t.Errorf("%s: got %+v", c.name, got)
		}
	}
}

func TestWithoutMetadataOnlySymbolicCapsHold(t *testing.T) {
	for _, c := range []struct {
		name, frame string
		want        wire.Decoded
	}{
		{"have all", "000000010e", wire.Decoded{Outcome: wire.Complete, Size: 5}},
		{"have of the last symbolic piece", "0000000504001fffff", wire.Decoded{Outcome: wire.Complete, Size: 9}},
		{"have beyond it", "000000050400200000", wire.Decoded{Outcome: wire.Malformed, Fault: wire.PieceOutOfRange}},
		{"request far in a piece", "0000000d0600000000fffe000000004000", wire.Decoded{Outcome: wire.Complete, Size: 17}},
		{"request that would overflow", "0000000d0600000000ffffffff00000001", wire.Decoded{Outcome: wire.Malformed, Fault: wire.BlockOutOfPiece}},
		{"empty bitfield", "0000000105", wire.Decoded{Outcome: wire.Complete, Size: 5}},
		{"longest bitfield", "0004000105", wire.Decoded{Outcome: wire.Incomplete, Size: 262149}},
		{"too long a bitfield", "00040002", wire.Decoded{Outcome: wire.Malformed, Fault: wire.FrameTooLong}},
	} {
		if got := decodeHex(t, c.frame, wire.Limits{}); got != c.want {
			t.Errorf("%s: got %+v, want %+v", c.name, got, c.want)
		}
	}
}

func TestATorrentOfNoPiecesIsNotSymbolic(t *testing.T) {
	l := wire.Limits{Geometry: geometry.Geometry{PieceLength: 1 << 14}}
	if got := decodeHex(t, "0000000105", l); got.Outcome != wire.Complete {
		t.Errorf("empty bitfield: %+v", got)
	}
	if got := decodeHex(t, "000000050400000000", l); got.Fault != wire.PieceOutOfRange {
		t.Errorf("have 0: %+v", got)
	}
}

func TestMaxFrameGrowsWithTheLimits(t *testing.T) {
	const usual = 6 + wire.DefaultExtendedBytes
	for _, c := range []struct {
		l    wire.Limits
		want int
	}{
		{wire.Limits{Geometry: shape()}, usual},
		{wire.Limits{}, 5 + wire.MaxSymbolicPieces/8},
		{wire.Limits{Geometry: shape(), ExtendedBytes: 1 << 20}, 6 + 1<<20},
		{wire.Limits{Geometry: geometry.Geometry{TotalLength: 1 << 40, PieceLength: 1 << 14}}, 5 + 1<<23},
	} {
		if got := c.l.MaxFrame(); got != c.want {
			t.Errorf("%+v: %d, want %d", c.l, got, c.want)
		}
	}
}

func TestAPayloadCannotBeAppendedOverTheNextMessage(t *testing.T) {
	choke := wire.Message{Kind: wire.Choke}
	ext := wire.Message{Kind: wire.Extended, ExtID: 1, Payload: []byte("body")}
	b := choke.Append(ext.Append(nil))
	var m wire.Message
	d := wire.Decode(b, &wire.Limits{}, &m)
	_ = append(m.Payload, 0xff)
	if got := wire.Decode(b[d.Size:], &wire.Limits{}, &m); got.Outcome != wire.Complete || m.Kind != wire.Choke {
		t.Errorf("next message: %+v %v", got, m.Kind)
	}
}

// blocks is a buffer of Piece messages as a busy reader has them.
func blocks(count int) ([]byte, wire.Limits) {
	l := wire.Limits{Geometry: geometry.Geometry{TotalLength: 1 << 30, PieceLength: 1 << 20}}
	m := wire.Message{Kind: wire.Piece, Payload: make([]byte, geometry.BlockSize)}
	var b []byte
	for i := range count {
		m.Begin = uint32(i * geometry.BlockSize)
		b = m.Append(b)
	}
	return b, l
}

func decodeAll(b []byte, l *wire.Limits, m *wire.Message) (bytes int) {
	for len(b) > 0 {
		d := wire.Decode(b, l, m)
		if d.Outcome != wire.Complete {
			return -1
		}
		bytes += len(m.Payload)
		b = b[d.Size:]
	}
	return bytes
}

func TestDecodeAllocatesNothing(t *testing.T) {
	b, l := blocks(8)
	var m wire.Message
	if n := testing.AllocsPerRun(100, func() {
		if decodeAll(b, &l, &m) != 8*geometry.BlockSize {
			t.Fatal("blocks are missing")
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkDecodePieces(b *testing.B) {
	buf, l := blocks(16)
	var m wire.Message
	b.ReportAllocs()
	for b.Loop() {
		decodeAll(buf, &l, &m)
	}
}

func BenchmarkDecodeRequests(b *testing.B) {
	_, l := blocks(0)
	var buf []byte
	request := wire.Message{Kind: wire.Request, Piece: 1, Length: geometry.BlockSize}
	for range 64 {
		buf = request.Append(buf)
	}
	var m wire.Message
	b.ReportAllocs()
	for b.Loop() {
		decodeAll(buf, &l, &m)
	}
}

func FuzzDecode(f *testing.F) {
	fuzzseed.Add(f)
	for _, seed := range []string{
		"00000000", "0000000100", "000000050400000002", "0000000205e0", "0000000d060000000000008c4000001000",
		"0000000b0700000001000040000708", "00000003091ae1", "0000000414036465", "000000021509", "ffffffff07",
	} {
		b, _ := hex.DecodeString(seed)
		f.Add(b, int64(100_000), int64(40_000))
		f.Add(b, int64(0), int64(0))
	}
	f.Fuzz(func(t *testing.T, b []byte, total, piece int64) {
		if total < 0 || piece < 0 || total > math.MaxInt64/2 || piece > math.MaxInt64/2 {
			t.Skip("no torrent has this geometry")
		}
		l := wire.Limits{Geometry: geometry.Geometry{TotalLength: total, PieceLength: piece}}
		var m wire.Message
		d := wire.Decode(b, &l, &m)
		checkDecoded(t, b, d, &l)
		if d.Outcome == wire.Complete && string(m.Append(nil)) != string(b[:d.Size]) {
			t.Fatalf("%+v is written as %x, not %x", m, m.Append(nil), b[:d.Size])
		}
	})
}

func checkDecoded(t *testing.T, b []byte, d wire.Decoded, l *wire.Limits) {
	t.Helper()
	inFrame := d.Size > 0 && d.Size <= l.MaxFrame()
	var sane bool
	switch d.Outcome {
	case wire.Complete:
		sane = inFrame && d.Size <= len(b) && d.Fault == wire.NoFault
	case wire.Incomplete:
		sane = inFrame && d.Size > len(b) && d.Fault == wire.NoFault
	case wire.Malformed:
		sane = d.Size == 0 && d.Fault != wire.NoFault
	}
	if !sane {
		t.Fatalf("%d bytes: %+v", len(b), d)
	}
}
