package utpwire

import "encoding/binary"

const (
	// MaxMaskBytes is how long a mask of ours may be: what a byte can say, in whole
	// words.
	MaxMaskBytes = 248
	// MaskWordBytes is what Word reads and AppendWord appends. BEP 29 asks for multiples of four.
	MaskWordBytes = 8
	// MaskOffset is how far the packet of the first bit is after the one that is
	// acknowledged. The one between them is missing.
	MaskOffset = 2
)

// SelectiveAck is the mask of packets that came out of order: bit i, counted from the
// lowest of the first byte, is that of ack_nr + 2 + i. Masks of others have any
// length, and bits of packets that were never sent: readers say how far they look.
type SelectiveAck []byte

// Bits is how many bits the mask has, set or not.
func (s SelectiveAck) Bits() int { return 8 * len(s) }

// Word has 64 bits of the mask, the lowest of which is bit 64*i. Beyond the end none is
// set.
func (s SelectiveAck) Word(i int) uint64 {
	rest := s[min(MaskWordBytes*i, len(s)):]
	if len(rest) >= MaskWordBytes {
		return binary.LittleEndian.Uint64(rest)
	}
	var w uint64
	for i, b := range rest {
		w |= uint64(b) << (8 * i)
	}
	return w
}

// AppendWord appends 64 bits, the lowest of which is the first.
func (s SelectiveAck) AppendWord(w uint64) SelectiveAck {
	return binary.LittleEndian.AppendUint64(s, w)
}
