package sha1many

import "golang.org/x/sys/cpu"

// featureSHA is a bit of CPUID leaf 7 that golang.org/x/sys/cpu has no name for.
const featureSHA = 1 << 29

// fastest is the best kernel that the processor has.
var fastest = func() kernel {
	switch {
	case !cpu.X86.HasSSE41 || extendedFeatures()&featureSHA == 0:
		return kernelNone
	case cpu.X86.HasAVX512VL:
		return kernelAVX512
	case cpu.X86.HasAVX2:
		return kernelAVX2
	}
	return kernelNone
}()

// extendedFeatures is EBX of CPUID leaf 7, or 0 where there is none.
func extendedFeatures() uint32

//go:noescape
func blocksAVX2(a, b *[5]uint32, p, q *byte, n int)

//go:noescape
func blocksAVX512(a, b *[5]uint32, p, q *byte, n int)

// blocks advances two states by p and q, which are equally many whole blocks.
func blocks(k kernel, a, b *[5]uint32, p, q []byte) {
	switch n := len(p) / blockSize; k {
	case kernelAVX2:
		blocksAVX2(a, b, &p[0], &q[0], n)
	case kernelAVX512:
		blocksAVX512(a, b, &p[0], &q[0], n)
	case kernelNone, kernelARM64:
		panic("sha1many: no kernel for this processor")
	}
}
