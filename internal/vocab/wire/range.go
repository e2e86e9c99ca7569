package wire

import (
	"encoding/binary"
	"math"

	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// Request, Cancel (BEP 3) and Reject (BEP 6): length, id, index of a piece,
// begin in the piece, length of the block.

const rangeHead = signalHead + 12

// viewRange reads what names a block and judges it.
func (m *Message) viewRange(head []byte, l *Limits) Fault {
	m.Piece = pieceset.Index(binary.BigEndian.Uint32(head[signalHead:]))
	m.Begin = binary.BigEndian.Uint32(head[signalHead+4:])
	m.Length = binary.BigEndian.Uint32(head[signalHead+8:])
	return l.viewBlock(m)
}

func (m *Message) appendRange(dst []byte) []byte {
	dst = m.appendIndex(dst)
	dst = binary.BigEndian.AppendUint32(dst, m.Begin)
	return binary.BigEndian.AppendUint32(dst, m.Length)
}

// viewBlock judges the Length bytes at Begin of the message's piece.
func (l *Limits) viewBlock(m *Message) Fault {
	if f := l.viewPiece(m.Piece); f != NoFault {
		return f
	}
	if m.Length == 0 || m.Length > MaxBlockBytes {
		return BlockLengthWrong
	}
	if int64(m.Begin)+int64(m.Length) > l.pieceSize(m.Piece) {
		return BlockOutOfPiece
	}
	return NoFault
}

// pieceSize is the number of bytes of a piece that is in range; while the
// metadata is unknown, as many as a begin can reach.
func (l *Limits) pieceSize(i pieceset.Index) int64 {
	if l.metadata() == metadataUnknown {
		return math.MaxUint32
	}
	return l.Geometry.PieceSize(i)
}
