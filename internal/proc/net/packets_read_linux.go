package net

import (
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// intake reads a socket, for one goroutine: arguments and results of the closure, which is made
// once so that a call allocates nothing.
type intake struct {
	u      *udpPackets
	into   []Datagram
	n      int
	errno  syscall.Errno
	moving transfer
	doRead func(fd uintptr) bool
}

// inletOf is another intake of a socket, so that who has not heard yet that it reads no more
// does no harm to who reads from now on.
func inletOf(p Packets) inlet {
	u, is := p.(*udpPackets)
	if !is {
		return waitingInlet{p}
	}
	i := &intake{u: u, moving: u.in.another()}
	i.doRead = i.read
	return i
}

// another moves in the same way.
func (i *intake) another() transfer {
	return transfer{many: i.moving.many, one: i.moving.one, refusals: i.moving.refusals}
}

// Read waits for a datagram, and reads those that are there.
func (i *intake) Read(into []Datagram) (int, error) { return i.by(i.u.raw.Read, into) }

// TryRead reads those that are there after a nap.
func (i *intake) TryRead(span time.Duration, into []Datagram) (int, error) {
	nap(span)
	return i.by(i.u.raw.Try, into)
}

// by reads by a way of the socket.
func (i *intake) by(way func(func(fd uintptr) bool) error, into []Datagram) (int, error) {
	i.into, i.n, i.errno = into, 0, 0
	err := way(i.doRead)
	i.into = nil
	i.moving.release(len(into))
	if err == nil && i.errno != 0 {
		err = os.NewSyscallError("recvmsg", i.errno)
	}
	return i.n, err
}

// read fills what is there; it says whether the call is over.
func (i *intake) read(fd uintptr) bool {
	for i.n < len(i.into) {
		rest := i.into[i.n:]
		asked := i.moving.room(len(rest))
		for k := range asked {
			i.moving.toRead(k, rest[k].Payload)
		}
		n, errno := i.moving.move(fd, asked)
		for k := range n {
			i.moving.read(k, &rest[k])
		}
		i.n += n
		switch {
		case errno == unix.EAGAIN:
			return i.n > 0
		case errno != 0:
			i.errno = errno
			return true
		case n < asked:
			return true // that is all
		}
	}
	return true
}
