package sha1many

import (
	"encoding"
	"encoding/binary"
	"hash"
)

// kernel names the code that takes the blocks of two hashes.
type kernel uint8

const (
	// kernelNone: each hash takes its own, as crypto/sha1 does it.
	kernelNone kernel = iota
	kernelAVX2
	kernelAVX512
	kernelARM64
)

// The form that crypto/sha1 marshals a hash in: magic, five words of state, the
// bytes that do not fill a block yet, and how many bytes there were, big-endian.
const (
	magic     = "sha\x01"
	stateAt   = len(magic)
	lengthAt  = stateAt + 5*4 + blockSize
	roomSize  = lengthAt + 8
	blockSize = 64
)

// leastBytes is how many bytes two hashes must have in common to be advanced at
// once: to take their states out and in costs as much as a few blocks.
const leastBytes = 1 << 10

// Pair is room to advance two hashes in. The zero value is ready; one goroutine
// may use it at a time, for any hashes.
type Pair struct{ a, b lane }

// lane is the state of one hash, outside of it.
type lane struct {
	room  [roomSize]byte
	state [5]uint32
}

// Write writes p to a and q to b, which are two hashes. As far as both have bytes
// they are advanced at once, if they are hashes of crypto/sha1 and the processor can.
func (w *Pair) Write(a, b hash.Hash, p, q []byte) {
	if fastest != kernelNone && min(len(p), len(q)) >= leastBytes {
		p, q = w.common(a, b, p, q)
	}
	_, _ = a.Write(p) // a hash takes everything
	_, _ = b.Write(q)
}

// common advances both hashes by the blocks that both have, and returns what is
// left of p and q.
func (w *Pair) common(a, b hash.Hash, p, q []byte) (restP, restQ []byte) {
	p, inP := w.a.takeOut(a, p)
	q, inQ := w.b.takeOut(b, q)
	if inP != plain || inQ != plain {
		return p, q
	}
	n := min(len(p), len(q)) / blockSize * blockSize
	blocks(fastest, &w.a.state, &w.b.state, p[:n], q[:n])
	w.a.putBack(a, n)
	w.b.putBack(b, n)
	return p[n:], q[n:]
}

// form says whether the state of a hash can be taken out of it.
type form uint8

const (
	opaque  form = iota
	partial      // it is within a block, the rest of which has not come
	plain
)

// takeOut takes the state out of a hash. If it is within a block the rest of the
// block is written first, as far as p has it; what then follows of p is returned.
func (l *lane) takeOut(h hash.Hash, p []byte) ([]byte, form) {
	within, f := l.view(h)
	if f == opaque || within == 0 {
		return p, f
	}
	n := min(blockSize-within, len(p))
	_, _ = h.Write(p[:n])
	if within+n < blockSize {
		return p[n:], partial
	}
	_, f = l.view(h)
	return p[n:], f
}

// view reads the state of a hash, and how many bytes of a block it has beyond it.
func (l *lane) view(h hash.Hash) (within int, f form) {
	m, can := h.(encoding.BinaryAppender)
	if _, back := h.(encoding.BinaryUnmarshaler); !can || !back {
		return 0, opaque
	}
	got, err := m.AppendBinary(l.room[:0])
	if err != nil || len(got) != roomSize || string(got[:stateAt]) != magic {
		return 0, opaque
	}
	for i := range l.state {
		l.state[i] = binary.BigEndian.Uint32(l.room[stateAt+4*i:])
	}
	return int(binary.BigEndian.Uint64(l.room[lengthAt:]) % blockSize), plain
}

// putBack gives a hash the state, which n bytes have advanced.
func (l *lane) putBack(h hash.Hash, n int) {
	for i, v := range l.state {
		binary.BigEndian.PutUint32(l.room[stateAt+4*i:], v)
	}
	length := l.room[lengthAt:]
	binary.BigEndian.PutUint64(length, binary.BigEndian.Uint64(length)+uint64(n))
	if err := h.(encoding.BinaryUnmarshaler).UnmarshalBinary(l.room[:]); err != nil {
		panic("sha1many: crypto/sha1 does not take what it gave: " + err.Error())
	}
}
