package net

import (
	"net"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Option reads an option of a socket, -1 if it has none.
func Option(p Packets, level, option int) int {
	return optionOf(socketOf(p).raw, level, option)
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

// RestAfter has who waits for a socket be asked once more after a time.
func RestAfter(p Packets, after time.Duration) { socketOf(p).raw.rest = after }

func socketOf(p Packets) *udpPackets {
	if s, is := p.(*segmented); is {
		return s.udpPackets
	}
	return p.(*udpPackets)
}

// OneByOne has a socket move its datagrams by a call for each.
func OneByOne(p Packets) Packets {
	u := socketOf(Unsegmented(p))
	u.in.moving.refusals, u.writing.refusals = maxRefusals, maxRefusals
	return p
}

// Portable drives a socket as where nothing is known of the system.
func Portable(p Packets) Packets {
	raw := p.(*udpPackets).raw
	f := os.NewFile(uintptr(raw.fd), "udp")
	defer f.Close()
	raw.fd = -1
	c, err := net.FilePacketConn(f)
	if err != nil {
		panic(err)
	}
	return newPortablePackets(c)
}

// Refuse has calls of many datagrams end with what errno says. Nil is no error.
func Refuse(p Packets, errno func() syscall.Errno) {
	u := socketOf(p)
	for _, way := range []*transfer{&u.in.moving, &u.writing} {
		many := way.many
		way.many = func(fd uintptr, of []unix.Mmsghdr) (int, syscall.Errno) {
			if e := errno(); e != 0 {
				return 0, e
			}
			return many(fd, of)
		}
	}
}

// Unsegmented has a socket write a message for each datagram.
func Unsegmented(p Packets) Packets {
	socketOf(p).segments.refusals = maxRefusals
	return p
}

// Segmented reads a socket by a Lender, and copies what it lends.
func Segmented(p Packets) Packets {
	return &segmented{udpPackets: socketOf(p), lender: segmentLender(p, largestMessage)}
}

type segmented struct {
	*udpPackets
	lender Lender
	rest   []Datagram
}

func (s *segmented) Read(into []Datagram) (int, error) {
	var err error
	if len(s.rest) == 0 {
		var came Reading
		came, err = s.lender.Lend()
		s.rest = came.Datagrams
	}
	n := min(len(into), len(s.rest))
	for i, d := range s.rest[:n] {
		to := into[i].Payload[:cap(into[i].Payload)]
		into[i].Payload, into[i].Remote, into[i].Local = to[:copy(to, d.Payload)], d.Remote, d.Local
	}
	s.rest = s.rest[n:]
	return n, err
}

// Messages notes how many datagrams each message carries that a socket sends.
func Messages(p Packets, into *[]int) {
	u := socketOf(p)
	many := u.writing.many
	u.writing.many = func(fd uintptr, of []unix.Mmsghdr) (int, syscall.Errno) {
		n, errno := many(fd, of)
		for i := range n {
			*into = append(*into, int(of[i].Hdr.Iovlen))
		}
		return n, errno
	}
}

// RefuseSegments has messages of several datagrams end with what refusal says, and counts
// them. Nil is no error.
func RefuseSegments(p Packets, refusal func() syscall.Errno) (asked *int) {
	u := socketOf(p)
	asked = new(int)
	for _, way := range []*call{&u.writing.many, &u.writing.one} {
		as := *way
		*way = func(fd uintptr, of []unix.Mmsghdr) (int, syscall.Errno) {
			for i := range of {
				switch {
				case of[i].Hdr.Iovlen < 2:
				case i > 0:
					return as(fd, of[:i])
				default:
					*asked++
					if e := refusal(); e != 0 {
						return 0, e
					}
					return as(fd, of[:1])
				}
			}
			return as(fd, of)
		}
	}
	return asked
}

// Held is how many bytes a Lender has for what comes.
func Held(l Lender) int { return len(l.(*segmentReader).memory) * messageBytes }
