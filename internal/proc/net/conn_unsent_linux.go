package net

import "golang.org/x/sys/unix"

// LimitUnsent sets how many bytes may wait unsent (TCP_NOTSENT_LOWAT).
func (c *socketConn) LimitUnsent(bytes int) {
	_ = c.raw.Control(func(fd uintptr) {
		_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_NOTSENT_LOWAT, bytes)
	})
}
