package net

import (
	"os"
	"slices"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// messagesMost is how many large ones are read at once at the most, smallMost how many of
	// which lentBytes are more.
	messagesMost = 8
	smallMost    = 64
	lentBytes    = messagesMost * largestMessage
	// worthKeeping is how many bytes a message has at the least that may be kept: little would
	// hold much memory.
	worthKeeping = largestMessage / 4
)

// segmentReader has the kernel hand over datagrams of one remote and one size as one
// message, as far as they are there side by side (UDP_GRO), and cuts it in place.
type segmentReader struct {
	u      *udpPackets
	room   int
	home   *MessagePool
	memory []*Message // one at first, and twice as many whenever all were filled
	size   int        // of a message of the last ones, in bytes
	moving transfer
	lent   Reading
	errno  syscall.Errno
	vain   int // how often this call has found nothing
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
	l := &segmentReader{u: u, room: room, moving: u.in.another()}
	l.doRead = l.read
	return l
}

// Lend reads what is there, up to some messages.
func (l *segmentReader) Lend() (Reading, error) { return l.by(l.u.raw.Read) }

// More does so too, and does not wait for it.
func (l *segmentReader) More(span time.Duration) (Reading, error) {
	nap(span)
	return l.by(l.u.raw.Try)
}

// by reads by a way of the socket.
func (l *segmentReader) by(way func(func(fd uintptr) bool) error) (Reading, error) {
	for i := range l.lent.Messages {
		l.memory[i] = l.home.Renew(l.memory[i])
	}
	l.lent, l.errno, l.vain = Reading{Datagrams: l.lent.Datagrams[:0]}, 0, 0
	err := way(l.doRead)
	l.moving.release(smallMost)
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
		l.home = &MessagePool{}
		l.memory, l.size = []*Message{l.home.Get()}, largestMessage
	}
	t := &l.moving
	asked := t.room(min(len(l.memory), max(messagesMost, lentBytes/max(1, l.size))))
	for i := range asked {
		t.toRead(i, l.memory[i].Bytes())
	}
	n, errno := t.move(fd, asked)
	l.take(n)
	switch {
	case errno == unix.EAGAIN:
		if n == 0 {
			l.tire()
		}
		return n > 0
	case errno != 0:
		l.errno = errno
	case n == asked:
		l.lent.Rest = MayBeLeft
		l.grow()
	}
	return true
}

// tire gives the memory back when nothing came for long: a call looks a second time then.
func (l *segmentReader) tire() {
	if l.vain++; l.vain > 1 {
		l.memory, l.lent.Datagrams = nil, nil
	}
}

// take lends n messages.
func (l *segmentReader) take(n int) {
	bytes := 0
	for i := range n {
		bytes += int(l.moving.headers[i].Len)
		l.cut(i)
	}
	if n > 0 {
		l.lent.Messages, l.size = n, bytes/n
	}
}

// grow makes room for more messages the next time. Of what small ones do not fill the system
// gives no memory.
func (l *segmentReader) grow() {
	more := 2 * len(l.memory)
	if more > messagesMost && (more > smallMost || more*l.size > lentBytes) {
		return
	}
	for len(l.memory) < more {
		l.memory = append(l.memory, l.home.Get())
	}
}

// cut lends what came as message i.
func (l *segmentReader) cut(i int) {
	b := &l.moving.bundle
	rest := l.memory[i].Bytes()[:b.headers[i].Len]
	d := Datagram{Remote: b.remote(i)}
	var size int
	d.Local, size = viewBeside(b.slots[i].beside()[:b.headers[i].Hdr.Controllen])
	switch {
	case size <= 0:
		size = len(rest)
	case size <= l.room && len(rest) >= worthKeeping:
		d.Message = l.memory[i]
	}
	for {
		n := min(size, len(rest))
		d.Payload = rest[:min(n, l.room)]
		if d.Message == nil {
			d.Payload = slices.Clip(d.Payload)
		}
		l.lent.Datagrams = append(l.lent.Datagrams, d)
		if rest = rest[n:]; len(rest) == 0 {
			return
		}
	}
}
