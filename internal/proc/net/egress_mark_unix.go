//go:build unix

package net

import "golang.org/x/sys/unix"

// mark sets the class of all that a socket sends; accepted sockets inherit it. One
// of IPv6 that is not V6ONLY also speaks IPv4.
func mark(fd uintptr, f Family, d DSCP) {
	if f == V6 {
		_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_IPV6, unix.IPV6_TCLASS, d.octet())
	}
	_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_TOS, d.octet())
}
