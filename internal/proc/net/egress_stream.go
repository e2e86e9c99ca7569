package net

import (
	"context"
	"net"
	"net/netip"
	"strconv"
)

// Stream connects over TCP to what is no peer, such as a tracker: a plain connection
// whose reads and writes wait, with deadlines.
func (e *Egress) Stream(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, DialTimeout)
	defer cancel()
	return e.network.DialContext(ctx, "tcp", to.String())
}

// RouteEvidence says whether there is a way to an address.
type RouteEvidence uint8

// The answers.
const (
	RouteThere RouteEvidence = iota
	RouteNone                // not from here, or the family is none of this host
)

// ViewRoute says whether the host has an address of its own from which another one
// can be called. Nothing is sent. A network that is not the host's is asked for a
// socket of the family.
func (e *Egress) ViewRoute(ctx context.Context, to netip.Addr) RouteEvidence {
	if h, is := e.network.(host); is {
		return h.viewRoute(ctx, to)
	}
	f := FamilyOf(to)
	c, err := e.network.ListenPacket(ctx, f.network(), f.Any(0).String())
	if err == nil {
		_ = c.Close()
	}
	if ViewListen(err) == ListenAbsent {
		return RouteNone
	}
	return RouteThere
}

// viewRoute has the kernel choose a route, which it does when a socket for datagrams
// is told its remote.
func (h host) viewRoute(ctx context.Context, to netip.Addr) RouteEvidence {
	const anyPort = 9
	d := net.Dialer{}
	if from := h.bind.of(FamilyOf(to.Unmap())); from.IsValid() {
		d.LocalAddr = &net.UDPAddr{IP: from.AsSlice(), Zone: from.Zone()}
	} else if !h.bind.free() {
		return RouteNone
	}
	c, err := d.DialContext(ctx, "udp", net.JoinHostPort(to.Unmap().String(), strconv.Itoa(anyPort)))
	if err != nil {
		return RouteNone
	}
	_ = c.Close()
	return RouteThere
}
