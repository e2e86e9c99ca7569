package net

import (
	"syscall"

	"golang.org/x/sys/unix"
)

const (
	// notSentLowWater keeps what waits in the kernel short, so that a cancel,
	// a choke or a limit acts at once.
	notSentLowWater = 256 << 10
	// userTimeout ends a connection whose data stays unacknowledged.
	userTimeoutMillis = 90_000
)

// tuneSocket sets what the engine wants of a TCP socket before it connects or
// listens; accepted sockets inherit it. A kernel that knows an option not does
// without.
func tuneSocket(_, _ string, c syscall.RawConn) error {
	return c.Control(func(fd uintptr) {
		_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_NOTSENT_LOWAT, notSentLowWater)
		_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, userTimeoutMillis)
	})
}
