package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// The blobs of a row begin with a byte that names their format, so that another
// one can follow. All numbers are unsigned varints.
const blobFormat = 1

var (
	errBlobShort    = errors.New("the blob ends too early")
	errBlobFormat   = errors.New("the blob has an unknown format")
	errBlobTrailing = errors.New("the blob has bytes behind its end")
	errBlobOrder    = errors.New("the blob's pieces do not ascend")
)

// AppendPartials appends partials, which must ascend by piece: format, count,
// and for each the distance from the piece before it, the number of bytes of
// its blocks and these.
func AppendPartials(dst []byte, p Partials) []byte {
	dst = binary.AppendUvarint(append(dst, blobFormat), uint64(len(p)))
	next := uint64(0)
	for _, q := range p {
		dst = binary.AppendUvarint(dst, uint64(q.Piece)-next)
		dst = appendBytes(dst, q.Blocks)
		next = uint64(q.Piece) + 1
	}
	return dst
}

// DecodePartials is the inverse of AppendPartials. It copies what it keeps, and
// needs no more memory than a small multiple of len(b).
func DecodePartials(b []byte) (Partials, error) {
	r := blobReader{rest: b}
	var out Partials
	next := uint64(0)
	for range r.head() {
		distance, blocks := r.number(), r.bytes()
		if r.err != nil {
			break
		}
		if distance > math.MaxUint32 || next+distance > math.MaxUint32 {
			return nil, errBlobOrder
		}
		piece := next + distance
		out = append(out, Partial{Piece: pieceset.Index(piece), Blocks: append([]byte(nil), blocks...)})
		next = piece + 1
	}
	return out, r.end()
}

// AppendFileMap appends a file map: format, count, and for each path its number
// of bytes and these.
func AppendFileMap(dst []byte, m FileMap) []byte {
	dst = binary.AppendUvarint(append(dst, blobFormat), uint64(len(m)))
	for _, path := range m {
		dst = appendBytes(dst, path)
	}
	return dst
}

// DecodeFileMap is the inverse of AppendFileMap.
func DecodeFileMap(b []byte) (FileMap, error) {
	r := blobReader{rest: b}
	var out FileMap
	for range r.head() {
		path := r.bytes()
		if r.err != nil {
			break
		}
		out = append(out, string(path))
	}
	return out, r.end()
}

// AppendPriorities appends priorities: format and a byte for each.
func AppendPriorities(dst []byte, p []Priority) []byte {
	dst = append(dst, blobFormat)
	for _, q := range p {
		dst = append(dst, byte(q))
	}
	return dst
}

// DecodePriorities is the inverse of AppendPriorities.
func DecodePriorities(b []byte) ([]Priority, error) {
	if len(b) == 0 {
		return nil, errBlobShort
	}
	if b[0] != blobFormat {
		return nil, errBlobFormat
	}
	var out []Priority
	for _, c := range b[1:] {
		if Priority(c) > PriorityHigh {
			return nil, fmt.Errorf("the blob has an unknown priority %d", c)
		}
		out = append(out, Priority(c))
	}
	return out, nil
}

// AppendClaims appends a set as BEP 3's bitfield.
func AppendClaims(dst []byte, s *pieceset.Set) []byte { return s.AppendBitfield(dst) }

// DecodeClaims is the inverse of AppendClaims for a row of pieces many pieces.
func DecodeClaims(b []byte, pieces int) (*pieceset.Set, error) {
	switch e := pieceset.ViewBitfield(b, pieces).(type) {
	case pieceset.BitfieldWellFormed:
		return e.Pieces, nil
	case pieceset.BitfieldWrongLength:
		return nil, fmt.Errorf("the bitfield has %d bytes where %d are due", e.Got, e.Want)
	case pieceset.BitfieldSpareBits:
		return nil, fmt.Errorf("the bitfield has spare bits in its last byte %#x", e.Last)
	}
	panic("store: unreachable: a sealed sum has another member")
}

func appendBytes[B ~string | ~[]byte](dst []byte, b B) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(b))), b...)
}

// A blobReader reads a blob front to back; after an error it reads zeros.
type blobReader struct {
	rest []byte
	err  error
}

func (r *blobReader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
	r.rest = nil
}

// head reads the format and the count of items, each of which has a byte at least.
func (r *blobReader) head() uint64 {
	if len(r.rest) == 0 {
		r.fail(errBlobShort)
		return 0
	}
	if r.rest[0] != blobFormat {
		r.fail(errBlobFormat)
		return 0
	}
	r.rest = r.rest[1:]
	count := r.number()
	if count > uint64(len(r.rest)) {
		r.fail(errBlobShort)
		return 0
	}
	return count
}

func (r *blobReader) number() uint64 {
	v, n := binary.Uvarint(r.rest)
	if n <= 0 {
		r.fail(errBlobShort)
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

func (r *blobReader) bytes() []byte {
	n := r.number()
	if n > uint64(len(r.rest)) {
		r.fail(errBlobShort)
		return nil
	}
	b := r.rest[:n]
	r.rest = r.rest[n:]
	return b
}

func (r *blobReader) end() error {
	if r.err == nil && len(r.rest) > 0 {
		return errBlobTrailing
	}
	return r.err
}
