package peer

import (
	"encoding/binary"
	"testing"

	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
	"github.com/etorrent/etorrent/internal/vocab/wire"
)

// phaseOf is a connection in one phase of its life, with what its decoder knows.
type phaseOf struct {
	name   string
	limits wire.Limits
	begin  func(t *testing.T) *link
}

// phases are all phases behind the handshakes, in which any message may come.
func phases() []phaseOf {
	known := wire.Limits{Geometry: shape()}
	both := fast | extended
	return []phaseOf{
		{"opened", known, func(t *testing.T) *link { return open(t, config(both)) }},
		{"plain", known, func(t *testing.T) *link { return open(t, config(plain)) }},
		{"nameless", wire.Limits{}, func(t *testing.T) *link { // the metadata is unknown
			cfg := config(both)
			cfg.Geometry, cfg.Announce = geometry.Geometry{}, nil
			return open(t, cfg)
		}},
		{"told", known, func(t *testing.T) *link { // its bitfield came
			l := open(t, config(both))
			l.hear(bitfield(0xff, 0x00))
			return l
		}},
		{"choked", known, func(t *testing.T) *link { // we want its pieces, and it wants ours
			cfg := config(both)
			cfg.Held = pieceset.Of(16, 0, 1)
			l := open(t, cfg)
			l.hear(bitfield(0x3f, 0xff), wire.Message{Kind: wire.Interested})
			l.core.SetInterest(l.now, Interested, l)
			return l
		}},
		{"fetching", known, func(t *testing.T) *link {
			l := fetching(t, both)
			l.request(0, 3)
			return l
		}},
		{"seeding", known, func(t *testing.T) *link {
			l := seeding(t, both)
			l.hear(wire.Message{Kind: wire.HaveNone}, wire.Message{Kind: wire.Interested})
			return l
		}},
		{"complete", known, func(t *testing.T) *link {
			l := seeding(t, both)
			l.hear(wire.Message{Kind: wire.HaveAll})
			return l
		}},
	}
}

// feed takes raw bytes as the owner of a connection does, and says how far they
// went.
func (l *link) feed(limits *wire.Limits, b []byte) wire.Decoded {
	l.t.Helper()
	for {
		var m wire.Message
		d := wire.Decode(b, limits, &m)
		switch d.Outcome {
		case wire.Complete:
			l.core.Receive(l.now, &m, l)
			if b = b[d.Size:]; len(b) > 0 && l.core.life == trading {
				continue
			}
		case wire.Malformed:
			l.core.Malformed(d.Fault, l)
		case wire.Incomplete:
			if d.Size > limits.MaxFrame() {
				l.t.Fatalf("%d bytes are awaited, a frame has %d", d.Size, limits.MaxFrame())
			}
		}
		l.core.EndOfBatch(l)
		return d
	}
}

// mustBe wants the end for a malformed message; for no fault, none.
func (l *link) mustBe(f wire.Fault) {
	l.t.Helper()
	closes := only(l.lines, "close "+MalformedMessage.String())
	if f == wire.NoFault {
		if len(closes) > 0 {
			l.t.Errorf("%v", closes)
		}
		return
	}
	if want := "close " + (Closing{MalformedMessage, f}).String(); len(closes) != 1 || closes[0] != want {
		l.t.Errorf("%v, want %s", l.lines, want)
		return
	}
	l.expectClosed(MalformedMessage)
}

// forged is a frame that names any length, with as many bytes behind its id as a
// reader could want. Its numbers are 0 where body has none.
func forged(k wire.Kind, length uint32, body ...byte) []byte {
	m := wire.Message{Kind: k, ID: 99}
	head := m.Append(nil)
	frame := make([]byte, 4, 4+min(length, longestFrame+2))
	binary.BigEndian.PutUint32(frame, length)
	frame = append(append(frame, head[4]), body[:min(len(body), int(max(length, 1)-1))]...)
	return append(frame, make([]byte, max(0, int(min(length, longestFrame+2))+4-len(frame)))...)
}

// What BEP 3, 6 and 10 say of lengths, for a torrent of 16 pieces, beside our caps:
// 128 KiB for what may be requested of us, 64 KiB for an extended message and half
// of it for an unknown one.
const (
	cap128       = 128 << 10
	longestBlock = 9 + geometry.BlockSize
	longestOther = 1 + 32<<10
	longestFrame = 2 + 64<<10
)

var exactLength = map[wire.Kind]uint32{
	wire.Choke: 1, wire.Unchoke: 1, wire.Interested: 1, wire.NotInterested: 1, wire.HaveAll: 1, wire.HaveNone: 1,
	wire.Have: 5, wire.Suggest: 5, wire.AllowedFast: 5, wire.Request: 13, wire.Cancel: 13, wire.Reject: 13,
	wire.Port: 3, wire.Bitfield: 3, wire.Piece: 9 + geometry.BlockSize, wire.Extended: 2, wire.Unknown: 1,
}

// blockOfOne is what makes a range a good one.
var blockOfOne = map[wire.Kind][]byte{
	wire.Request: words(0, 0, 1), wire.Cancel: words(0, 0, 1), wire.Reject: words(0, 0, 1),
}

// lengthFault is what a frame of a kind and a length is.
func lengthFault(k wire.Kind, n uint32) wire.Fault {
	switch {
	case n == 0: // a keep-alive, whatever follows
		return wire.NoFault
	case n > longestFrame, k == wire.Unknown && n > longestOther:
		return wire.FrameTooLong
	case k == wire.Piece && n == 9, k == wire.Piece && n > longestBlock:
		return wire.BlockLengthWrong
	case k == wire.Piece && n < 9, k == wire.Extended && n < 2:
		return wire.FrameLengthWrong
	case k == wire.Piece, k == wire.Extended, k == wire.Unknown, n == exactLength[k]:
		return wire.NoFault
	case k == wire.Bitfield:
		return wire.BitfieldLengthWrong
	}
	return wire.FrameLengthWrong
}

func TestEveryLengthOfEveryMessageEndsInItsFaultInEveryPhase(t *testing.T) {
	for _, p := range phases() {
		t.Run(p.name, func(t *testing.T) {
			for k := wire.Choke; k <= wire.Unknown; k++ {
				exact := exactLength[k]
				for _, n := range []uint32{
					0, 1, 2, exact - 1, exact, exact + 1, 9, 10, longestBlock, longestBlock + 1,
					longestOther, longestOther + 1, longestFrame, longestFrame + 1, 9 + cap128, 10 + cap128, 1 << 31, 1<<32 - 1,
				} {
					want := lengthFault(k, n)
					if p.name == "nameless" {
						want = namelessFault(k, n)
					}
					l := p.begin(t)
					l.lines = nil
					l.feed(&p.limits, forged(k, n, blockOfOne[k]...))
					if l.mustBe(want); t.Failed() {
						t.Fatalf("a %s of length %d", k, n)
					}
				}
			}
		})
	}
}

// namelessFault is what a frame is while the number of pieces is unknown: a
// bitfield may have any number of bytes up to that of 2^21 pieces.
func namelessFault(k wire.Kind, n uint32) wire.Fault {
	const longest = 1 + 1<<21/8
	switch {
	case k == wire.Bitfield && n > longest, n > longest && n > 0:
		return wire.FrameTooLong
	case k == wire.Bitfield:
		return wire.NoFault
	case k == wire.Piece && n > longestFrame:
		return wire.BlockLengthWrong
	case k != wire.Extended && k != wire.Unknown && n > longestFrame:
		return wire.FrameLengthWrong
	}
	return lengthFault(k, n)
}

// A hostile length is known by its first bytes: nothing is kept of what it
// announces.
func TestNoFrameIsKeptThatCannotBecomeGood(t *testing.T) {
	limits := wire.Limits{Geometry: shape()}
	for k := wire.Choke; k <= wire.Unknown; k++ {
		for _, n := range []uint32{exactLength[k] + 1, longestFrame + 1, 1 << 31, 1<<32 - 1} {
			if lengthFault(k, n) == wire.NoFault {
				continue
			}
			l := open(t, config(fast|extended))
			l.feed(&limits, forged(k, n)[:5])
			if l.mustBe(lengthFault(k, n)); t.Failed() {
				t.Fatalf("five bytes of a %s of length %d", k, n)
			}
		}
	}
}
