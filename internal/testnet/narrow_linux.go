package testnet

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
)

// Manners says whether a router tells who sent a packet that it throws it away.
type Manners uint8

// The manners.
const (
	// Tells is by ICMP (RFC 1191).
	Tells Manners = iota
	// KeepsSilent makes the route a black hole for what is too large.
	KeepsSilent
)

// SetMTU has the router pass no IPv4 packet of more than so many bytes, headers included,
// in either direction: it cuts a larger one, or throws it away where that must not be cut
// (DF). Both hosts, and their devices, know nothing of it. It is called once.
func (r *Route) SetMTU(bytes int, m Manners) error {
	first, near := r.cable.Addrs()
	far, second := r.Line.Addrs()
	mtu := strconv.Itoa(bytes)
	err := errors.Join(
		r.router.ip("route", "replace", first.String(), "dev", r.cable.ends[1].device, "src", near.String(), "mtu", mtu),
		r.router.ip("route", "change", second.String(), "dev", r.Line.devices[0], "proto", "kernel", "scope", "link", "src", far.String(), "mtu", mtu),
	)
	if m == KeepsSilent && err == nil {
		// Of its own it has nothing to say: what it forwards comes by no loopback.
		err = r.router.ip("rule", "add", "iif", "lo", "blackhole")
	}
	return err
}

// Oversize is what became of packets that were larger than a router's MTU: how many it
// cut, and how many it threw away. One that was told may cut packets itself, or make
// smaller ones, and they are not in it.
type Oversize struct{ Cut, Refused int64 }

// Oversize is what the router did until now.
func (r *Route) Oversize() (o Oversize, err error) {
	if o.Cut, err = r.router.protocolCount("Ip", "FragOKs"); err == nil {
		o.Refused, err = r.router.protocolCount("Ip", "FragFails")
	}
	return o, err
}

// protocolCount is a count that the kernel keeps of a protocol (RFC 1213).
func (h *Host) protocolCount(protocol, name string) (int64, error) {
	var text []byte
	err := h.Do(func() (err error) {
		text, err = os.ReadFile("/proc/thread-self/net/snmp")
		return err
	})
	if err != nil {
		return 0, err
	}
	at := -1
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		switch {
		case len(fields) == 0 || fields[0] != protocol+":":
		case at < 0:
			at = slices.Index(fields, name)
		case at < len(fields):
			return strconv.ParseInt(fields[at], 10, 64)
		}
	}
	return 0, fmt.Errorf("the kernel does not count %s of %s", name, protocol)
}
