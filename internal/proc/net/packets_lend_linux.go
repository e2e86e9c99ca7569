package net

import (
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// largestMessage is the room for what the kernel hands over as one, in bytes: more than
	// a packet of IP carries.
	largestMessage = 1 << 16
	// messageStride is from one to the next: were it a power of two, what is read in all
	// would lie in a few lines of the processor's caches.
	messageStride = largestMessage + 27*64
	// messagesMost is how many large ones are read at once at the most, smallMost how many of
	// which lentBytes are more.
	messagesMost = 8
	smallMost    = 64
	lentBytes    = messagesMost * largestMessage
)

// segmentReader has the kernel hand over datagrams of one remote and one size as one
// message, as far as they are there side by side (UDP_GRO), and cuts it in place.
type segmentReader struct {
	u      *udpPackets
	room   int
	memory []byte // of one message at first, and twice as many whenever all were filled
	size   int    // of a message of the last ones, in bytes
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
		l.memory, l.size = make([]byte, messageStride), largestMessage
	}
	t := &l.moving
	asked := t.room(min(len(l.memory)/messageStride, max(messagesMost, lentBytes/max(1, l.size))))
	for i := range asked {
		t.toRead(i, l.message(i))
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

// message is the memory of message i.
func (l *segmentReader) message(i int) []byte {
	at := i * messageStride
	return l.memory[at : at+largestMessage : at+largestMessage]
}

// grow makes room for more messages the next time. Of what small ones do not fill the system
// gives no memory.
func (l *segmentReader) grow() {
	had := len(l.memory) / messageStride
	if more := 2 * had; more <= messagesMost || more <= smallMost && more*l.size <= lentBytes {
		l.memory = make([]byte, more*messageStride)
	}
}

// cut lends what came as message i.
func (l *segmentReader) cut(i int) {
	b := &l.moving.bundle
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
		l.lent.Datagrams = append(l.lent.Datagrams, d)
		if rest = rest[n:]; len(rest) == 0 {
			return
		}
	}
}
