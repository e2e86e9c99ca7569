package net

import (
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// bareSocket is a UDP socket that the runtime's poller does not watch, a syscall.RawConn. The
// poller would wake a thread for each datagram that comes, also while nobody waits for one: who
// naps to read many at once would be woken as often as who does not. Who waits here has a
// thread that waits for this socket alone. The lock guards the descriptor: who uses it, or
// waits, shares it; Close, which ends every wait, takes it alone, so that the port is free then.
type bareSocket struct {
	use    sync.RWMutex
	fd     int           // -1: it is closed
	closes atomic.Bool   // it is shut, and wakes who waits
	rest   time.Duration // restAfter
}

// restAfter is for how long nothing comes until who waits is asked once more, and may give
// memory back before it waits on.
const restAfter = 10 * time.Second

// bare takes over the socket of a connection, which is closed.
func bare(udp *net.UDPConn) (*bareSocket, error) {
	raw, err := udp.SyscallConn()
	if err != nil {
		return nil, err
	}
	fd, failed := -1, error(nil)
	err = raw.Control(func(of uintptr) { fd, failed = unix.FcntlInt(of, unix.F_DUPFD_CLOEXEC, 0) })
	if err := errors.Join(err, failed); err != nil {
		return nil, err
	}
	_ = udp.Close()
	return &bareSocket{fd: fd, rest: restAfter}, nil
}

// Control calls f with the descriptor.
func (b *bareSocket) Control(f func(fd uintptr)) error {
	b.use.RLock()
	defer b.use.RUnlock()
	if b.fd < 0 {
		return net.ErrClosed
	}
	f(uintptr(b.fd))
	return nil
}

// Read calls f until it says that it is done, again whenever something came, and once when
// nothing came for long.
func (b *bareSocket) Read(f func(fd uintptr) bool) error { return b.until(f, unix.POLLIN, b.rest) }

// Write calls f until it says that it is done, again whenever there is room.
func (b *bareSocket) Write(f func(fd uintptr) bool) error { return b.until(f, unix.POLLOUT, forever) }

// Try calls f once.
func (b *bareSocket) Try(f func(fd uintptr) bool) error {
	_, err := b.attempt(f, 0, 0)
	return err
}

// forever is a wait that only news end.
const forever = -time.Millisecond

// until waits so long at first, and then for news alone.
func (b *bareSocket) until(f func(fd uintptr) bool, news int16, first time.Duration) error {
	a, err := b.attempt(f, news, first)
	for a == goesOn && err == nil {
		a, err = b.attempt(f, news, forever)
	}
	return err
}

// attempt says whether a call is over.
type attempt uint8

const (
	isDone attempt = iota
	goesOn
)

// attempt calls f, and waits for some news where it is not done then, for so long at most.
func (b *bareSocket) attempt(f func(fd uintptr) bool, news int16, most time.Duration) (attempt, error) {
	b.use.RLock()
	defer b.use.RUnlock()
	switch {
	case b.fd < 0, b.closes.Load():
		return isDone, net.ErrClosed
	case f(uintptr(b.fd)), news == 0:
		return isDone, nil
	}
	of := [1]unix.PollFd{{Fd: int32(b.fd), Events: news}}
	_, _ = unix.Poll(of[:], int(most/time.Millisecond)) // what is wrong shows itself in f
	return goesOn, nil
}

// Close ends every wait, and frees the port. A second one does nothing.
func (b *bareSocket) Close() error {
	b.closes.Store(true)
	err := b.Control(func(fd uintptr) { _ = unix.Shutdown(int(fd), unix.SHUT_RDWR) })
	b.use.Lock()
	defer b.use.Unlock()
	if b.fd < 0 {
		return err
	}
	err = unix.Close(b.fd)
	b.fd = -1
	return err
}

// nap has the thread sleep for a span, which the kernel may lengthen by 50 µs. The runtime's
// timers are no finer than a millisecond.
func nap(span time.Duration) {
	if span > 0 {
		t := unix.NsecToTimespec(int64(span))
		_ = unix.Nanosleep(&t, nil)
	}
}
