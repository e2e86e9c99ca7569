package net

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// controlRoom is the room for what comes beside a datagram, in bytes.
const controlRoom = 128

// udpPackets drives the descriptor itself: a batch is whatever is there, the
// address that a datagram came to is known, and DF is set where that is asked for.
type udpPackets struct {
	udp    *net.UDPConn
	raw    syscall.RawConn
	local  netip.AddrPort
	family Family

	// Arguments and results of the closures below, which are made once so that a
	// call allocates nothing. The first group belongs to the reading goroutine, the
	// second to the writing one.
	into    []Datagram
	readN   int
	readErr error
	control [controlRoom]byte
	doRead  func(fd uintptr) bool

	out       []Datagram
	writeN    int
	writeErr  error
	pollWrite [1]unix.PollFd
	doWrite   func(fd uintptr) bool
	doPollOut func(fd uintptr) bool
	fragment  fragmentation
}

// fragmentation is what a socket is set to, and how it was when it was made.
type fragmentation struct {
	now      Fragmentation
	asSystem int
}

func wrapUDP(udp *net.UDPConn) Packets {
	raw, err := udp.SyscallConn()
	if err != nil {
		return nil
	}
	u := &udpPackets{udp: udp, raw: raw, local: addrPort(udp.LocalAddr())}
	u.family = FamilyOf(u.local.Addr())
	u.doRead, u.doWrite, u.doPollOut = u.read, u.write, u.pollOut
	_ = raw.Control(u.tune)
	return u
}

// tune asks to be told the address that each datagram came to.
func (u *udpPackets) tune(fd uintptr) {
	switch u.family {
	case V4:
		_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_PKTINFO, 1)
		u.fragment.asSystem, _ = unix.GetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_MTU_DISCOVER)
	case V6:
		_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_IPV6, unix.IPV6_RECVPKTINFO, 1)
		u.fragment.asSystem, _ = unix.GetsockoptInt(int(fd), unix.IPPROTO_IPV6, unix.IPV6_MTU_DISCOVER)
	}
}

func (u *udpPackets) Read(into []Datagram) (int, error) {
	u.into, u.readN, u.readErr = into, 0, nil
	err := u.raw.Read(u.doRead)
	u.into = nil
	if err == nil {
		err = u.readErr
	}
	return u.readN, err
}

// read fills what is there; it says whether the call is over.
func (u *udpPackets) read(fd uintptr) bool {
	for u.readN < len(u.into) {
		d := &u.into[u.readN]
		buf := d.Payload[:cap(d.Payload)]
		n, beside, _, from, err := unix.Recvmsg(int(fd), buf, u.control[:], unix.MSG_DONTWAIT)
		switch {
		case errors.Is(err, unix.EINTR):
		case errors.Is(err, unix.EAGAIN):
			return u.readN > 0
		case err != nil:
			u.readErr = os.NewSyscallError("recvmsg", err)
			return true
		default:
			d.Payload, d.Remote, d.Local = buf[:n], endpointOf(from), localOf(u.control[:beside])
			u.readN++
		}
	}
	return true
}

func endpointOf(from unix.Sockaddr) netip.AddrPort {
	switch from := from.(type) {
	case *unix.SockaddrInet4:
		return netip.AddrPortFrom(netip.AddrFrom4(from.Addr), uint16(from.Port))
	case *unix.SockaddrInet6:
		a := netip.AddrFrom16(from.Addr).Unmap()
		if from.ZoneId != 0 {
			a = a.WithZone(strconv.FormatUint(uint64(from.ZoneId), 10))
		}
		return netip.AddrPortFrom(a, uint16(from.Port))
	}
	return netip.AddrPort{}
}

// localOf reads the address that a datagram came to from what came beside it; zero
// where none of ours is named.
func localOf(control []byte) netip.Addr {
	for len(control) > 0 {
		h, data, rest, err := unix.ParseOneSocketControlMessage(control)
		if err != nil {
			return netip.Addr{}
		}
		switch {
		case h.Level == unix.IPPROTO_IP && h.Type == unix.IP_PKTINFO && len(data) >= unix.SizeofInet4Pktinfo:
			return netip.AddrFrom4([4]byte(data[4:8])) // ipi_spec_dst: of a broadcast it is our own
		case h.Level == unix.IPPROTO_IPV6 && h.Type == unix.IPV6_PKTINFO && len(data) >= unix.SizeofInet6Pktinfo:
			if a := netip.AddrFrom16([16]byte(data[:16])); !a.IsMulticast() {
				return a
			}
		}
		control = rest
	}
	return netip.Addr{}
}

func (u *udpPackets) Write(out []Datagram) (int, WriteState, error) {
	u.out, u.writeN, u.writeErr = out, 0, nil
	err := u.raw.Write(u.doWrite)
	u.out = nil
	switch {
	case err != nil:
		return u.writeN, WriteOpen, err
	case errors.Is(u.writeErr, unix.EAGAIN):
		return u.writeN, WriteBlocked, nil
	case u.writeErr != nil:
		to := net.UDPAddrFromAddrPort(out[u.writeN].Remote)
		return u.writeN, WriteOpen, &net.OpError{Op: "write", Net: u.family.network(), Addr: to, Err: os.NewSyscallError("sendmsg", u.writeErr)}
	}
	return u.writeN, WriteOpen, nil
}

func (u *udpPackets) write(fd uintptr) bool {
	for u.writeN < len(u.out) {
		d := &u.out[u.writeN]
		if u.writeErr = u.setFragment(int(fd), d.Fragmentation); u.writeErr == nil {
			u.writeErr = u.send(int(fd), d)
		}
		if u.writeErr != nil {
			return true
		}
		u.writeN++
	}
	return true
}

func (u *udpPackets) send(fd int, d *Datagram) error {
	to, err := u.sockaddr(d.Remote)
	if err != nil {
		return err
	}
	for {
		_, err := unix.SendmsgN(fd, d.Payload, u.leaving(d.Local), to, unix.MSG_DONTWAIT)
		if !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}

func (u *udpPackets) sockaddr(to netip.AddrPort) (unix.Sockaddr, error) {
	a := to.Addr().Unmap()
	switch {
	case !a.IsValid() || FamilyOf(a) != u.family:
		return nil, unix.EAFNOSUPPORT
	case u.family == V4:
		return &unix.SockaddrInet4{Port: int(to.Port()), Addr: a.As4()}, nil
	}
	return &unix.SockaddrInet6{Port: int(to.Port()), Addr: a.As16(), ZoneId: zoneID(a.Zone())}, nil
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

// leaving names the address of ours that a datagram is to leave from; nil leaves
// that to the system.
func (u *udpPackets) leaving(from netip.Addr) []byte {
	switch from = from.Unmap(); {
	case !from.IsValid() || FamilyOf(from) != u.family:
		return nil
	case u.family == V4:
		return unix.PktInfo4(&unix.Inet4Pktinfo{Spec_dst: from.As4()})
	}
	return unix.PktInfo6(&unix.Inet6Pktinfo{Addr: from.As16()})
}

// setFragment sets the socket to what the next datagram wants, if it is not so.
func (u *udpPackets) setFragment(fd int, want Fragmentation) error {
	if want == u.fragment.now {
		return nil
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
	if err == nil {
		u.fragment.now = want
	}
	return err
}

func (u *udpPackets) pollOut(fd uintptr) bool { return poll(fd, &u.pollWrite, unix.POLLOUT) }
func (u *udpPackets) WaitWritable() error     { return u.raw.Write(u.doPollOut) }

func (u *udpPackets) Buffers(want int) (receive, send int, err error) { return buffersOf(u.udp, want) }

func (u *udpPackets) Close() error              { return u.udp.Close() }
func (u *udpPackets) LocalAddr() netip.AddrPort { return u.local }
