package etorrenttest

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/etorrent/etorrent"
)

// firstFreePort is the first port that is given to who asks for any.
const firstFreePort = 49152

// Network is a network in memory. What is sent travels as Link says; its hosts
// have the names that SetName gives them.
type Network struct {
	monitor
	link    Link
	names   map[string][]netip.Addr
	streams map[netip.AddrPort]*listener
	packets map[netip.AddrPort]*packetConn
	sent    map[[2]netip.Addr]time.Time // when the last datagram between two hosts has left the first
	open    map[*conn]struct{}          // ends of connections that were not closed
	next    map[netip.Addr]uint16
	addrs   map[netip.Addr][]netip.Addr // of hosts that have others than their own
	moves   int                         // changes of them
}

// NewNetwork returns a network in which bytes travel in no time. At the end of
// the test every listener and both ends of every connection must have been
// closed: what is left open is a leak, and an error. Inside a bubble of
// testing/synctest it is made with the bubble's T.
func NewNetwork(t testing.TB) *Network {
	n := &Network{
		streams: map[netip.AddrPort]*listener{},
		packets: map[netip.AddrPort]*packetConn{},
		sent:    map[[2]netip.Addr]time.Time{},
		open:    map[*conn]struct{}{},
		next:    map[netip.Addr]uint16{},
		names:   map[string][]netip.Addr{},
		addrs:   map[netip.Addr][]netip.Addr{},
	}
	t.Cleanup(func() {
		for _, left := range n.leftOpen() {
			t.Errorf("etorrenttest: left open: %s", left)
		}
	})
	return n
}

// SetLink says how bytes travel on the connections that are made from now on.
func (n *Network) SetLink(l Link) {
	n.lock()
	defer n.unlock()
	n.link = l
}

// SetName says which addresses a host name has from now on; with none, nobody
// knows it. Text that is no address panics.
func (n *Network) SetName(name string, addresses ...string) {
	var addrs []netip.Addr
	for _, a := range addresses {
		addrs = append(addrs, netip.MustParseAddr(a))
	}
	n.lock()
	defer n.unlock()
	n.names[name] = addrs
}

// Open is the number of connections of which an end is open.
func (n *Network) Open() int {
	n.lock()
	defer n.unlock()
	ends := map[[2]string]struct{}{}
	for c := range n.open {
		a, b := c.local.String(), c.remote.String()
		ends[[2]string{min(a, b), max(a, b)}] = struct{}{}
	}
	return len(ends)
}

func (n *Network) leftOpen() []string {
	n.lock()
	defer n.unlock()
	var out []string
	for at := range n.streams {
		out = append(out, fmt.Sprintf("the listener on %v", at))
	}
	for at := range n.packets {
		out = append(out, fmt.Sprintf("the packets of %v", at))
	}
	for c := range n.open {
		out = append(out, fmt.Sprintf("the end of %v of its connection with %v", c.local, c.remote))
	}
	return out
}

// Host is one machine of a Network, with one address. Its methods are those of
// etorrent.Network and etorrent.Resolver.
type Host struct {
	network *Network
	addr    netip.Addr
}

var (
	_ etorrent.Network   = (*Host)(nil)
	_ etorrent.Resolver  = (*Host)(nil)
	_ etorrent.Addressed = (*Host)(nil)
)

// Host returns the machine with an address, such as "10.0.0.1". Text that is no
// address panics.
func (n *Network) Host(address string) *Host {
	return &Host{network: n, addr: netip.MustParseAddr(address).Unmap()}
}

// Addr is the machine's address.
func (h *Host) Addr() netip.Addr { return h.addr }

// Listen accepts TCP connections on HOST:PORT: an empty host is the machine's
// own, port 0 any free one.
func (h *Host) Listen(_ context.Context, network, address string) (net.Listener, error) {
	n := h.network
	n.lock()
	defer n.unlock()
	at, err := bind(h, "listen "+network, address, n.streams)
	if err != nil {
		return nil, err
	}
	l := &listener{host: h, addr: net.TCPAddrFromAddrPort(at)}
	n.streams[at] = l
	return l, nil
}

// DialContext makes a TCP connection to ADDRESS:PORT. Where nobody listens it is
// refused.
func (h *Host) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	fail := func(err error) error { return &net.OpError{Op: "dial", Net: network, Err: err} }
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return nil, fail(err)
	}
	n := h.network
	n.lock()
	link := n.link
	n.unlock()
	if link.Latency > 0 && pass(ctx, 2*link.Latency) != nil {
		return nil, fail(ctx.Err())
	}
	n.lock()
	l := n.streams[to]
	from := netip.AddrPortFrom(h.addr, n.freePort(h.addr))
	n.unlock()
	if l == nil {
		return nil, fail(os.NewSyscallError("connect", syscall.ECONNREFUSED))
	}
	near, far := n.connect(net.TCPAddrFromAddrPort(from), l.addr, link)
	if l.offer(far) == refused {
		_, _ = near.Close(), far.Close()
		return nil, fail(os.NewSyscallError("connect", syscall.ECONNREFUSED))
	}
	return near, nil
}

// LookupNetIP returns the addresses of a name.
func (h *Host) LookupNetIP(ctx context.Context, _, name string) ([]netip.Addr, error) {
	n := h.network
	n.lock()
	link, addrs := n.link, n.names[name]
	n.unlock()
	if link.Latency > 0 && pass(ctx, 2*link.Latency) != nil {
		return nil, &net.DNSError{Err: ctx.Err().Error(), Name: name, IsTimeout: true}
	}
	if len(addrs) == 0 {
		return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
	}
	return slices.Clone(addrs), nil
}

// pass waits, unless ctx ends before.
func pass(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (n *Network) forget(l *listener) {
	n.lock()
	defer n.unlock()
	delete(n.streams, l.addr.AddrPort())
}

// freePort is a port of an address that nobody had; the lock is held.
func (n *Network) freePort(at netip.Addr) uint16 {
	for {
		n.next[at]++
		port := firstFreePort + n.next[at]%(1<<16-firstFreePort)
		here := netip.AddrPortFrom(at, port)
		if n.streams[here] == nil && n.packets[here] == nil {
			return port
		}
	}
}

// bind resolves an address that h wants to have; the network's lock is held.
func bind[T any](h *Host, op, address string, taken map[netip.AddrPort]*T) (netip.AddrPort, error) {
	fail := func(err error) error { return &net.OpError{Op: op, Err: err} }
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return netip.AddrPort{}, fail(err)
	}
	if host == "" {
		host = h.addr.String()
	}
	at, err := netip.ParseAddrPort(net.JoinHostPort(host, port))
	if err != nil {
		return netip.AddrPort{}, fail(err)
	}
	if a := at.Addr().Unmap(); !a.IsUnspecified() && (a != h.addr || !slices.Contains(h.now(), a)) {
		return netip.AddrPort{}, fail(os.NewSyscallError("bind", syscall.EADDRNOTAVAIL))
	}
	at = netip.AddrPortFrom(h.addr, at.Port())
	if at.Port() == 0 {
		return netip.AddrPortFrom(h.addr, h.network.freePort(h.addr)), nil
	}
	if taken[at] != nil {
		return netip.AddrPort{}, fail(os.NewSyscallError("bind", syscall.EADDRINUSE))
	}
	return at, nil
}
