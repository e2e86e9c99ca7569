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
	all, err := net.InterfaceAddrs()
	if err != nil {
		return nil, err
	}
	var out []netip.Addr
	for _, a := range all {
		if n, is := a.(*net.IPNet); is {
			if addr, ok := netip.AddrFromSlice(n.IP); ok {
				out = append(out, addr.Unmap())
			}
		}
	}
	return out, nil
}
