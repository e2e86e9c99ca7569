package peer

import (
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/wire"
)

const (
	lastPiece   = 15
	pieceBytes  = 100 * geometry.BlockSize
	lastBytes   = pieceBytes - 1000
	largest     = 1<<32 - 1
	halfLargest = 1 << 31
)

// indexes are numbers of pieces of a torrent of 16, and what each is.
var indexes = []struct {
	piece uint32
	fault wire.Fault
}{
	{0, wire.NoFault},
	{lastPiece, wire.NoFault},
	{lastPiece + 1, wire.PieceOutOfRange},
	{halfLargest, wire.PieceOutOfRange},
	{largest, wire.PieceOutOfRange},
}

// ranges are blocks, and what each is.
var ranges = []struct {
	piece, begin, length uint32
	fault                wire.Fault
}{
	{0, 0, geometry.BlockSize, wire.NoFault},
	{0, 0, geometry.BlockSize + 1, wire.NoFault}, // odd, but served by all
	{0, 1, 1, wire.NoFault},
	{0, 0, cap128, wire.NoFault},
	{0, pieceBytes - 1, 1, wire.NoFault},
	{lastPiece, lastBytes - 1, 1, wire.NoFault},

	{0, 0, 0, wire.BlockLengthWrong},
	{0, 0, cap128 + 1, wire.BlockLengthWrong},
	{0, 0, halfLargest, wire.BlockLengthWrong},
	{0, 0, largest, wire.BlockLengthWrong},
	{0, largest, largest, wire.BlockLengthWrong},

	{0, pieceBytes, 1, wire.BlockOutOfPiece},
	{0, pieceBytes - 1, 2, wire.BlockOutOfPiece},
	{0, pieceBytes - geometry.BlockSize + 1, geometry.BlockSize, wire.BlockOutOfPiece},
	{0, halfLargest, 1, wire.BlockOutOfPiece},
	{0, largest, 1, wire.BlockOutOfPiece},
	{0, largest - geometry.BlockSize + 1, geometry.BlockSize, wire.BlockOutOfPiece}, // wraps to 0
	{lastPiece, lastBytes, 1, wire.BlockOutOfPiece},
	{lastPiece, pieceBytes - geometry.BlockSize, geometry.BlockSize, wire.BlockOutOfPiece},

	{lastPiece + 1, 0, geometry.BlockSize, wire.PieceOutOfRange},
	{halfLargest, 0, geometry.BlockSize, wire.PieceOutOfRange},
	{largest, 0, geometry.BlockSize, wire.PieceOutOfRange},
	{largest, largest, largest, wire.PieceOutOfRange},
}

func words(numbers ...uint32) []byte {
	var b []byte
	for _, n := range numbers {
		b = binary.BigEndian.AppendUint32(b, n)
	}
	return b
}

// knownPhases are those in which the decoder knows the torrent.
func knownPhases(t *testing.T, each func(t *testing.T, p *phaseOf)) {
	t.Helper()
	for _, p := range phases() {
		if p.limits != (wire.Limits{}) {
			t.Run(p.name, func(t *testing.T) { each(t, &p) })
		}
	}
}

func TestEveryIndexOfEveryMessageEndsInItsFaultInEveryPhase(t *testing.T) {
	knownPhases(t, func(t *testing.T, p *phaseOf) {
		for _, k := range []wire.Kind{wire.Have, wire.Suggest, wire.AllowedFast} {
			for _, c := range indexes {
				p.judge(t, forged(k, 5, words(c.piece)...), c.fault, "%s %d", k, c.piece)
			}
		}
	})
}

func TestEveryRangeOfEveryMessageEndsInItsFaultInEveryPhase(t *testing.T) {
	knownPhases(t, func(t *testing.T, p *phaseOf) {
		for _, c := range ranges {
			for _, k := range []wire.Kind{wire.Request, wire.Cancel, wire.Reject} {
				p.judge(t, forged(k, 13, words(c.piece, c.begin, c.length)...), c.fault, "%s %d %d:%d", k, c.piece, c.begin, c.length)
			}
			fault := c.fault
			switch { // a block is as long as its frame, and we ask for none over 16 KiB
			case c.length > longestFrame-9:
				fault = wire.FrameTooLong
			case c.length > geometry.BlockSize:
				fault = wire.BlockLengthWrong
			}
			p.judge(t, forged(wire.Piece, 9+min(c.length, largest-9), words(c.piece, c.begin)...), fault, "block %d %d:%d", c.piece, c.begin, c.length)
		}
	})
}

func (p *phaseOf) judge(t *testing.T, frame []byte, want wire.Fault, format string, args ...any) {
	t.Helper()
	l := p.begin(t)
	l.lines = nil
	l.feed(&p.limits, frame)
	if l.mustBe(want); t.Failed() {
		t.Fatalf("after "+format, args...)
	}
}

// While the metadata is unknown indices are kept, and judged when it comes.
func TestIndexesThatCameBeforeTheMetadataAreJudgedByIt(t *testing.T) {
	for _, c := range indexes {
		t.Run(fmt.Sprint(c.piece), func(t *testing.T) {
			cfg := config(fast | extended)
			cfg.Geometry, cfg.Announce = geometry.Geometry{}, nil
			l := open(t, cfg)
			l.feed(&wire.Limits{}, forged(wire.Have, 5, words(c.piece)...))
			l.core.Learn(l.now, shape(), cfg.Held, l)
			l.mustBe(c.fault)
		})
	}
}
