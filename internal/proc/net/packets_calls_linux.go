package net

import (
	"encoding/binary"
	"net/netip"
	"strconv"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// controlRoom is the room for what comes or goes beside a message, in bytes: an address
// of either family and the size of segments.
const controlRoom = 64

// slot is what one header points to, but for payloads. It never moves, and neither does
// the header.
type slot struct {
	name    unix.RawSockaddrInet6 // or RawSockaddrInet4, which is shorter
	control [controlRoom / 8]uint64
}

// bundle are the messages of one call as the kernel reads and fills them. The memory
// is used again and again. A message has one payload or, for datagrams that leave as
// segments of one, several that stand side by side.
type bundle struct {
	headers  []unix.Mmsghdr
	slots    []slot
	payloads []unix.Iovec
}

// newBundle has room for so many datagrams.
func newBundle(size int) bundle {
	b := bundle{headers: make([]unix.Mmsghdr, size), slots: make([]slot, size), payloads: make([]unix.Iovec, size)}
	for i := range b.slots {
		h, s := &b.headers[i].Hdr, &b.slots[i]
		h.Name = (*byte)(unsafe.Pointer(&s.name))
		h.Control = &s.beside()[0]
	}
	return b
}

func (s *slot) beside() *[controlRoom]byte { return (*[controlRoom]byte)(unsafe.Pointer(&s.control)) }

func (s *slot) inet4() *unix.RawSockaddrInet4 {
	return (*unix.RawSockaddrInet4)(unsafe.Pointer(&s.name))
}

// carry sets a payload.
func (b *bundle) carry(at int, payload []byte) {
	b.payloads[at].Base = unsafe.SliceData(payload)
	b.payloads[at].SetLen(len(payload))
}

// gather has message i carry n payloads from at on.
func (b *bundle) gather(i, at, n int) {
	h := &b.headers[i].Hdr
	h.Iov = &b.payloads[at]
	h.SetIovlen(n)
}

// carried is how many payloads the first n messages carry.
func (b *bundle) carried(n int) int {
	sum := 0
	for i := range n {
		sum += int(b.headers[i].Hdr.Iovlen)
	}
	return sum
}

// setRemote writes where a datagram goes; both are of one family.
func (b *bundle) setRemote(i int, f Family, to netip.AddrPort) {
	h, s, port := &b.headers[i].Hdr, &b.slots[i], swapped(to.Port())
	switch f {
	case V4:
		*s.inet4() = unix.RawSockaddrInet4{Family: unix.AF_INET, Port: port, Addr: to.Addr().Unmap().As4()}
		h.Namelen = unix.SizeofSockaddrInet4
	case V6:
		s.name = unix.RawSockaddrInet6{Family: unix.AF_INET6, Port: port, Addr: to.Addr().As16(), Scope_id: zoneID(to.Addr().Zone())}
		h.Namelen = unix.SizeofSockaddrInet6
	}
}

// remote is where a datagram came from.
func (b *bundle) remote(i int) netip.AddrPort {
	s := &b.slots[i]
	switch s.name.Family {
	case unix.AF_INET:
		return netip.AddrPortFrom(netip.AddrFrom4(s.inet4().Addr), swapped(s.name.Port))
	case unix.AF_INET6:
		a := netip.AddrFrom16(s.name.Addr).Unmap()
		if s.name.Scope_id != 0 {
			a = a.WithZone(strconv.FormatUint(uint64(s.name.Scope_id), 10))
		}
		return netip.AddrPortFrom(a, swapped(s.name.Port))
	}
	return netip.AddrPort{}
}

// swapped turns a port between its orders on the wire and in memory, either way.
func swapped(port uint16) uint16 {
	var b [2]byte
	binary.NativeEndian.PutUint16(b[:], port)
	return binary.BigEndian.Uint16(b[:])
}

// setLocal writes the address of ours that a datagram leaves from, which is of the
// family, or leaves it to the system.
func (b *bundle) setLocal(i int, f Family, from netip.Addr) {
	h, s := &b.headers[i].Hdr, &b.slots[i]
	if !from.IsValid() {
		h.SetControllen(0)
		return
	}
	c, data := (*unix.Cmsghdr)(unsafe.Pointer(&s.control)), s.beside()[unix.CmsgLen(0):]
	switch f {
	case V4:
		c.Level, c.Type = unix.IPPROTO_IP, unix.IP_PKTINFO
		c.SetLen(unix.CmsgLen(unix.SizeofInet4Pktinfo))
		h.SetControllen(unix.CmsgSpace(unix.SizeofInet4Pktinfo))
		*(*unix.Inet4Pktinfo)(unsafe.Pointer(&data[0])) = unix.Inet4Pktinfo{Spec_dst: from.As4()}
	case V6:
		c.Level, c.Type = unix.IPPROTO_IPV6, unix.IPV6_PKTINFO
		c.SetLen(unix.CmsgLen(unix.SizeofInet6Pktinfo))
		h.SetControllen(unix.CmsgSpace(unix.SizeofInet6Pktinfo))
		*(*unix.Inet6Pktinfo)(unsafe.Pointer(&data[0])) = unix.Inet6Pktinfo{Addr: from.As16()}
	}
}

// setSegment has a message leave in segments of size bytes, beside the address that it
// leaves from.
func (b *bundle) setSegment(i, size int) {
	h, s := &b.headers[i].Hdr, &b.slots[i]
	at := int(h.Controllen)
	c := (*unix.Cmsghdr)(unsafe.Pointer(&s.beside()[at]))
	c.Level, c.Type = unix.IPPROTO_UDP, unix.UDP_SEGMENT
	c.SetLen(unix.CmsgLen(segmentBytes))
	binary.NativeEndian.PutUint16(s.beside()[at+unix.CmsgLen(0):], uint16(size))
	h.SetControllen(at + unix.CmsgSpace(segmentBytes))
}

// call moves messages and says how many. An error is that of the next one.
type call func(fd uintptr, of []unix.Mmsghdr) (int, syscall.Errno)

func receiveMany(fd uintptr, of []unix.Mmsghdr) (int, syscall.Errno) {
	n, _, errno := unix.Syscall6(unix.SYS_RECVMMSG, fd, uintptr(unsafe.Pointer(&of[0])), uintptr(len(of)), unix.MSG_DONTWAIT, 0, 0)
	return moved(n, errno)
}

func sendMany(fd uintptr, of []unix.Mmsghdr) (int, syscall.Errno) {
	n, _, errno := unix.Syscall6(unix.SYS_SENDMMSG, fd, uintptr(unsafe.Pointer(&of[0])), uintptr(len(of)), unix.MSG_DONTWAIT, 0, 0)
	return moved(n, errno)
}

// moved reads what a call of many said. That nothing was moved and nothing is wrong is
// what sandboxes say who leave a call out.
func moved(n uintptr, errno syscall.Errno) (int, syscall.Errno) {
	switch {
	case errno != 0:
		return 0, errno
	case n == 0:
		return 0, unix.ENOSYS
	}
	return int(n), 0
}

func receiveOne(fd uintptr, of []unix.Mmsghdr) (int, syscall.Errno) {
	n, _, errno := unix.Syscall(unix.SYS_RECVMSG, fd, uintptr(unsafe.Pointer(&of[0].Hdr)), unix.MSG_DONTWAIT)
	if errno != 0 {
		return 0, errno
	}
	of[0].Len = uint32(n)
	return 1, 0
}

func sendOne(fd uintptr, of []unix.Mmsghdr) (int, syscall.Errno) {
	_, _, errno := unix.Syscall(unix.SYS_SENDMSG, fd, uintptr(unsafe.Pointer(&of[0].Hdr)), unix.MSG_DONTWAIT)
	if errno != 0 {
		return 0, errno
	}
	return 1, 0
}
