package tracker

import (
	"encoding/binary"
	"net/netip"
)

// Family is the address family in which a tracker is asked. Over UDP it decides
// how an answer is written (BEP 15).
type Family uint8

// The families. AnyFamily is one that somebody else chooses, such as a proxy that
// looks up the name; the form of answers is that of IPv4.
const (
	AnyFamily Family = iota
	IPv4
	IPv6
)

// String names the family.
func (f Family) String() string {
	switch f {
	case AnyFamily:
		return "any"
	case IPv4:
		return "IPv4"
	case IPv6:
		return "IPv6"
	}
	return "unknown family"
}

// addressBytes is the size of an address in compact form.
func (f Family) addressBytes() int {
	switch f {
	case IPv6:
		return 16
	case IPv4, AnyFamily:
	}
	return 4
}

const portBytes = 2

// compactBytes is the size of an endpoint in compact form (BEP 23, BEP 7).
func (f Family) compactBytes() int { return f.addressBytes() + portBytes }

// familyOf is the family of an address.
func familyOf(a netip.Addr) Family {
	if a.Unmap().Is4() {
		return IPv4
	}
	return IPv6
}

// appendCompact appends those of the endpoints that are of the family.
func appendCompact(dst []byte, peers []netip.AddrPort, f Family) []byte {
	for _, p := range peers {
		if familyOf(p.Addr()) == f {
			dst = append(dst, p.Addr().Unmap().AsSlice()...)
			dst = binary.BigEndian.AppendUint16(dst, p.Port())
		}
	}
	return dst
}

// takeCompact adds the endpoints of b, as many as there may be. A rest that is no
// whole endpoint is passed over.
func (r *Response) takeCompact(b []byte, f Family) {
	size := f.compactBytes()
	for ; len(b) >= size; b = b[size:] {
		if len(r.Peers) == MaxPeers {
			r.Omitted += len(b) / size
			return
		}
		addr, _ := netip.AddrFromSlice(b[:f.addressBytes()]) // the size fits
		r.Peers = append(r.Peers, netip.AddrPortFrom(addr.Unmap(), binary.BigEndian.Uint16(b[f.addressBytes():])))
	}
}

// grow makes room for the endpoints of compact forms of so many bytes.
func (r *Response) grow(endpoints int) {
	if n := min(endpoints, MaxPeers); n > 0 {
		r.Peers = make([]netip.AddrPort, 0, n)
	}
}
