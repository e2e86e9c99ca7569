package utpwire

const (
	// bitsBytes is what extensionBits always has: libutp drops packets with more or less.
	bitsBytes = 8
	// fillMost is the most that an extension of padding has, its head included.
	fillMost = extensionHead + 255
	// MinPadding is the least padding that there is, in bytes.
	MinPadding = extensionHead + bitsBytes + extensionHead
	// MaxPadding is the most: no reader sees more than MaxExtensions.
	MaxPadding = extensionHead + bitsBytes + (MaxExtensions-1)*fillMost
)

// AppendPadded appends the header and, up to the payload, so many bytes that say nothing,
// MinPadding to MaxPadding. They are extensions, which readers skip: the first is one that
// libutp knows, without which it takes the packet for another protocol's, and none of its
// bits is set; the others have a number of nobody's.
func (h *Header) AppendPadded(dst []byte, padding int) []byte {
	at := len(dst)
	dst = h.Append(dst, nil)
	dst[at+1] = extensionBits
	dst = append(dst, extensionFill, bitsBytes)
	dst = append(dst, make([]byte, bitsBytes)...)
	for left := min(max(padding, MinPadding), MaxPadding) - extensionHead - bitsBytes; left > 0; {
		n := min(left, fillMost)
		if left-n == 1 {
			n-- // the next one has a head
		}
		left -= n
		next := extensionFill
		if left == 0 {
			next = extensionNone
		}
		dst = append(dst, next, byte(n-extensionHead))
		dst = append(dst, make([]byte, n-extensionHead)...)
	}
	return dst
}
