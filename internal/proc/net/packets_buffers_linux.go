package net

import "golang.org/x/sys/unix"

// forceBuffer passes the administrator's bound, which takes CAP_NET_ADMIN.
func forceBuffer(fd uintptr, way, size int) error {
	option := [...]int{unix.SO_RCVBUFFORCE, unix.SO_SNDBUFFORCE}[way]
	return unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, option, size)
}

func bufferOf(fd uintptr, way int) (int, error) {
	return unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, [...]int{unix.SO_RCVBUF, unix.SO_SNDBUF}[way])
}
