package net

import (
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// Option reads an option of a socket, -1 if it has none.
func Option(p Packets, level, option int) int {
	return optionOf(p.(*udpPackets).raw, level, option)
}

// ConnOption reads an option of a connection, -1 if it has none.
func ConnOption(c Conn, level, option int) int {
	return optionOf(c.(*socketConn).raw, level, option)
}

// ListenerOption reads an option of a listener, -1 if it has none.
func ListenerOption(l net.Listener, level, option int) int {
	raw, err := l.(*net.TCPListener).SyscallConn()
	if err != nil {
		return -1
	}
	return optionOf(raw, level, option)
}

func optionOf(raw syscall.RawConn, level, option int) int {
	value := -1
	_ = raw.Control(func(fd uintptr) {
		if v, err := unix.GetsockoptInt(int(fd), level, option); err == nil {
			value = v
		}
	})
	return value
}

// Unsent is how many bytes wait in the kernel that were not sent yet.
func Unsent(c Conn) (n int) {
	_ = c.(*socketConn).raw.Control(func(fd uintptr) { n, _ = unix.IoctlGetInt(int(fd), unix.SIOCOUTQNSD) })
	return n
}

// OneByOne has a socket move its datagrams by a call for each.
func OneByOne(p Packets) Packets {
	u := p.(*udpPackets)
	u.reading.refusals, u.writing.refusals = maxRefusals, maxRefusals
	return p
}

// Portable drives a socket as where nothing is known of the system.
func Portable(p Packets) Packets { return newPortablePackets(p.(*udpPackets).udp) }

// Refuse has calls of many datagrams end with what errno says. Nil is no error.
func Refuse(p Packets, errno func() syscall.Errno) {
	u := p.(*udpPackets)
	for _, way := range []*transfer{&u.reading, &u.writing} {
		many := way.many
		way.many = func(fd uintptr, of []unix.Mmsghdr) (int, syscall.Errno) {
			if e := errno(); e != 0 {
				return 0, e
			}
			return many(fd, of)
		}
	}
}
