package net

import (
	"errors"
	"net"
	"net/netip"
)

// portablePackets drives any net.PacketConn, a datagram a call. To which of its
// addresses one came it does not know, and how one may travel it cannot say.
type portablePackets struct {
	c     net.PacketConn
	udp   *net.UDPConn // c, if it is one: it reads addresses without allocating
	local netip.AddrPort
}

func newPortablePackets(c net.PacketConn) *portablePackets {
	udp, _ := c.(*net.UDPConn)
	return &portablePackets{c: c, udp: udp, local: addrPort(c.LocalAddr())}
}

func (p *portablePackets) Read(into []Datagram) (int, error) {
	d := &into[0]
	buf := d.Payload[:cap(d.Payload)]
	n, from, err := p.read(buf)
	if isOneOf(err, cutErrors) {
		n, err = len(buf), nil
	}
	d.Payload, d.Remote, d.Local = buf[:n], from, netip.Addr{}
	if err != nil {
		return 0, err
	}
	return 1, nil
}

func (p *portablePackets) read(buf []byte) (int, netip.AddrPort, error) {
	if p.udp != nil {
		n, from, err := p.udp.ReadFromUDPAddrPort(buf)
		return n, unmapped(from), err
	}
	n, from, err := p.c.ReadFrom(buf)
	return n, addrPort(from), err
}

func (p *portablePackets) Write(out []Datagram) (int, WriteState, error) {
	for i, d := range out {
		if err := p.write(d); err != nil {
			return i, WriteOpen, err
		}
	}
	return len(out), WriteOpen, nil
}

func (p *portablePackets) write(d Datagram) error {
	var err error
	switch {
	case d.Fragmentation == FragmentNever:
		err = &net.OpError{Op: "write", Net: "udp", Addr: net.UDPAddrFromAddrPort(d.Remote), Err: errors.ErrUnsupported}
	case p.udp != nil:
		_, err = p.udp.WriteToUDPAddrPort(d.Payload, d.Remote)
	default:
		_, err = p.c.WriteTo(d.Payload, net.UDPAddrFromAddrPort(d.Remote))
	}
	return err
}

// WaitWritable has nothing to wait for: Write waits itself.
func (p *portablePackets) WaitWritable() error { return nil }

func (p *portablePackets) Close() error              { return p.c.Close() }
func (p *portablePackets) LocalAddr() netip.AddrPort { return p.local }
