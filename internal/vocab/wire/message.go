package wire

import (
	"encoding/binary"

	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// Message is any message of the peer protocol. Which fields say something
// depends on the kind; the others are zero.
//
//	Have, Suggest, AllowedFast   Piece
//	Request, Cancel, Reject      Piece, Begin, Length
//	Piece                        Piece, Begin, Payload (the block), Length (its bytes)
//	Bitfield                     Payload (the bits, high bit first)
//	Port                         DHTPort
//	Extended                     ExtID, Payload (the body behind it)
//	Unknown                      ID, Payload
//
// The Payload of a decoded message aliases the buffer that it was decoded from.
type Message struct {
	Kind    Kind
	ID      byte // raw id of an Unknown message
	ExtID   byte // BEP 10: 0 is the extended handshake
	DHTPort uint16
	Piece   pieceset.Index
	Begin   uint32 // bytes from the beginning of the piece
	Length  uint32 // bytes
	Payload []byte
}

const (
	prefixBytes = 4               // length
	signalHead  = prefixBytes + 1 // length, id
)

// EncodedLen is the number of bytes that Append appends.
func (m *Message) EncodedLen() int { return headBytes(m.Kind) + m.payloadLen() }

// Append appends the message's one encoding. It takes the fields as they are:
// what [Decode] refuses can be encoded.
func (m *Message) Append(dst []byte) []byte {
	dst = binary.BigEndian.AppendUint32(dst, uint32(m.EncodedLen()-prefixBytes))
	switch m.Kind {
	case KeepAlive:
		return dst
	case Choke, Unchoke, Interested, NotInterested, HaveAll, HaveNone:
		return append(dst, m.Kind.id())
	case Have, Suggest, AllowedFast:
		return m.appendIndex(dst)
	case Request, Cancel, Reject:
		return m.appendRange(dst)
	case Bitfield:
		return m.appendBitfield(dst)
	case Piece:
		return m.appendPiece(dst)
	case Port:
		return m.appendPort(dst)
	case Extended:
		return m.appendExtended(dst)
	case Unknown:
		return m.appendUnknown(dst)
	}
	panic("wire: message of no kind")
}

// headBytes is how many bytes of a frame come before its payload. They suffice
// to judge the whole message, but for what a payload says.
func headBytes(k Kind) int {
	switch k {
	case KeepAlive:
		return prefixBytes
	case Choke, Unchoke, Interested, NotInterested, HaveAll, HaveNone, Bitfield, Unknown:
		return signalHead
	case Have, Suggest, AllowedFast:
		return indexHead
	case Request, Cancel, Reject:
		return rangeHead
	case Piece:
		return PieceHeaderBytes
	case Port:
		return portHead
	case Extended:
		return extendedHead
	}
	panic("wire: message of no kind")
}

// payloadLen is the number of bytes of payload to encode: none where the kind
// has no payload.
func (m *Message) payloadLen() int {
	switch m.Kind {
	case Bitfield, Piece, Extended, Unknown:
		return len(m.Payload)
	case KeepAlive, Choke, Unchoke, Interested, NotInterested, Have, Request, Cancel,
		Port, Suggest, HaveAll, HaveNone, Reject, AllowedFast:
	}
	return 0
}
