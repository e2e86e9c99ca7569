package sha1many

import "golang.org/x/sys/cpu"

// fastest is the best kernel that the processor has.
var fastest = func() kernel {
	if cpu.ARM64.HasSHA1 {
		return kernelARM64
	}
	return kernelNone
}()

//go:noescape
func blocksARM64(a, b *[5]uint32, p, q *byte, n int)

// blocks advances two states by p and q, which are equally many whole blocks.
func blocks(_ kernel, a, b *[5]uint32, p, q []byte) {
	blocksARM64(a, b, &p[0], &q[0], len(p)/blockSize)
}
