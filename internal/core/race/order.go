package race

import (
	"net/netip"

	"github.com/etorrent/etorrent/internal/vocab/transport"
)

// Distance says where a remote is.
type Distance uint8

// The distances: on this machine or in a network that it is in itself, or anywhere
// else.
const (
	Far Distance = iota
	Near
)

// DistanceOf is where a remote is by its address, seen from a machine that is in some
// networks. A private network that is none of these is behind a router, and far.
func DistanceOf(a netip.Addr, networks []netip.Prefix) Distance {
	a = a.Unmap()
	if a.IsLoopback() || a.IsLinkLocalUnicast() {
		return Near
	}
	for _, n := range networks {
		if n.Contains(a) {
			return Near
		}
	}
	return Far
}

// Order are the transports over which a remote is dialled, in their order. TCP comes
// first where it is near, since nothing there has to give way to anything; else uTP,
// which does. What is known of the remote counts for more.
func Order(p transport.Policy, at Distance, known transport.Record) []transport.Transport {
	usual := [...]transport.Transport{transport.UTP, transport.TCP}
	if at == Near {
		usual = [...]transport.Transport{transport.TCP, transport.UTP}
	}
	var out []transport.Transport
	for _, t := range known.Order(usual[0], usual[1]) {
		if p.View(t) == transport.Permitted {
			out = append(out, t)
		}
	}
	return out
}
