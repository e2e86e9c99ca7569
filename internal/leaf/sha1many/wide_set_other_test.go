//go:build !amd64

package sha1many

func setWide(bool) {}
