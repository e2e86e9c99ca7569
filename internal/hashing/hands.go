package hashing

import (
	"context"
	"hash"
	"io"

	"github.com/etorrent/etorrent/internal/leaf/sha1many"
	"github.com/etorrent/etorrent/internal/storage"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// chunk is how many bytes of a piece are read at once. A worker can stop between two.
const chunk = 256 << 10

// hands are what one worker hashes with: room for two pieces, a chunk of each.
type hands struct {
	crew   *crew
	pieces [2]reading
	pair   sha1many.Pair
	found  [2]PieceEvidence
}

// reading is a piece on its way into its hash.
type reading struct {
	piece   pieceset.Index
	at, end int64 // in the torrent
	hash    hash.Hash
	room    []byte
	part    []byte // of room: what was read and is not hashed
	zero    storage.ZeroEvidence
	err     error
}

func newHands(c *crew) *hands {
	h := &hands{crew: c}
	for i := range h.pieces {
		h.pieces[i].room = make([]byte, min(chunk, max(1, c.job.Geometry.PieceLength)))
	}
	return h
}

// hash reads the pieces of a turn, unless they are holes, and says what came of
// each; the list is used again.
func (h *hands) hash(ctx context.Context, t turn) []PieceEvidence {
	pieces := h.pieces[:t.count]
	for i := range pieces {
		h.open(&pieces[i], t.piece+pieceset.Index(i))
	}
	for h.readAll(ctx, pieces) > 0 {
		h.take(pieces)
	}
	for i := range pieces {
		h.found[i] = pieces[i].evidence()
	}
	return h.found[:t.count]
}

func (h *hands) open(r *reading, i pieceset.Index) {
	g := h.crew.job.Geometry
	*r = reading{
		piece: i, at: g.PieceOffset(i), end: g.PieceOffset(i) + g.PieceSize(i),
		room: r.room, zero: h.crew.zeros.View(i),
	}
	switch r.zero.(type) {
	case storage.AllZero:
		r.at = r.end
	case storage.ToRead:
		r.hash = h.crew.job.NewHash(int(i))
	}
}

// readAll reads the next chunk of each piece that is not at its end, and returns how
// many bytes that were.
func (h *hands) readAll(ctx context.Context, pieces []reading) int {
	n := 0
	for i := range pieces {
		pieces[i].read(ctx, h.crew.job.Bytes)
		n += len(pieces[i].part)
	}
	return n
}

// take has the hashes take what was read.
func (h *hands) take(pieces []reading) {
	if len(pieces) == 2 && len(pieces[0].part) > 0 && len(pieces[1].part) > 0 {
		h.pair.Write(pieces[0].hash, pieces[1].hash, pieces[0].part, pieces[1].part)
		return
	}
	for _, r := range pieces {
		if len(r.part) > 0 {
			_, _ = r.hash.Write(r.part)
		}
	}
}

// read reads the next chunk into part, which is empty behind the end and where it
// cannot be read.
func (r *reading) read(ctx context.Context, from io.ReaderAt) {
	r.part = nil
	if r.err == nil {
		r.err = ctx.Err()
	}
	if r.err != nil || r.at == r.end {
		return
	}
	part := r.room[:min(int64(len(r.room)), r.end-r.at)]
	n, err := from.ReadAt(part, r.at)
	if n < len(part) {
		if err == nil || err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		r.err = err
		return
	}
	r.part = part
	r.at += int64(n)
}

func (r *reading) evidence() PieceEvidence {
	if r.err != nil {
		return PieceUnread{Piece: r.piece, Err: r.err}
	}
	if known, zero := r.zero.(storage.AllZero); zero {
		return PieceHashed{Piece: r.piece, Sum: known.Sum}
	}
	return PieceHashed{Piece: r.piece, Sum: r.hash.Sum(nil)}
}
