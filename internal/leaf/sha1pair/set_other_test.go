//go:build !amd64 && !arm64

package sha1pair

func set(kernel) {}
