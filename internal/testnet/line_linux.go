package testnet

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

var background = context.Background()

// Line joins two hosts by a pair of TUN devices between which this process carries
// the packets, along one Path in each direction. It carries some 100 MB a second.
type Line struct {
	ends    [2]*os.File
	hosts   [2]*Host
	devices [2]string
	addrs   [2]netip.Addr
	roads   [2]*road
	courier *courier
	running sync.WaitGroup
}

// NewLine joins two hosts. Each end has an IPv4 and an IPv6 address, and both
// directions follow the zero Path until SetPath. The random seed decides about
// loss, duplicates and order.
func NewLine(a, b *Host, randomSeed uint64) (*Line, error) {
	l := &Line{courier: newCourier(), roads: [2]*road{newRoad(Path{}, randomSeed), newRoad(Path{}, randomSeed+1)}}
	k := links.Add(1)
	for n, h := range []*Host{a, b} {
		ip := subnet(k)
		ip[3] = byte(1 + n)
		l.addrs[n] = netip.AddrFrom4(ip)
		far := ip
		far[3] = byte(2 - n)
		l.hosts[n], l.devices[n] = h, fmt.Sprintf("tun%d", h.links.Add(1))
		file, err := h.openTun(l.devices[n], l.addrs[n], netip.AddrFrom4(far))
		if err != nil {
			for _, open := range l.ends[:n] {
				_ = open.Close()
			}
			return nil, err
		}
		l.ends[n] = file
	}
	l.running.Go(l.courier.run)
	for n := range l.ends {
		l.running.Go(func() { l.carry(n) })
	}
	return l, nil
}

// openTun makes a TUN device in the namespace.
func (h *Host) openTun(device string, own, far netip.Addr) (*os.File, error) {
	var fd int
	err := h.Do(func() (err error) {
		if fd, err = unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_CLOEXEC|unix.O_NONBLOCK, 0); err != nil {
			return &Unavailable{Reason: "no /dev/net/tun", Err: err}
		}
		request, err := unix.NewIfreq(device)
		if err != nil {
			return err
		}
		request.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
		return unix.IoctlIfreq(fd, unix.TUNSETIFF, request)
	})
	if err != nil {
		return nil, err
	}
	file := os.NewFile(uintptr(fd), device)
	for _, args := range [][]string{
		{"addr", "add", own.String(), "peer", far.String(), "dev", device},
		{"addr", "add", netip.PrefixFrom(v6(own), 120).String(), "dev", device, "nodad"},
		// What the device drops no Path has seen: its queue takes what comes while this
		// process does not run.
		{"link", "set", device, "txqueuelen", "10000", "up"},
	} {
		if err := run(append([]string{"ip", "-n", h.name}, args...)...); err != nil {
			return nil, errors.Join(err, file.Close())
		}
	}
	return file, nil
}

// v6 is the IPv6 address that goes with an IPv4 one.
func v6(a netip.Addr) netip.Addr {
	b := a.As4()
	return netip.AddrFrom16([16]byte{0xfd, 0x74, 14: b[2], 15: b[3], 13: b[1]})
}

// Addrs are the IPv4 addresses of the first and of the second host on the line.
func (l *Line) Addrs() (first, second netip.Addr) { return l.addrs[0], l.addrs[1] }

// Addrs6 are their IPv6 addresses.
func (l *Line) Addrs6() (first, second netip.Addr) { return v6(l.addrs[0]), v6(l.addrs[1]) }

// SetPath changes the direction from the first host to the second, and the
// reverse. What is on its way is not affected.
func (l *Line) SetPath(there, back Path) {
	l.roads[0].change(there)
	l.roads[1].change(back)
}

// SetRate has the kernel bound what leaves the first host by the line, and the second,
// before it comes to a Path: a queue of tbf's stands before the way.
func (l *Line) SetRate(there, back Rate) error {
	for n, r := range []Rate{there, back} {
		if err := l.hosts[n].setRate(l.devices[n], r); err != nil {
			return err
		}
	}
	return nil
}

// Waiting is how many bytes wait for the line at the first host, in the queue that
// SetRate made.
func (l *Line) Waiting() (int64, error) { return l.hosts[0].waiting(l.devices[0]) }

// SetCongestionControl chooses TCP's congestion control for every connection between
// the IPv4 addresses of the line, whatever program makes it.
func (l *Line) SetCongestionControl(name string) error {
	for n, h := range l.hosts {
		err := h.run("ip", "route", "change", l.addrs[1-n].String(), "dev", l.devices[n],
			"proto", "kernel", "scope", "link", "src", l.addrs[n].String(), "congctl", name)
		if err != nil {
			return err
		}
	}
	return nil
}

// Counts is what became of the packets in each direction.
func (l *Line) Counts() (there, back Counts) { return l.roads[0].count(), l.roads[1].count() }

// Close takes the line away.
func (l *Line) Close() error {
	err := errors.Join(l.ends[0].Close(), l.ends[1].Close())
	l.courier.close()
	l.running.Wait()
	return err
}

// packet is the size of the largest one that there can be.
const packet = 64 << 10

// carry reads packets of one end and brings them to the other.
func (l *Line) carry(from int) {
	buf := make([]byte, packet)
	to := l.ends[1-from]
	for {
		n, err := l.ends[from].Read(buf)
		if err != nil {
			return
		}
		b := append([]byte(nil), buf[:n]...)
		for _, at := range l.roads[from].send(time.Now(), n) {
			l.courier.post(at, func() { _, _ = to.Write(b) })
		}
	}
}
