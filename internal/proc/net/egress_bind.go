package net

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
)

// Bind is the addresses that all leaves from, one of each family. A family without
// one is not used, unless neither has one: then the system chooses.
type Bind struct{ V4, V6 netip.Addr }

// BindError says that addresses are none that all could leave from.
type BindError struct {
	Addr netip.Addr
	Why  string // continues a sentence
}

// Error names the address.
func (e *BindError) Error() string { return fmt.Sprintf("the address %s %s", e.Addr, e.Why) }

// NewBind takes at most one address of each family. The error is a *BindError.
func NewBind(addrs ...netip.Addr) (Bind, error) {
	var b Bind
	for _, a := range addrs {
		a = a.Unmap()
		place := &b.V4
		if FamilyOf(a) == V6 {
			place = &b.V6
		}
		switch {
		case !a.IsValid() || a.IsUnspecified() || a.IsMulticast():
			return Bind{}, &BindError{a, "is none of a machine"}
		case place.IsValid():
			return Bind{}, &BindError{a, "is the second of its family"}
		}
		*place = a
	}
	return b, nil
}

// free says whether the system chooses.
func (b Bind) free() bool { return b == Bind{} }

func (b Bind) of(f Family) netip.Addr { return [...]netip.Addr{b.V4, b.V6}[f] }

// listenAt is where to listen who asked for an address: where it is every address of
// a family, or of all, the one of the Bind. Another one is left as it is.
func (b Bind) listenAt(network, address string) (string, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil || b.free() {
		return address, err
	}
	at, err := netip.ParseAddr(host)
	if host != "" && (err != nil || !at.IsUnspecified()) {
		return address, nil
	}
	from := b.V4
	if host != "" && FamilyOf(at.Unmap()) == V6 || !from.IsValid() {
		from = b.V6
	}
	if !from.IsValid() {
		return "", &net.OpError{Op: "listen", Net: network, Err: os.NewSyscallError("bind", absentErrors[0])}
	}
	return net.JoinHostPort(from.String(), port), nil
}

// dial connects from the address of the family. A name is tried at each of its
// addresses.
func (h host) dial(ctx context.Context, d net.Dialer, network, address string) (net.Conn, error) {
	if h.bind.free() {
		return d.DialContext(ctx, network, address)
	}
	name, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	addrs := []netip.Addr{}
	if at, err := netip.ParseAddr(name); err == nil {
		addrs = append(addrs, at)
	} else if addrs, err = h.LookupNetIP(ctx, "ip", name); err != nil {
		return nil, err
	}
	var failed error
	for _, at := range addrs {
		from := h.bind.of(FamilyOf(at.Unmap()))
		if !from.IsValid() {
			continue
		}
		d.LocalAddr = &net.TCPAddr{IP: from.AsSlice(), Zone: from.Zone()}
		c, err := d.DialContext(ctx, network, net.JoinHostPort(at.Unmap().String(), port))
		if err == nil {
			return c, nil
		}
		failed = errors.Join(failed, err)
	}
	if failed == nil {
		failed = &net.OpError{Op: "dial", Net: network, Err: os.NewSyscallError("connect", noNetworkErrors[0])}
	}
	return nil, failed
}
