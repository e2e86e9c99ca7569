package testnet

import (
	"context"
	"net"
	"net/netip"
	"sync"
)

// Network is where a NAT takes sockets from.
type Network interface {
	Listen(ctx context.Context, network, address string) (net.Listener, error)
	DialContext(ctx context.Context, network, address string) (net.Conn, error)
	ListenPacket(ctx context.Context, network, address string) (net.PacketConn, error)
}

// NAT is a Network to whose sockets one remote comes from an address that changes. What is sent to
// an address that it had before is lost. It needs no goroutine, and so no clock.
type NAT struct {
	Network
	inner netip.AddrPort // where the remote is

	mu    sync.Mutex
	outer netip.AddrPort // where it seems to be
	sent  map[netip.AddrPort]Sent
	watch func(d Direction, datagram []byte) Fate
}

// Sent is what was sent to one address: datagrams, and bytes of the largest.
type Sent struct{ Datagrams, Largest int }

// Direction is where a datagram goes.
type Direction uint8

// The directions.
const (
	FromRemote Direction = iota
	ToRemote
)

// Fate is what becomes of a datagram.
type Fate uint8

// The fates.
const (
	Carried Fate = iota
	Lost
)

// NewNAT puts the remote at an address behind one, which it has itself at first.
func NewNAT(n Network, remote netip.AddrPort) *NAT {
	return &NAT{
		Network: n, inner: remote, outer: remote, sent: map[netip.AddrPort]Sent{}, watch: func(Direction, []byte) Fate { return Carried },
	}
}

// Rebind has the remote come from another address from now on.
func (n *NAT) Rebind(outer netip.AddrPort) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.outer = outer
}

// Watch has f see the datagrams of the remote and to it, and say what becomes of them.
func (n *NAT) Watch(f func(d Direction, datagram []byte) Fate) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.watch = f
}

// Sent is what was sent to an address.
func (n *NAT) Sent(to netip.AddrPort) Sent {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.sent[to]
}

// ListenPacket opens a socket behind which the NAT is.
func (n *NAT) ListenPacket(ctx context.Context, network, address string) (net.PacketConn, error) {
	c, err := n.Network.ListenPacket(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return &natted{c, n}, nil
}

// view says what becomes of a datagram of the remote, or to it, without the lock.
func (n *NAT) view(d Direction, datagram []byte) Fate {
	n.mu.Lock()
	watch := n.watch
	n.mu.Unlock()
	return watch(d, datagram)
}

// route counts what is sent, and says where it goes.
func (n *NAT) route(to netip.AddrPort, size int) (at netip.AddrPort, fate Fate) {
	n.mu.Lock()
	defer n.mu.Unlock()
	s := n.sent[to]
	n.sent[to] = Sent{s.Datagrams + 1, max(s.Largest, size)}
	switch to {
	case n.outer:
		return n.inner, Carried
	case n.inner:
		return to, Lost
	}
	return to, Carried
}

// natted is a socket behind which a NAT is.
type natted struct {
	net.PacketConn
	nat *NAT
}

// ReadFrom has the remote seem to be where the NAT has it.
func (c *natted) ReadFrom(b []byte) (int, net.Addr, error) {
	for {
		k, from, err := c.PacketConn.ReadFrom(b)
		if err != nil || netip.MustParseAddrPort(from.String()) != c.nat.inner {
			return k, from, err
		}
		if c.nat.view(FromRemote, b[:k]) == Carried {
			c.nat.mu.Lock()
			defer c.nat.mu.Unlock()
			return k, net.UDPAddrFromAddrPort(c.nat.outer), nil
		}
	}
}

// WriteTo sends to where the remote is, if it is said to be where the NAT has it.
func (c *natted) WriteTo(b []byte, to net.Addr) (int, error) {
	at, fate := c.nat.route(netip.MustParseAddrPort(to.String()), len(b))
	if fate == Lost || at == c.nat.inner && c.nat.view(ToRemote, b) == Lost {
		return len(b), nil
	}
	return c.PacketConn.WriteTo(b, net.UDPAddrFromAddrPort(at))
}
