package testnet

import (
	"fmt"
	"net/netip"
	"strconv"
	"sync/atomic"
)

// Link joins two hosts by a cable (veth) whose ends have one address each, and as
// many more as AddAddrs was asked for.
type Link struct {
	ends [2]end
}

// end is one end of a link.
type end struct {
	host   *Host
	device string
	addr   netip.Prefix
}

// links numbers the links of the process, for names and subnets.
var links atomic.Int64

// subnet is 10.128+k/250.k%250.0/24 for link k, so that no two share one.
func subnet(k int64) [4]byte { return [4]byte{10, byte(128 + k/250), byte(k % 250), 0} }

// Join joins two hosts. Both directions are unbounded until SetRate.
func Join(a, b *Host) (*Link, error) {
	k := links.Add(1)
	l := &Link{}
	for n, h := range []*Host{a, b} {
		ip := subnet(k)
		ip[3] = byte(1 + n)
		l.ends[n] = end{host: h, device: fmt.Sprintf("veth%d", h.links.Add(1)), addr: netip.PrefixFrom(netip.AddrFrom4(ip), 24)}
	}
	err := run("ip", "-n", a.name, "link", "add", l.ends[0].device, "type", "veth",
		"peer", "name", l.ends[1].device, "netns", b.name)
	for _, e := range l.ends {
		if err == nil {
			err = run("ip", "-n", e.host.name, "addr", "add", e.addr.String(), "dev", e.device)
		}
		if err == nil {
			err = run("ip", "-n", e.host.name, "link", "set", e.device, "up")
		}
	}
	if err != nil {
		return nil, err
	}
	return l, nil
}

// Addrs are the addresses of the first and of the second host on the link.
func (l *Link) Addrs() (first, second netip.Addr) {
	return l.ends[0].addr.Addr(), l.ends[1].addr.Addr()
}

// AddAddrs gives the second host n more addresses on the link, up to 200.
func (l *Link) AddAddrs(n int) ([]netip.Addr, error) {
	e := l.ends[1]
	ip := e.addr.Addr().As4()
	var out []netip.Addr
	for k := range n {
		ip[3] = byte(10 + k)
		a := netip.AddrFrom4(ip)
		if err := run("ip", "-n", e.host.name, "addr", "add", a.String()+"/24", "dev", e.device); err != nil {
			return nil, err
		}
		out = append(out, a)
	}
	return out, nil
}

// Rate bounds one direction of a link.
type Rate struct {
	// Bytes is how many leave in a second; 0 is any number.
	Bytes int
	// Burst is how many may leave at once, 32 KiB if 0. Queue is how many may wait; 0
	// stands for what leaves in 100 ms. More is dropped.
	Burst, Queue int
}

// SetRate bounds what the first host sends to the second, and the reverse.
func (l *Link) SetRate(there, back Rate) error {
	for n, r := range []Rate{there, back} {
		if err := l.ends[n].host.setRate(l.ends[n].device, r); err != nil {
			return err
		}
	}
	return nil
}

// SetMTU sets the size of the largest packet, headers included, on both ends.
func (l *Link) SetMTU(bytes int) error {
	for _, e := range l.ends {
		if err := run("ip", "-n", e.host.name, "link", "set", e.device, "mtu", strconv.Itoa(bytes)); err != nil {
			return err
		}
	}
	return nil
}

// SetCable pulls the cable or plugs it in again.
func (l *Link) SetCable(c Cable) error {
	state := "up"
	if c == Unplugged {
		state = "down"
	}
	return run("ip", "-n", l.ends[0].host.name, "link", "set", l.ends[0].device, state)
}

// Sent is how many bytes the first host has sent, and the second.
func (l *Link) Sent() (first, second int64, err error) {
	var n [2]int64
	for k, e := range l.ends {
		if n[k], err = e.host.deviceCount(e.device, "tx_bytes"); err != nil {
			return 0, 0, err
		}
	}
	return n[0], n[1], nil
}
