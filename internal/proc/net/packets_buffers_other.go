//go:build !windows

package net

import "golang.org/x/sys/unix"

func bufferOf(fd uintptr, way int) (int, error) {
	return unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, [...]int{unix.SO_RCVBUF, unix.SO_SNDBUF}[way])
}

func setBuffer(fd uintptr, way, size int) error {
	return unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, [...]int{unix.SO_RCVBUF, unix.SO_SNDBUF}[way], size)
}
