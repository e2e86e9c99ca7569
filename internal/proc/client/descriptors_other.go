//go:build !unix

package client

// Descriptors is how many descriptors this program may have: the platform names
// no bound that matters.
func Descriptors() int { return 1 << 16 }
