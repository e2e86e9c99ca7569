//go:build !amd64 && !arm64

package sha1many

func set(kernel) {}
