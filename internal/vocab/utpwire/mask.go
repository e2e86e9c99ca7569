package utpwire

import (
	"encoding/binary"
	"math/bits"
)

const (
	// MaxMaskBytes is how long a mask of ours may be: what a byte can say, in whole
	// words.
	MaxMaskBytes = 248
	// MaskWordBytes is what AppendWord appends. BEP 29 asks for multiples of four.
	MaskWordBytes = 8
	// MaskOffset is how far the packet of the first bit is after the one that is
	// acknowledged. The one between them is missing.
	MaskOffset = 2
	// NoBit is what Next returns where there is none.
	NoBit = -1
)

// SelectiveAck is the mask of packets that came out of order: bit i, counted from the
// lowest of the first byte, is that of ack_nr + 2 + i. Masks of others have any
// length, and bits of packets that were never sent: readers say how far they look.
type SelectiveAck []byte

// Bits is how many bits the mask has, set or not.
func (s SelectiveAck) Bits() int { return 8 * len(s) }

// Next returns the first bit that is set in [from, below), NoBit if none is. From is
// not negative.
func (s SelectiveAck) Next(from, below int) int {
	below = min(below, s.Bits())
	for from < below {
		if w := s.word(from>>3) >> (from & 7); w != 0 {
			from += bits.TrailingZeros64(w)
			if from < below {
				return from
			}
			return NoBit
		}
		from = from&^7 + 64
	}
	return NoBit
}

// word has the bits of eight bytes from the given one on; beyond the end none is set.
func (s SelectiveAck) word(at int) uint64 {
	if len(s)-at >= 8 {
		return binary.LittleEndian.Uint64(s[at:])
	}
	var w uint64
	for i, b := range s[at:] {
		w |= uint64(b) << (8 * i)
	}
	return w
}

// AppendWord appends 64 bits, the lowest of which is the first.
func (s SelectiveAck) AppendWord(w uint64) SelectiveAck {
	return binary.LittleEndian.AppendUint64(s, w)
}
