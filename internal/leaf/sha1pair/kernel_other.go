//go:build !amd64 && !arm64

package sha1pair

const fastest = kernelNone

func blocks(kernel, *[5]uint32, *[5]uint32, []byte, []byte) {
	panic("sha1pair: no kernel for this processor")
}
