package net

import (
	"errors"
	"net"
	"net/netip"
)

// Addressed is a Network that knows the addresses of its machine.
type Addressed interface {
	// Addrs are the addresses that the machine has now, loopback among them.
	Addrs() ([]netip.Addr, error)
	// WatchAddrs tells when they may have changed. The error is
	// errors.ErrUnsupported where nobody tells that.
	WatchAddrs() (AddrsWatch, error)
}

// Linked is a Network that knows the networks of its machine.
type Linked interface {
	// Networks are those that its addresses are in now, by what they reach without a
	// router.
	Networks() ([]netip.Prefix, error)
}

// AddrsWatch tells when addresses may have changed. One goroutine waits; Close may
// come from anywhere, and ends the wait with an error.
type AddrsWatch interface {
	// Wait returns nil when they may have changed since it was called last, or else
	// since the AddrsWatch began. After an error it is of no use any more.
	Wait() error
	Close() error
}

// Addrs are the addresses that the machine has now; errors.ErrUnsupported where its
// network does not know them.
func (e *Egress) Addrs() ([]netip.Addr, error) {
	if n, is := e.network.(Addressed); is {
		return n.Addrs()
	}
	return nil, errors.ErrUnsupported
}

// Networks are those that the machine is in now; none where its network does not know
// them.
func (e *Egress) Networks() []netip.Prefix {
	n, is := e.network.(Linked)
	if !is {
		return nil
	}
	all, err := n.Networks()
	if err != nil {
		return nil
	}
	return all
}

// WatchAddrs tells when they may have changed; errors.ErrUnsupported where nobody
// tells that.
func (e *Egress) WatchAddrs() (AddrsWatch, error) {
	if n, is := e.network.(Addressed); is {
		return n.WatchAddrs()
	}
	return nil, errors.ErrUnsupported
}

// Addrs reads the addresses of all interfaces.
func (host) Addrs() ([]netip.Addr, error) {
	all, err := interfaces()
	if err != nil {
		return nil, err
	}
	var out []netip.Addr
	for _, p := range all {
		out = append(out, p.Addr())
	}
	return out, nil
}

// Networks reads those of all interfaces. Of a family that is bound to an address it is
// the one of that: the others are not reached from there.
func (h host) Networks() ([]netip.Prefix, error) {
	all, err := interfaces()
	if err != nil {
		return nil, err
	}
	var out []netip.Prefix
	for _, p := range all {
		if h.bind.free() || h.bind.of(FamilyOf(p.Addr())).WithZone("") == p.Addr() {
			out = append(out, p.Masked())
		}
	}
	return out, nil
}

// interfaces are the addresses of all interfaces, each with the length of its network.
func interfaces() ([]netip.Prefix, error) {
	all, err := net.InterfaceAddrs()
	if err != nil {
		return nil, err
	}
	var out []netip.Prefix
	for _, a := range all {
		n, is := a.(*net.IPNet)
		if !is {
			continue
		}
		if addr, ok := netip.AddrFromSlice(n.IP); ok {
			ones, _ := n.Mask.Size()
			out = append(out, netip.PrefixFrom(addr.Unmap(), ones))
		}
	}
	return out, nil
}
