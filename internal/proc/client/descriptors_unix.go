//go:build unix

package client

import "golang.org/x/sys/unix"

// Descriptors is how many descriptors this program may have. The runtime has
// raised the soft limit to the hard one.
func Descriptors() int {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return 1024
	}
	return int(min(uint64(limit.Cur), 1<<20))
}
