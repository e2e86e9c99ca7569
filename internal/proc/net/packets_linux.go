package net

import (
	"cmp"
	"errors"
	"net"
	"net/netip"
	"os"
	"strconv"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// udpPackets drives the descriptor itself: a batch is whatever is there, the
// address that a datagram came to is known, and DF is set where that is asked for.
// Its lock gives those who write their turns, a batch each: a write does not wait for the
// network.
type udpPackets struct {
	raw    *bareSocket
	local  netip.AddrPort
	family Family

	in intake // of Read

	// Arguments and results of the closures below, which are made once so that a
	// call allocates nothing. They belong to who has the turn to write.
	turn      sync.Mutex
	out       []Datagram
	writeN    int
	writeErr  syscall.Errno
	writing   transfer
	doWrite   func(fd uintptr) bool
	doPollOut func(fd uintptr) bool
	fragment  fragmentation
	segments  segments
}

// fragmentation is what a socket is set to, and how it was when it was made.
type fragmentation struct {
	now      Fragmentation
	asSystem int
}

func wrapUDP(udp *net.UDPConn) Packets {
	local := addrPort(udp.LocalAddr())
	raw, err := bare(udp)
	if err != nil {
		return nil
	}
	u := &udpPackets{raw: raw, local: local}
	u.family = FamilyOf(u.local.Addr())
	u.in = intake{u: u, moving: transfer{many: receiveMany, one: receiveOne}}
	u.in.doRead = u.in.read
	u.writing.many, u.writing.one = sendMany, sendOne
	u.doWrite, u.doPollOut = u.write, u.pollOut
	_ = raw.Control(u.tune)
	return u
}

// tune asks to be told the address that each datagram came to, and how the socket is set.
func (u *udpPackets) tune(fd uintptr) {
	u.segments.probe(fd)
	switch u.family {
	case V4:
		_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_PKTINFO, 1)
		u.fragment.asSystem, _ = unix.GetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_MTU_DISCOVER)
	case V6:
		_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_IPV6, unix.IPV6_RECVPKTINFO, 1)
		u.fragment.asSystem, _ = unix.GetsockoptInt(int(fd), unix.IPPROTO_IPV6, unix.IPV6_MTU_DISCOVER)
	}
}

func (u *udpPackets) Read(into []Datagram) (int, error) { return u.in.Read(into) }

func (u *udpPackets) Write(out []Datagram) (int, WriteState, error) {
	u.turn.Lock()
	defer u.turn.Unlock()
	u.out, u.writeN, u.writeErr = out, 0, 0
	u.segments.begin()
	err := u.raw.Write(u.doWrite)
	u.out = nil
	u.writing.release(len(out))
	switch {
	case err != nil:
		return u.writeN, WriteOpen, err
	case u.writeErr == unix.EAGAIN:
		return u.writeN, WriteBlocked, nil
	case u.writeErr != 0:
		to := net.UDPAddrFromAddrPort(out[u.writeN].Remote)
		return u.writeN, WriteOpen, &net.OpError{Op: "write", Net: u.family.network(), Addr: to, Err: os.NewSyscallError("sendmsg", u.writeErr)}
	}
	return u.writeN, WriteOpen, nil
}

// write sends run by run. Of a run that the system took only a part of, it says why
// when the rest is tried.
func (u *udpPackets) write(fd uintptr) bool {
	for u.writeN < len(u.out) && u.writeErr == 0 {
		var run, sent int
		if run, u.writeErr = u.fill(u.out[u.writeN:]); run == 0 {
			return true
		}
		if u.writeErr = u.setFragment(int(fd), u.out[u.writeN].Fragmentation); u.writeErr == 0 {
			sent, u.writeErr = u.writing.move(fd, run)
			u.writeN += u.writing.carried(sent)
			u.writeErr = u.segments.judge(&u.writing.bundle, sent, u.writeErr)
		}
	}
	return true
}

// fill makes a run of the datagrams at the front that go by one setting of the socket,
// and says how many messages those are. An error is that of the first, if it is none.
func (u *udpPackets) fill(out []Datagram) (int, syscall.Errno) {
	out = out[:u.writing.room(len(out))]
	messages, at := 0, 0
	for at < len(out) && out[at].Fragmentation == out[0].Fragmentation {
		if errno := u.writing.toWrite(messages, u.family, &out[at]); errno != 0 {
			return messages, errno
		}
		n := u.segments.span(at, out)
		if n > 1 {
			u.writing.setSegment(messages, len(out[at].Payload))
		}
		u.writing.gather(messages, at, n)
		for range n {
			u.writing.carry(at, out[at].Payload)
			at++
		}
		messages++
	}
	return messages, 0
}

// zoneID is the number of a zone, which may be one already.
func zoneID(zone string) uint32 {
	if zone == "" {
		return 0
	}
	if n, err := strconv.ParseUint(zone, 10, 32); err == nil {
		return uint32(n)
	}
	i, err := net.InterfaceByName(zone)
	if err != nil {
		return 0
	}
	return uint32(i.Index)
}

// setFragment sets the socket to what the next datagram wants, if it is not so.
func (u *udpPackets) setFragment(fd int, want Fragmentation) syscall.Errno {
	if want == u.fragment.now {
		return 0
	}
	var err error
	switch u.family {
	case V4:
		value := [...]int{u.fragment.asSystem, unix.IP_PMTUDISC_PROBE, unix.IP_PMTUDISC_DONT}[want]
		err = unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_MTU_DISCOVER, value)
	case V6:
		value := [...]int{u.fragment.asSystem, unix.IPV6_PMTUDISC_PROBE, unix.IPV6_PMTUDISC_DONT}[want]
		err = unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_MTU_DISCOVER, value)
	}
	if err != nil {
		errno, _ := errors.AsType[syscall.Errno](err)
		return cmp.Or(errno, unix.EINVAL)
	}
	u.fragment.now = want
	return 0
}

// pollOut has no memory of its own: several may wait.
func (u *udpPackets) pollOut(fd uintptr) bool { return poll(fd, new([1]unix.PollFd), unix.POLLOUT) }
func (u *udpPackets) WaitWritable() error     { return u.raw.Write(u.doPollOut) }

func (u *udpPackets) Buffers(want int) (receive, send int, err error) { return buffersOf(u.raw, want) }

func (u *udpPackets) Close() error              { return u.raw.Close() }
func (u *udpPackets) LocalAddr() netip.AddrPort { return u.local }

// forceBuffer passes the administrator's bound, which takes CAP_NET_ADMIN.
func forceBuffer(fd uintptr, way, size int) error {
	option := [...]int{unix.SO_RCVBUFFORCE, unix.SO_SNDBUFFORCE}[way]
	return unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, option, size)
}
