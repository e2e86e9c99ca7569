package wire

import (
	"cmp"

	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// What a message may ask of its reader, whatever the torrent.
const (
	// MaxBlockBytes is the longest block that may be requested of us. Nearly
	// all clients use 16 KiB, some more.
	MaxBlockBytes = 128 << 10
	// MaxSentBytes is the longest block that may be sent to us, since we ask for
	// none that is longer.
	MaxSentBytes = geometry.BlockSize
	// MaxUnknownBytes is the longest payload of an unknown message, which is
	// skipped. The longest that a BEP names are BEP 52's hashes, 16 KiB and some.
	MaxUnknownBytes = 32 << 10
	// DefaultExtendedBytes is the longest body of an Extended message where
	// Limits names none: four times that of BEP 9's messages.
	DefaultExtendedBytes = 64 << 10
	// MaxSymbolicPieces is how many pieces a torrent is taken to have at most
	// while its metadata is unknown.
	MaxSymbolicPieces = 1 << 21
)

// Limits are what messages are judged by. Only the owner changes them: when
// the metadata comes, Geometry is set between two messages.
type Limits struct {
	// Geometry is the torrent's. Zero means that the metadata is unknown: then
	// indices are judged by MaxSymbolicPieces, and blocks by their own length.
	Geometry geometry.Geometry
	// ExtendedBytes is the longest body of an Extended message, without the two
	// ids. 0 stands for DefaultExtendedBytes.
	ExtendedBytes uint32
}

// MaxFrame is the number of bytes of the longest message that Decode accepts.
func (l *Limits) MaxFrame() int { return prefixBytes + int(l.longest()) }

// alwaysAllowed is a length that frames may have under any limits.
const alwaysAllowed = max(
	PieceHeaderBytes-prefixBytes+MaxSentBytes,
	signalHead-prefixBytes+MaxUnknownBytes,
)

// longest is the greatest length of a frame, without the length itself.
func (l *Limits) longest() uint64 {
	return max(
		alwaysAllowed,
		uint64(signalHead-prefixBytes)+uint64(l.maxBitfield()),
		uint64(extendedHead-prefixBytes)+uint64(l.extendedBytes()),
	)
}

func (l *Limits) extendedBytes() uint32 { return cmp.Or(l.ExtendedBytes, DefaultExtendedBytes) }

// maxBitfield is the number of bytes of the longest bitfield.
func (l *Limits) maxBitfield() int { return pieceset.BitfieldLength(l.pieces()) }

// pieces is the number of pieces that indices are judged by.
func (l *Limits) pieces() int {
	if l.metadata() == metadataUnknown {
		return MaxSymbolicPieces
	}
	return l.Geometry.Pieces()
}

// metadata says by what indices and blocks are judged.
type metadata uint8

const (
	metadataUnknown metadata = iota
	metadataKnown
)

func (l *Limits) metadata() metadata {
	if l.Geometry == (geometry.Geometry{}) {
		return metadataUnknown
	}
	return metadataKnown
}

// viewLength judges a frame by its kind and its length, which is not zero and
// does not count itself.
func (l *Limits) viewLength(k Kind, length uint32) Fault {
	switch k {
	case Choke, Unchoke, Interested, NotInterested, HaveAll, HaveNone,
		Have, Suggest, AllowedFast, Request, Cancel, Reject, Port:
		return viewFixedLength(k, length)
	case Bitfield:
		return l.viewBitfieldLength(length - (signalHead - prefixBytes))
	case Piece:
		return viewPieceLength(length)
	case Extended:
		return l.viewExtendedLength(length)
	case Unknown:
		return viewUnknownLength(length)
	case KeepAlive:
	}
	return FrameLengthWrong
}

// viewFixedLength judges the length of a kind without a payload.
func viewFixedLength(k Kind, length uint32) Fault {
	if int64(length) != int64(headBytes(k)-prefixBytes) {
		return FrameLengthWrong
	}
	return NoFault
}
