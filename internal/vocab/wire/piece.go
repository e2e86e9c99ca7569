package wire

import (
	"encoding/binary"

	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// Piece (BEP 3): length, id, index of a piece, begin in the piece, block.

// PieceHeaderBytes is how many bytes of a Piece message come before its block.
const PieceHeaderBytes = signalHead + 8

// viewPieceLength judges the length of a Piece message.
func viewPieceLength(length uint32) Fault {
	const head = PieceHeaderBytes - prefixBytes
	switch {
	case length < head:
		return FrameLengthWrong
	case length == head, length > head+MaxSentBytes:
		return BlockLengthWrong
	}
	return NoFault
}

// viewPieceHead reads what names the block and judges it, before the block is
// there. frame is the size of the whole message.
func (m *Message) viewPieceHead(head []byte, frame int, l *Limits) Fault {
	m.Piece = pieceset.Index(binary.BigEndian.Uint32(head[signalHead:]))
	m.Begin = binary.BigEndian.Uint32(head[signalHead+4:])
	m.Length = uint32(frame - PieceHeaderBytes)
	return l.viewBlock(m)
}

func (m *Message) appendPiece(dst []byte) []byte {
	dst = m.appendIndex(dst)
	dst = binary.BigEndian.AppendUint32(dst, m.Begin)
	return append(dst, m.Payload...)
}

// AppendPieceHeader appends the first PieceHeaderBytes bytes of a Piece
// message whose block of blockLen bytes is sent from elsewhere.
func AppendPieceHeader(dst []byte, i pieceset.Index, begin, blockLen uint32) []byte {
	dst = binary.BigEndian.AppendUint32(dst, PieceHeaderBytes-prefixBytes+blockLen)
	dst = binary.BigEndian.AppendUint32(append(dst, idPiece), uint32(i))
	return binary.BigEndian.AppendUint32(dst, begin)
}
