//go:build !linux && !windows

package net

import (
	"errors"

	"golang.org/x/sys/unix"
)

// forceBuffer has no way past the administrator's bound here.
func forceBuffer(uintptr, int, int) error { return errors.ErrUnsupported }

func bufferOf(fd uintptr, way int) (int, error) {
	return unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, [...]int{unix.SO_RCVBUF, unix.SO_SNDBUF}[way])
}
