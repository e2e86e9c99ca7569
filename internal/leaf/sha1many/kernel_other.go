//go:build !amd64 && !arm64

package sha1many

const fastest = kernelNone

func blocks(kernel, *[5]uint32, *[5]uint32, []byte, []byte) {
	panic("sha1many: no kernel for this processor")
}
