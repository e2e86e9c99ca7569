package net

import (
	"encoding/binary"
	"net/netip"
	"syscall"

	"golang.org/x/sys/unix"
)

const (
	// maxBundle is how many datagrams one call writes at the most, and how many messages
	// it reads.
	maxBundle = 64
	// maxRefusals is after how many calls of many in a row that were refused, where a
	// call of one was not, there are no more of them. Firewalls refuse datagrams with
	// the same errors, and some of them by chance.
	maxRefusals = 3
)

// transfer moves messages one way: many a call, or one where the kernel has no such
// call or a sandbox refuses it. It belongs to one goroutine.
type transfer struct {
	bundle
	many, one call
	refusals  uint8
}

// room makes room for a number of messages and returns how many of them fit.
func (t *transfer) room(wanted int) int {
	if have := len(t.headers); wanted > have && have < maxBundle {
		t.bundle = newBundle(min(max(wanted, 2*have), maxBundle))
	}
	return min(wanted, len(t.headers))
}

// move moves the first n of the bundle and says how many it did. An error is that of
// the next one; without one, why there were not more is for the next call to say.
func (t *transfer) move(fd uintptr, n int) (int, syscall.Errno) {
	if t.refusals >= maxRefusals {
		return t.oneByOne(fd, n)
	}
	moved, errno := persist(t.many, fd, t.headers[:n])
	if !refused(errno) {
		t.refusals = 0
		return moved, errno
	}
	if moved, errno = t.oneByOne(fd, n); moved > 0 || !refused(errno) {
		t.refusals++
	}
	return moved, errno
}

func (t *transfer) oneByOne(fd uintptr, n int) (int, syscall.Errno) {
	for i := range n {
		if _, errno := persist(t.one, fd, t.headers[i:i+1]); errno != 0 {
			return i, errno
		}
	}
	return n, 0
}

// release lets go of the payloads of the first n.
func (t *transfer) release(n int) {
	for i := range min(n, len(t.payloads)) {
		t.carry(i, nil)
	}
}

// persist makes a call again that a signal interrupted.
func persist(c call, fd uintptr, of []unix.Mmsghdr) (int, syscall.Errno) {
	for {
		if n, errno := c(fd, of); errno != unix.EINTR {
			return n, errno
		}
	}
}

// refused says whether an error may be of the call itself.
func refused(errno syscall.Errno) bool {
	return errno == unix.ENOSYS || errno == unix.EPERM || errno == unix.EINVAL
}

// toRead has the next message read into a payload's capacity.
func (b *bundle) toRead(i int, payload []byte) {
	h := &b.headers[i].Hdr
	h.Namelen = unix.SizeofSockaddrInet6
	h.SetControllen(controlRoom)
	b.carry(i, payload[:cap(payload)])
	b.gather(i, i, 1)
}

// read takes what was read.
func (b *bundle) read(i int, d *Datagram) {
	h := &b.headers[i]
	d.Payload = d.Payload[:h.Len]
	d.Remote = b.remote(i)
	d.Local, _ = viewBeside(b.slots[i].beside()[:h.Hdr.Controllen])
}

// toWrite addresses a message like a datagram that is sent over a family. Its remote must
// be of the family; an address of ours that is not is left out.
func (b *bundle) toWrite(i int, f Family, d *Datagram) syscall.Errno {
	if a := d.Remote.Addr(); !a.IsValid() || FamilyOf(a) != f {
		return unix.EAFNOSUPPORT
	}
	from := d.Local.Unmap()
	if from.IsValid() && FamilyOf(from) != f {
		from = netip.Addr{}
	}
	b.setRemote(i, f, d.Remote)
	b.setLocal(i, f, from)
	return 0
}

// viewBeside reads what came beside a message: the address that it came to, zero where none
// of ours is named, and the size of the segments that it is to be cut into, 0 for one
// datagram.
func viewBeside(control []byte) (local netip.Addr, segment int) {
	for len(control) > 0 {
		h, data, rest, err := unix.ParseOneSocketControlMessage(control)
		if err != nil {
			return local, segment
		}
		switch {
		case h.Level == unix.IPPROTO_IP && h.Type == unix.IP_PKTINFO && len(data) >= unix.SizeofInet4Pktinfo:
			local = netip.AddrFrom4([4]byte(data[4:8])) // ipi_spec_dst: of a broadcast it is our own
		case h.Level == unix.IPPROTO_IPV6 && h.Type == unix.IPV6_PKTINFO && len(data) >= unix.SizeofInet6Pktinfo:
			if a := netip.AddrFrom16([16]byte(data[:16])); !a.IsMulticast() {
				local = a
			}
		case h.Level == unix.IPPROTO_UDP && h.Type == unix.UDP_GRO && len(data) >= 4:
			segment = int(binary.NativeEndian.Uint32(data))
		}
		control = rest
	}
	return local, segment
}
