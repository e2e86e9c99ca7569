package net

import "golang.org/x/sys/unix"

// tuneTCP sets what the engine wants of a TCP socket before it connects or listens;
// accepted sockets inherit it. A kernel that knows an option not does without.
func tuneTCP(fd uintptr) {
	_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_NOTSENT_LOWAT, UsualUnsent)
	_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(unacknowledged.Milliseconds()))
}
