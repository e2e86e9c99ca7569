package net

import (
	"net"
	"net/netip"
)

// MaxDatagram is the largest payload that is read, in bytes. It is that of a
// tracker's answer with 200 peers of IPv6 (BEP 15), and more than any path carries
// whole.
const MaxDatagram = 4096

// What is asked for in the kernel, each way and for each socket, in bytes; it gives
// what its administrator allows.
const socketBuffer = 1 << 20

// Family is a version of IP.
type Family uint8

// The families.
const (
	V4 Family = iota
	V6
)

// Families are both.
var Families = [...]Family{V4, V6}

// FamilyOf is the family of an address, in which a v4-mapped one is of IPv4.
func FamilyOf(a netip.Addr) Family {
	if a.Unmap().Is6() {
		return V6
	}
	return V4
}

// String names the family.
func (f Family) String() string { return [...]string{"IPv4", "IPv6"}[f] }

// network is the name that package net has for UDP over the family; its sockets
// of IPv6 are V6ONLY.
func (f Family) network() string { return [...]string{"udp4", "udp6"}[f] }

// Any is every address of the host with a port.
func (f Family) Any(port uint16) netip.AddrPort {
	return netip.AddrPortFrom([...]netip.Addr{netip.IPv4Unspecified(), netip.IPv6Unspecified()}[f], port)
}

// Beside is where datagrams of the family are taken beside a listener, zero where
// it accepts none of the family. One on [::] accepts both.
func (f Family) Beside(listener netip.AddrPort) netip.AddrPort {
	switch a := listener.Addr().Unmap(); {
	case !listener.IsValid():
		return netip.AddrPort{}
	case FamilyOf(a) == f:
		return netip.AddrPortFrom(a, listener.Port())
	case a == netip.IPv6Unspecified():
		return f.Any(listener.Port())
	}
	return netip.AddrPort{}
}

// Fragmentation says whether a datagram may travel in fragments.
type Fragmentation uint8

const (
	// FragmentAsSystem leaves it to the system's own setting.
	FragmentAsSystem Fragmentation = iota
	// FragmentNever sets DF (IPv6 has no other way) and takes no notice of what is
	// known of the path, as a probe of it wants; what is larger than the interface
	// takes is EMSGSIZE.
	FragmentNever
	// FragmentFreely leaves DF out.
	FragmentFreely
)

// Company says whether a datagram may leave beside others as one message of the system's.
type Company uint8

const (
	// MayShare is with others, of which then one may be lost because another is.
	MayShare Company = iota
	// Alone is a message of its own: what is to be found out by it, or has been lost before,
	// is not to depend on others.
	Alone
)

// Datagram is one datagram that was read, or is to be written.
type Datagram struct {
	// Remote is who sent it, or who is to get it.
	Remote netip.AddrPort
	// Local is the address of ours that it came to or is to leave from; zero if
	// that is not known, or the system's to choose. An answer leaves from where the
	// question came to.
	Local netip.Addr
	// Payload is where to read, up to its capacity, and then what was read; or what
	// is to be written.
	Payload []byte
	// Message is the memory that a payload lies in which was lent, where that is worth keeping:
	// the capacity of each then ends with it. Else it is nil.
	Message *Message
	// Fragmentation and Company are for writing.
	Fragmentation Fragmentation
	Company       Company
}

// NewDatagrams returns n to read into, with room for so many bytes each.
func NewDatagrams(n, room int) []Datagram {
	into := make([]Datagram, n)
	memory := make([]byte, n*room)
	for i := range into {
		start := i * room
		into[i].Payload = memory[start : start : start+room]
	}
	return into
}

// Packets is a UDP socket of one family. One goroutine reads, and any may write; Close may
// come from anywhere and ends every wait. It moves datagrams in batches,
// so that they may share the cost of a call.
type Packets interface {
	// Read waits for a datagram and fills as many as there are and fit. An error
	// says nothing of the datagrams before it, and but for net.ErrClosed nothing of
	// the socket: a remote's host can cause one.
	Read(into []Datagram) (int, error)
	// Write sends datagrams in order and says how many the system took. An error
	// is that of the next one, and says nothing of those behind it.
	Write(out []Datagram) (int, WriteState, error)
	// WaitWritable returns when Write can take datagrams again.
	WaitWritable() error
	// Buffers asks for room for so many bytes each way, beyond what the administrator
	// gives everybody where that is allowed, and tells what there is then, in bytes as
	// the system counts: Linux doubles what is asked for and counts the memory that a
	// datagram takes, on loopback 2304 bytes if it has 1402. It may be called from anywhere.
	// What is no socket of the system has errors.ErrUnsupported.
	Buffers(want int) (receive, send int, err error)
	// Close ends the socket. It may be called more than once.
	Close() error
	// LocalAddr is where it is bound.
	LocalAddr() netip.AddrPort
}

// WrapPackets returns the Packets of c: over the socket itself where the platform
// allows it, through calls that move one datagram else.
func WrapPackets(c net.PacketConn) Packets {
	udp, is := c.(*net.UDPConn)
	if !is {
		return newPortablePackets(c)
	}
	_ = udp.SetReadBuffer(socketBuffer)
	_ = udp.SetWriteBuffer(socketBuffer)
	if raw := wrapUDP(udp); raw != nil {
		return raw
	}
	return newPortablePackets(c)
}
