package net

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

const (
	// largestMessage is the room for what the kernel hands over as one, in bytes: more than
	// a packet of IP carries.
	largestMessage = 1 << 16
	// messagesMost is how many of these are read at once at the most.
	messagesMost = 8
)

// segmentReader has the kernel hand over datagrams of one remote and one size as one
// message, as far as they are there side by side (UDP_GRO), and cuts it in place.
type segmentReader struct {
	u      *udpPackets
	room   int
	memory []byte // of one message at first, and twice as many whenever all were filled
	lent   []Datagram
	errno  syscall.Errno
	pollIn [1]unix.PollFd
	doRead func(fd uintptr) bool
}

func segmentLender(p Packets, room int) Lender {
	u, is := p.(*udpPackets)
	if !is {
		return nil
	}
	var failed error
	if err := u.raw.Control(func(fd uintptr) {
		failed = unix.SetsockoptInt(int(fd), unix.IPPROTO_UDP, unix.UDP_GRO, 1)
	}); err != nil || failed != nil {
		return nil
	}
	l := &segmentReader{u: u, room: room}
	l.doRead = l.read
	return l
}

// Lend reads what is there, up to some messages.
func (l *segmentReader) Lend() ([]Datagram, error) {
	l.lent, l.errno = l.lent[:0], 0
	err := l.u.raw.Read(l.doRead)
	l.u.reading.release(messagesMost)
	if err == nil && l.errno != 0 {
		err = os.NewSyscallError("recvmsg", l.errno)
	}
	return l.lent, err
}

// read says whether the call is over. There is no memory before something came.
func (l *segmentReader) read(fd uintptr) bool {
	if l.memory == nil {
		if !poll(fd, &l.pollIn, unix.POLLIN) {
			return false
		}
		l.memory = make([]byte, largestMessage)
	}
	t := &l.u.reading
	asked := t.room(len(l.memory) / largestMessage)
	for i := range asked {
		t.toRead(i, l.message(i))
	}
	n, errno := t.move(fd, asked)
	for i := range n {
		l.cut(i)
	}
	switch {
	case errno == unix.EAGAIN:
		return n > 0
	case errno != 0:
		l.errno = errno
	case n == asked:
		l.grow()
	}
	return true
}

// message is the memory of message i.
func (l *segmentReader) message(i int) []byte {
	return l.memory[i*largestMessage : (i+1)*largestMessage : (i+1)*largestMessage]
}

// grow makes room for more messages the next time.
func (l *segmentReader) grow() {
	if more := 2 * len(l.memory); more <= messagesMost*largestMessage {
		l.memory = make([]byte, more)
	}
}

// cut lends what came as message i.
func (l *segmentReader) cut(i int) {
	b := &l.u.reading.bundle
	rest := l.message(i)[:b.headers[i].Len]
	d := Datagram{Remote: b.remote(i)}
	var size int
	d.Local, size = viewBeside(b.slots[i].beside()[:b.headers[i].Hdr.Controllen])
	if size <= 0 {
		size = len(rest)
	}
	for {
		n := min(size, len(rest))
		kept := min(n, l.room)
		d.Payload = rest[:kept:kept]
		l.lent = append(l.lent, d)
		if rest = rest[n:]; len(rest) == 0 {
			return
		}
	}
}
