package pieceset

import "math/bits"

// BitfieldEvidence says what the payload of a bitfield message is (BEP 3:
// exact length, high bit first, spare bits zero).
//
//sumtype:decl
type BitfieldEvidence interface{ bitfieldEvidence() }

// BitfieldWellFormed carries the pieces that the bitfield names.
type BitfieldWellFormed struct{ Pieces *Set }

// BitfieldWrongLength says that the payload has Got bytes where Want are due.
type BitfieldWrongLength struct{ Got, Want int }

// BitfieldSpareBits says that bits behind the last piece are set; Last is the
// last byte.
type BitfieldSpareBits struct{ Last byte }

func (BitfieldWellFormed) bitfieldEvidence()  {}
func (BitfieldWrongLength) bitfieldEvidence() {}
func (BitfieldSpareBits) bitfieldEvidence()   {}

// BitfieldLength is the number of bytes of a bitfield over size pieces.
func BitfieldLength(size int) int { return (size + 7) / 8 }

// ViewBitfield looks at a bitfield over size pieces. It keeps nothing of b.
func ViewBitfield(b []byte, size int) BitfieldEvidence {
	if want := BitfieldLength(size); len(b) != want {
		return BitfieldWrongLength{Got: len(b), Want: want}
	}
	if spare := uint(len(b)*8 - size); spare > 0 && b[len(b)-1]&(1<<spare-1) != 0 {
		return BitfieldSpareBits{Last: b[len(b)-1]}
	}
	s := New(size)
	for i, c := range b {
		s.words[i/8] |= uint64(bits.Reverse8(c)) << (i % 8 * 8)
		s.count += bits.OnesCount8(c)
	}
	return BitfieldWellFormed{Pieces: s}
}

// AppendBitfield appends the set as a bitfield of BitfieldLength(Size()) bytes.
func (s *Set) AppendBitfield(dst []byte) []byte {
	for i := range BitfieldLength(s.size) {
		dst = append(dst, bits.Reverse8(byte(s.words[i/8]>>(i%8*8))))
	}
	return dst
}
