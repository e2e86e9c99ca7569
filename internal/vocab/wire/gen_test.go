package wire_test

import (
	"pgregory.net/rapid"

	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
	"github.com/etorrent/etorrent/internal/vocab/wire"
)

// allKinds are the kinds in the order of their declaration.
func allKinds() []wire.Kind {
	var all []wire.Kind
	for k := wire.KeepAlive; k <= wire.Unknown; k++ {
		all = append(all, k)
	}
	return all
}

// geometries draws shapes of torrents with at least one piece.
func geometries() *rapid.Generator[geometry.Geometry] {
	return rapid.Custom(func(t *rapid.T) geometry.Geometry {
		piece := rapid.Int64Range(1, 1<<18).Draw(t, "piece length")
		pieces := rapid.Int64Range(1, 200).Draw(t, "pieces")
		short := rapid.Int64Range(0, piece-1).Draw(t, "missing from the last piece")
		return geometry.Geometry{TotalLength: piece*pieces - short, PieceLength: piece}
	})
}

// limits draws limits of torrents whose metadata is known or unknown.
func limits() *rapid.Generator[wire.Limits] {
	return rapid.Custom(func(t *rapid.T) wire.Limits {
		l := wire.Limits{ExtendedBytes: rapid.SampledFrom([]uint32{0, 1, 300}).Draw(t, "extended bytes")}
		if rapid.Bool().Draw(t, "metadata known") {
			l.Geometry = geometries().Draw(t, "geometry")
		}
		return l
	})
}

// pieceSize is what blocks may lie in.
func pieceSize(l wire.Limits, i pieceset.Index) int64 {
	if l.Geometry.Pieces() == 0 {
		return 1<<32 - 1
	}
	return l.Geometry.PieceSize(i)
}

func pieces(l wire.Limits) int {
	if l.Geometry.Pieces() == 0 {
		return wire.MaxSymbolicPieces
	}
	return l.Geometry.Pieces()
}

// messages draws what Decode accepts under l.
func messages(l wire.Limits) *rapid.Generator[wire.Message] {
	return rapid.Custom(func(t *rapid.T) wire.Message {
		m := wire.Message{Kind: rapid.SampledFrom(allKinds()).Draw(t, "kind")}
		switch m.Kind {
		case wire.KeepAlive, wire.Choke, wire.Unchoke, wire.Interested, wire.NotInterested,
			wire.HaveAll, wire.HaveNone:
		case wire.Have, wire.Suggest, wire.AllowedFast:
			drawPiece(t, l, &m)
		case wire.Request, wire.Cancel, wire.Reject:
			drawBlock(t, l, &m, wire.MaxBlockBytes)
		case wire.Piece:
			drawBlock(t, l, &m, wire.MaxSentBytes)
			m.Payload = make([]byte, m.Length)
			m.Payload[m.Length-1] = rapid.Byte().Draw(t, "last byte")
		case wire.Bitfield:
			m.Payload = drawBits(t, l)
		case wire.Port:
			m.DHTPort = rapid.Uint16().Draw(t, "port")
		case wire.Extended:
			m.ExtID = rapid.Byte().Draw(t, "extension")
			m.Payload = payload(t, 1)
		case wire.Unknown:
			m.ID = rapid.SampledFrom([]byte{10, 11, 12, 18, 19, 21, 22, 23, 255}).Draw(t, "id")
			m.Payload = payload(t, 300)
		}
		return m
	})
}

func drawPiece(t *rapid.T, l wire.Limits, m *wire.Message) {
	m.Piece = pieceset.Index(rapid.IntRange(0, pieces(l)-1).Draw(t, "piece"))
}

func drawBlock(t *rapid.T, l wire.Limits, m *wire.Message, most int64) {
	drawPiece(t, l, m)
	size := pieceSize(l, m.Piece)
	begin := rapid.Int64Range(0, size-1).Draw(t, "begin")
	m.Begin = uint32(begin)
	m.Length = uint32(rapid.Int64Range(1, min(size-begin, most)).Draw(t, "length"))
}

func drawBits(t *rapid.T, l wire.Limits) []byte {
	if n := l.Geometry.Pieces(); n > 0 {
		return make([]byte, pieceset.BitfieldLength(n))
	}
	return payload(t, 300)
}

// payload draws at most n bytes; none of them are nil, as Decode has it.
func payload(t *rapid.T, n int) []byte {
	if b := rapid.SliceOfN(rapid.Byte(), 0, n).Draw(t, "payload"); len(b) > 0 {
		return b
	}
	return nil
}
