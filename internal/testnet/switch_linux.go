package testnet

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"os/exec"
	"strconv"
)

// Switch joins any number of hosts to one network, 10.99.0.0/24, that no packet
// leaves. Every switch has the same addresses, and none sees another.
type Switch struct {
	hub   *Host
	ports []*Port
}

// Port is a host on a switch, with one address of the network.
type Port struct {
	*Host
	sw     *Switch
	number int
}

// The devices of a switch: a port's cable is near at the host, and has its number
// at the hub.
const (
	bridge = "bridge"
	near   = "eth0"
	farFmt = "port%d"
)

// maxPorts is how many hosts a switch has room for.
const maxPorts = 250

// NewSwitch makes a switch. Its hub is a host itself, with the address that Hub
// tells.
func NewSwitch() (*Switch, error) {
	hub, err := NewHost()
	if err != nil {
		return nil, err
	}
	s := &Switch{hub: hub}
	if err := hub.ip("link", "add", bridge, "type", "bridge"); err != nil {
		return nil, errors.Join(&Unavailable{Reason: "the kernel makes no bridges", Err: err}, hub.Close())
	}
	err = hub.ip("addr", "add", switchAddr(1).String()+"/24", "dev", bridge)
	if err == nil {
		err = hub.ip("link", "set", bridge, "up")
	}
	if err != nil {
		return nil, errors.Join(err, hub.Close())
	}
	return s, nil
}

// switchAddr is an address of the network.
func switchAddr(n int) netip.Addr { return netip.AddrFrom4([4]byte{10, 99, 0, byte(n)}) }

// Hub is the host that the cables lead to, and its address.
func (s *Switch) Hub() (*Host, netip.Addr) { return s.hub, switchAddr(1) }

// Plug makes a host and joins it to the switch. It is closed with the switch.
func (s *Switch) Plug() (*Port, error) {
	if len(s.ports) == maxPorts {
		return nil, fmt.Errorf("a switch has %d ports", maxPorts)
	}
	h, err := NewHost()
	if err != nil {
		return nil, err
	}
	p := &Port{Host: h, sw: s, number: len(s.ports) + 1}
	s.ports = append(s.ports, p)
	for _, do := range []func() error{
		func() error {
			return h.ip("link", "add", near, "type", "veth", "peer", "name", p.far(), "netns", s.hub.name)
		},
		func() error { return h.ip("addr", "add", p.Addr().String()+"/24", "dev", near) },
		func() error { return h.ip("link", "set", near, "up") },
		func() error { return s.hub.ip("link", "set", p.far(), "master", bridge, "up") },
	} {
		if err := do(); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// ip runs ip on the devices of the namespace.
func (h *Host) ip(args ...string) error { return run(append([]string{"ip", "-n", h.name}, args...)...) }

// far is the other end of the port's cable.
func (p *Port) far() string { return fmt.Sprintf(farFmt, p.number) }

// Addr is the host's address on the switch.
func (p *Port) Addr() netip.Addr { return switchAddr(p.number + 1) }

// SetRate bounds what the host sends, and what it receives.
func (p *Port) SetRate(sends, receives Rate) error {
	return errors.Join(p.setRate(near, sends), p.sw.hub.setRate(p.far(), receives))
}

// Carried is how many bytes the host has sent and received, headers included.
func (p *Port) Carried() (sent, received int64, err error) {
	sent, err = p.deviceCount(near, "tx_bytes")
	if err == nil {
		received, err = p.deviceCount(near, "rx_bytes")
	}
	return sent, received, err
}

// deviceCount is a count that the kernel keeps for a device.
func (h *Host) deviceCount(device, name string) (int64, error) {
	out, err := h.Command(background, "cat", "/sys/class/net/"+device+"/statistics/"+name).Output()
	if err != nil {
		return 0, err
	}
	var n int64
	_, err = fmt.Sscan(string(out), &n)
	return n, err
}

// setRate bounds what a device sends.
func (h *Host) setRate(device string, r Rate) error {
	_ = run("tc", "-n", h.name, "qdisc", "del", "dev", device, "root") // there may be none
	if r.Bytes == 0 {
		return nil
	}
	if r.Burst == 0 {
		r.Burst = 32 << 10
	}
	if r.Queue == 0 {
		r.Queue = r.Bytes / 10
	}
	return run("tc", "-n", h.name, "qdisc", "add", "dev", device, "root", "tbf",
		"rate", strconv.Itoa(8*r.Bytes)+"bit", "burst", strconv.Itoa(r.Burst), "limit", strconv.Itoa(r.Burst+r.Queue))
}

// waiting is how many bytes wait to be sent by a device.
func (h *Host) waiting(device string) (int64, error) {
	out, err := exec.Command("tc", "-n", h.name, "-s", "-j", "qdisc", "show", "dev", device, "root").Output()
	if err != nil {
		return 0, err
	}
	var queues []struct{ Backlog int64 }
	if err := json.Unmarshal(out, &queues); err != nil {
		return 0, fmt.Errorf("tc tells nothing of %s that can be read: %q, %w", device, out, err)
	}
	if len(queues) == 0 {
		return 0, fmt.Errorf("tc tells no queue of %s: %q", device, out)
	}
	return queues[0].Backlog, nil
}

// Close closes the hosts and takes the switch away.
func (s *Switch) Close() error {
	var faults []error
	for _, p := range s.ports {
		faults = append(faults, p.Host.Close())
	}
	return errors.Join(append(faults, s.hub.Close())...)
}
