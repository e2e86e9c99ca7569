package net

import "golang.org/x/sys/unix"

// Option reads an option of a socket, -1 if it has none.
func Option(p Packets, level, option int) int {
	value := -1
	_ = p.(*udpPackets).raw.Control(func(fd uintptr) { value, _ = unix.GetsockoptInt(int(fd), level, option) })
	return value
}
