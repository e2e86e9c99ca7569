package wire

import (
	"encoding/binary"

	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// Have (BEP 3), Suggest and AllowedFast (BEP 6): length, id, index of a piece.

const indexHead = signalHead + 4

// viewIndex reads the index of a piece and judges it.
func (m *Message) viewIndex(head []byte, l *Limits) Fault {
	m.Piece = pieceset.Index(binary.BigEndian.Uint32(head[signalHead:]))
	return l.viewPiece(m.Piece)
}

func (m *Message) appendIndex(dst []byte) []byte {
	return binary.BigEndian.AppendUint32(append(dst, m.Kind.id()), uint32(m.Piece))
}

// viewPiece judges the index of a piece.
func (l *Limits) viewPiece(i pieceset.Index) Fault {
	if int64(i) >= int64(l.pieces()) {
		return PieceOutOfRange
	}
	return NoFault
}
