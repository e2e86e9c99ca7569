//go:build !linux || !(amd64 || arm64 || loong64 || mips64 || mips64le || ppc64 || ppc64le || riscv64 || s390x)

package files

// unmap has nothing to unmap: nothing is mapped here.
func unmap([]*window) {}
