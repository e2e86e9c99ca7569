package etorrenttest

import (
	"context"
	"net"
	"net/netip"
	"os"
	"syscall"
	"time"
)

const (
	// packetsKept is how many datagrams wait to be read; more are dropped.
	packetsKept = 256
	// largestPacket is the payload of the largest UDP datagram over IPv4.
	largestPacket = 65507
)

// packetConn has one address and takes datagrams for it, shaped as a
// *net.UDPConn.
type packetConn struct {
	monitor
	host       *Host
	addr       *net.UDPAddr
	queue      []packet
	state      endState
	readUntil  time.Time
	writeUntil time.Time
}

// packet is a datagram and when it arrives.
type packet struct {
	bytes []byte
	from  *net.UDPAddr
	at    time.Time
}

// ListenPacket takes datagrams for HOST:PORT: an empty host is the machine's
// own, port 0 any free one. What nobody takes is lost, as is what finds too many
// waiting. The machine does without the family of IP that its address is not of.
func (h *Host) ListenPacket(_ context.Context, network, address string) (net.PacketConn, error) {
	if network == "udp4" && h.addr.Is6() || network == "udp6" && h.addr.Is4() {
		return nil, &net.OpError{Op: "listen", Net: network, Err: os.NewSyscallError("socket", syscall.EAFNOSUPPORT)}
	}
	n := h.network
	n.lock()
	defer n.unlock()
	at, err := bind(h, "listen "+network, address, n.packets)
	if err != nil {
		return nil, err
	}
	c := &packetConn{host: h, addr: net.UDPAddrFromAddrPort(at)}
	n.packets[at] = c
	return c, nil
}

// ReadFrom waits for a datagram; what b has no room for is lost.
func (c *packetConn) ReadFrom(b []byte) (int, net.Addr, error) {
	c.lock()
	defer c.unlock()
	for {
		var arrives time.Time
		if len(c.queue) > 0 {
			arrives = c.queue[0].at
		}
		switch {
		case c.state == endClosed:
			return 0, nil, c.fail("read", net.ErrClosed)
		case passed(c.readUntil):
			return 0, nil, c.fail("read", os.ErrDeadlineExceeded)
		case passed(arrives):
			p := c.queue[0]
			c.queue[0] = packet{}
			c.queue = c.queue[1:]
			return copy(b, p.bytes), p.from, nil
		}
		c.wait(earlier(arrives, c.readUntil), nil)
	}
}

// WriteTo sends a datagram. It never waits.
func (c *packetConn) WriteTo(b []byte, to net.Addr) (int, error) {
	c.lock()
	state, late := c.state, passed(c.writeUntil)
	c.unlock()
	switch {
	case state == endClosed:
		return 0, c.fail("write", net.ErrClosed)
	case late:
		return 0, c.fail("write", os.ErrDeadlineExceeded)
	case len(b) > largestPacket:
		return 0, c.fail("write", os.NewSyscallError("sendto", syscall.EMSGSIZE))
	}
	at, err := netip.ParseAddrPort(to.String())
	if err != nil {
		return 0, c.fail("write", err)
	}
	n := c.host.network
	n.lock()
	receiver := n.packets[netip.AddrPortFrom(at.Addr().Unmap(), at.Port())]
	arrives, fate := n.carry(c.host.addr, at.Addr().Unmap(), len(b))
	n.unlock()
	if receiver != nil && fate == carried {
		receiver.deliver(packet{bytes: append([]byte(nil), b...), from: c.addr, at: arrives})
	}
	return len(b), nil
}

// packetFate says what becomes of a datagram on its way.
type packetFate uint8

const (
	carried packetFate = iota
	crowdedOut
)

// longestQueue is for how long datagrams between two hosts wait to leave at most.
const longestQueue = 250 * time.Millisecond

// carry says when a datagram arrives that leaves now, behind those before it. With the lock.
func (n *Network) carry(from, to netip.Addr, size int) (time.Time, packetFate) {
	now := time.Now()
	if n.link.Rate == 0 {
		return now.Add(n.link.Latency), carried
	}
	key := [2]netip.Addr{from, to}
	leaves := n.sent[key]
	if leaves.Before(now) {
		leaves = now
	}
	if leaves.Sub(now) > longestQueue {
		return time.Time{}, crowdedOut
	}
	leaves = leaves.Add(time.Duration(size) * time.Second / time.Duration(n.link.Rate))
	n.sent[key] = leaves
	return leaves.Add(n.link.Latency), carried
}

func (c *packetConn) deliver(p packet) {
	c.lock()
	defer c.unlock()
	if c.state == endOpen && len(c.queue) < packetsKept {
		c.queue = append(c.queue, p)
		c.change()
	}
}

// Close frees the address.
func (c *packetConn) Close() error {
	c.lock()
	before := c.state
	c.state, c.queue = endClosed, nil
	c.change()
	c.unlock()
	if before == endClosed {
		return c.fail("close", net.ErrClosed)
	}
	n := c.host.network
	n.lock()
	defer n.unlock()
	delete(n.packets, c.addr.AddrPort())
	return nil
}

func (c *packetConn) fail(op string, err error) error {
	return &net.OpError{Op: op, Net: "udp", Source: c.addr, Err: err}
}

func (c *packetConn) LocalAddr() net.Addr { return c.addr }

func (c *packetConn) SetDeadline(t time.Time) error {
	c.setDeadlines(&t, &t)
	return nil
}

func (c *packetConn) SetReadDeadline(t time.Time) error {
	c.setDeadlines(&t, nil)
	return nil
}

func (c *packetConn) SetWriteDeadline(t time.Time) error {
	c.setDeadlines(nil, &t)
	return nil
}

func (c *packetConn) setDeadlines(read, write *time.Time) {
	c.lock()
	defer c.unlock()
	if read != nil {
		c.readUntil = *read
	}
	if write != nil {
		c.writeUntil = *write
	}
	c.change()
}
