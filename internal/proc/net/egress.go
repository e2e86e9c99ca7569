package net

import (
	"context"
	"net"
	"net/netip"
	"time"
)

// Network is where connections come from: the host's stack, or one in memory.
// The shapes are those of package net. ListenPacket is asked for "udp4" and for
// "udp6"; what it does without fails with an error that is errors.ErrUnsupported or
// the system's for an unknown family.
type Network interface {
	Listen(ctx context.Context, network, address string) (net.Listener, error)
	ListenPacket(ctx context.Context, network, address string) (net.PacketConn, error)
	DialContext(ctx context.Context, network, address string) (net.Conn, error)
}

// Resolver is a Network that also knows hosts by name. Its method is that of
// net.Resolver.
type Resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// LookupTimeout is how long one lookup may take.
const LookupTimeout = 15 * time.Second

// addrsOfHost bounds the addresses that one lookup is good for.
const addrsOfHost = 16

const (
	// DialTimeout is how long one connection attempt may take at most.
	DialTimeout = 15 * time.Second
	// HurriedTimeout is the same while others wait for their turn.
	HurriedTimeout = 5 * time.Second
	// headStart is what IPv6 has before IPv4 where a name has both (RFC 8305).
	headStart = 250 * time.Millisecond
)

// Egress is the one place that dials, listens and looks up names, so that whatever bounds the
// engine's traffic bounds all of it.
type Egress struct{ network Network }

// NewEgress returns an egress over n; nil means the host's network, whose traffic is of no class.
func NewEgress(n Network) *Egress {
	if n == nil {
		n = host{}
	}
	return &Egress{network: n}
}

// Dial connects to a peer over TCP, within a time. ViewDial reads the error.
func (e *Egress) Dial(ctx context.Context, to netip.AddrPort, within time.Duration) (Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	c, err := e.network.DialContext(ctx, "tcp", to.String())
	if err != nil {
		return nil, err
	}
	return Wrap(c), nil
}

// Lookup returns the addresses of a host, from 1 to 16. The error is the
// network's; a *net.DNSError where it knows no names.
func (e *Egress) Lookup(ctx context.Context, host string) ([]netip.Addr, error) {
	r, can := e.network.(Resolver)
	if !can {
		return nil, &net.DNSError{Err: "this network knows no names", Name: host}
	}
	ctx, cancel := context.WithTimeout(ctx, LookupTimeout)
	defer cancel()
	addrs, err := r.LookupNetIP(ctx, "ip", host)
	if err == nil && len(addrs) == 0 {
		err = &net.DNSError{Err: "no addresses", Name: host, IsNotFound: true}
	}
	if err != nil {
		return nil, err
	}
	return addrs[:min(addrsOfHost, len(addrs))], nil
}

// Listen opens a TCP listener on address (HOST:PORT; an empty host is every
// address, the name of a host its first address, port 0 any free port).
func (e *Egress) Listen(ctx context.Context, address string) (net.Listener, error) {
	return e.network.Listen(ctx, "tcp", address)
}

// ListenPacket opens a UDP socket of a family at an address; port 0 is any free
// one.
func (e *Egress) ListenPacket(ctx context.Context, f Family, at netip.AddrPort) (Packets, error) {
	c, err := e.network.ListenPacket(ctx, f.network(), at.String())
	if err != nil {
		return nil, err
	}
	return WrapPackets(c), nil
}

// ViewPort says whether datagrams can be taken beside a listener: ListenFree, or
// ListenTaken where another has the port. A family that fails for another reason
// is no better with another port, and does not count.
func (e *Egress) ViewPort(ctx context.Context, listener netip.AddrPort) ListenEvidence {
	for _, f := range Families {
		at := f.Beside(listener)
		if !at.IsValid() {
			continue
		}
		c, err := e.network.ListenPacket(ctx, f.network(), at.String())
		if err == nil {
			_ = c.Close()
		}
		if ViewListen(err) == ListenTaken {
			return ListenTaken
		}
	}
	return ListenFree
}
