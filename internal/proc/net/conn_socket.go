//go:build linux || darwin

package net

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/etorrent/etorrent/internal/vocab/transport"
)

// socketConn drives the descriptor itself: waiting and moving bytes are apart,
// so a waiting connection holds no buffer.
type socketConn struct {
	tcp           *net.TCPConn
	raw           syscall.RawConn
	local, remote netip.AddrPort

	// Arguments and results of the closures below, which are made once so that
	// a call allocates nothing. The first group belongs to the reading
	// goroutine, the second to the writing one.
	readInto []byte
	readN    int
	readErr  error
	pollRead [1]unix.PollFd
	waitRead waiting
	doPollIn func(fd uintptr) bool
	doRead   func(fd uintptr) bool
	lowWater int // bytes that WaitGathered waited for last

	writeFrom [][]byte
	writeN    int
	writeErr  error
	pollWrite [1]unix.PollFd
	waitWrite waiting
	doWrite   func(fd uintptr) bool
	doPollOut func(fd uintptr) bool
}

func wrapSocket(tcp *net.TCPConn) Conn {
	raw, err := tcp.SyscallConn()
	if err != nil {
		return nil
	}
	c := &socketConn{tcp: tcp, raw: raw, local: addrPort(tcp.LocalAddr()), remote: addrPort(tcp.RemoteAddr())}
	c.doPollIn, c.doRead = c.pollIn, c.read
	c.doPollOut, c.doWrite = c.pollOut, c.write
	return c
}

// waiting says how far a wait has come.
type waiting uint8

const (
	waitBegun waiting = iota
	waitAsked         // the kernel was asked: who calls again was woken by its news
)

// ask is the function of a wait, which the runtime calls once and then at each news.
func (w *waiting) ask(fd uintptr, into *[1]unix.PollFd, events int16) bool {
	before := *w
	*w = waitAsked
	return before == waitAsked || poll(fd, into, events)
}

// poll asks the kernel rather than the runtime: the runtime resets its edge-
// triggered readiness before the first call of a wait, and an edge that came
// before the reset would be lost.
func poll(fd uintptr, into *[1]unix.PollFd, events int16) bool {
	for {
		into[0] = unix.PollFd{Fd: int32(fd), Events: events}
		n, err := unix.Poll(into[:], 0)
		if !errors.Is(err, unix.EINTR) {
			return n != 0 || err != nil // an error shows itself at the next read or write
		}
	}
}

func (c *socketConn) pollIn(fd uintptr) bool  { return c.waitRead.ask(fd, &c.pollRead, unix.POLLIN) }
func (c *socketConn) pollOut(fd uintptr) bool { return c.waitWrite.ask(fd, &c.pollWrite, unix.POLLOUT) }

func (c *socketConn) read(fd uintptr) bool {
	for {
		c.readN, c.readErr = unix.Read(int(fd), c.readInto)
		if !errors.Is(c.readErr, unix.EINTR) {
			return true
		}
	}
}

func (c *socketConn) write(fd uintptr) bool {
	for {
		c.writeN, c.writeErr = sendGathered(int(fd), c.writeFrom)
		if !errors.Is(c.writeErr, unix.EINTR) {
			return true
		}
	}
}

func (c *socketConn) WaitReadable() error {
	c.waitRead = waitBegun
	return c.raw.Read(c.doPollIn)
}

func (c *socketConn) TryRead(p []byte) (int, error) {
	c.readInto = p
	err := c.raw.Read(c.doRead)
	c.readInto = nil
	switch {
	case err != nil:
		return 0, err
	case errors.Is(c.readErr, unix.EAGAIN):
		return 0, nil
	case c.readErr != nil:
		return 0, c.readErr
	case c.readN == 0 && len(p) > 0:
		return 0, io.EOF
	}
	return c.readN, nil
}

func (c *socketConn) TryWrite(bufs [][]byte) (int, WriteState, error) {
	total := 0
	for len(bufs) > 0 {
		part := bufs[:min(len(bufs), maxGather)]
		bufs = bufs[len(part):]
		want := 0
		for _, b := range part {
			want += len(b)
		}
		c.writeFrom = part
		err := c.raw.Write(c.doWrite)
		c.writeFrom = nil
		if err == nil {
			err = c.writeErr
		}
		if errors.Is(err, unix.EAGAIN) {
			return total, WriteBlocked, nil
		}
		if err != nil {
			return total, WriteBlocked, err
		}
		total += c.writeN
		if c.writeN < want {
			return total, WriteBlocked, nil
		}
	}
	return total, WriteOpen, nil
}

func (c *socketConn) TryWriteUntouched(bufs [][]byte) (int, WriteState, error) {
	n, state, err := c.TryWrite(bufs)
	if errors.Is(err, unix.EFAULT) {
		err = ErrUnreadable
	}
	return n, state, err
}

func (c *socketConn) WaitWritable() error {
	c.waitWrite = waitBegun
	return c.raw.Write(c.doPollOut)
}

func (c *socketConn) Close() error                   { return c.tcp.Close() }
func (c *socketConn) LocalAddr() netip.AddrPort      { return c.local }
func (c *socketConn) RemoteAddr() netip.AddrPort     { return c.remote }
func (c *socketConn) Transport() transport.Transport { return transport.TCP }
