package net

import "golang.org/x/sys/windows"

// tuneTCP sets what the engine wants of a TCP socket before it connects or listens;
// accepted sockets inherit it. How much waits unsent the system adapts by itself.
func tuneTCP(fd uintptr) {
	_ = windows.SetsockoptInt(windows.Handle(fd), windows.IPPROTO_TCP, windows.TCP_MAXRT, int(unacknowledged.Seconds()))
}
