package net

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"syscall"
	"time"
)

const (
	// UsualUnsent is how many bytes may wait unsent in the kernel at first, so that a
	// cancel, a choke or a limit acts at once. What is sent and not acknowledged comes
	// on top of it; its room is the kernel's to find, so no buffer has a fixed size.
	UsualUnsent = 256 << 10
	// unacknowledged is how long what was sent may stay so before the kernel ends the
	// connection.
	unacknowledged = 90 * time.Second
)

// DSCP is a class of traffic (RFC 2474), 0 to 63. 0 is the usual one.
type DSCP uint8

// LowerEffort gives way to all other traffic (RFC 8622).
const LowerEffort DSCP = 1

// maxDSCP is the largest code point.
const maxDSCP = 63

// octet is the class as it stands in an IP header, without the ECN bits.
func (d DSCP) octet() int { return int(d) << 2 }

// ClassError says that a number is no DSCP.
type ClassError struct{ DSCP DSCP }

// Error tells the number.
func (e *ClassError) Error() string {
	return fmt.Sprintf("DSCP %d is none of 0 to %d", e.DSCP, maxDSCP)
}

// Host is the operating system's network. All that it sends, over TCP and UDP, is
// marked with a class, but on Windows. The error is a *ClassError.
func Host(d DSCP) (Network, error) { return HostFrom(d, Bind{}) }

// HostFrom is Host where all leaves from the addresses of a Bind. Names are looked up
// by the system, from wherever it does so.
func HostFrom(d DSCP, b Bind) (Network, error) {
	if d > maxDSCP {
		return nil, &ClassError{DSCP: d}
	}
	return host{class: d, bind: b}, nil
}

type host struct {
	class DSCP
	bind  Bind
}

// Listen accepts over TCP: over Multipath TCP the options of a socket are not those
// of what it sends.
//
// Keep-alives are the protocol's own, which say more: probes of the kernel would only
// wake sleeping machines.
func (h host) Listen(ctx context.Context, network, address string) (net.Listener, error) {
	lc := net.ListenConfig{Control: h.tune, KeepAlive: -1}
	lc.SetMultipathTCP(false)
	address, err := h.bind.listenAt(network, address)
	if err != nil {
		return nil, err
	}
	return lc.Listen(ctx, network, address)
}

func (h host) ListenPacket(ctx context.Context, network, address string) (net.PacketConn, error) {
	lc := net.ListenConfig{Control: h.tune}
	address, err := h.bind.listenAt(network, address)
	if err != nil {
		return nil, err
	}
	return lc.ListenPacket(ctx, network, address)
}

func (h host) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	d := net.Dialer{Control: h.tune, KeepAlive: -1, FallbackDelay: headStart}
	return h.dial(ctx, d, network, address)
}

func (host) LookupNetIP(ctx context.Context, network, name string) ([]netip.Addr, error) {
	return net.DefaultResolver.LookupNetIP(ctx, network, name)
}

// tune sets up a socket before it is used. Package net has set SO_REUSEADDR on those
// that listen, where the platform means by it what it says, and sets TCP_NODELAY: what
// is written is gathered, and should leave at once.
func (h host) tune(network, _ string, c syscall.RawConn) error {
	return c.Control(func(fd uintptr) {
		if strings.HasPrefix(network, "tcp") {
			tuneTCP(fd)
		}
		if h.class != 0 {
			f := V4
			if strings.HasSuffix(network, "6") {
				f = V6
			}
			mark(fd, f, h.class)
		}
	})
}
