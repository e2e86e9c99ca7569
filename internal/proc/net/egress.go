package net

import (
	"context"
	"net"
	"net/netip"
	"time"
)

// Network is where connections come from: the host's stack, or one in memory.
// The shapes are those of package net.
type Network interface {
	Listen(ctx context.Context, network, address string) (net.Listener, error)
	ListenPacket(ctx context.Context, network, address string) (net.PacketConn, error)
	DialContext(ctx context.Context, network, address string) (net.Conn, error)
}

// DialTimeout is how long one connection attempt may take.
const DialTimeout = 15 * time.Second

// Egress is the one place that dials and listens, so that whatever bounds the
// engine's traffic bounds all of it.
type Egress struct{ network Network }

// NewEgress returns an egress over n; nil means the host's network.
func NewEgress(n Network) *Egress {
	if n == nil {
		n = host{}
	}
	return &Egress{network: n}
}

// Dial connects to a peer over TCP.
func (e *Egress) Dial(ctx context.Context, to netip.AddrPort) (Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, DialTimeout)
	defer cancel()
	c, err := e.network.DialContext(ctx, "tcp", to.String())
	if err != nil {
		return nil, err
	}
	return Wrap(c), nil
}

// Listen opens a TCP listener on address (HOST:PORT; an empty host is every
// address, port 0 any free port).
func (e *Egress) Listen(ctx context.Context, address string) (net.Listener, error) {
	return e.network.Listen(ctx, "tcp", address)
}

// host is the operating system's network.
type host struct{}

func (host) Listen(ctx context.Context, network, address string) (net.Listener, error) {
	lc := net.ListenConfig{Control: tuneSocket}
	return lc.Listen(ctx, network, address)
}

func (host) ListenPacket(ctx context.Context, network, address string) (net.PacketConn, error) {
	lc := net.ListenConfig{}
	return lc.ListenPacket(ctx, network, address)
}

func (host) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	d := net.Dialer{Control: tuneSocket, KeepAlive: -1}
	return d.DialContext(ctx, network, address)
}
