//go:build !amd64

package sha1many

const hasWide = false

func blocksWide(*[5][Most]uint32, *[Most]*byte, int) {
	panic("sha1many: no wide kernel for this processor")
}
