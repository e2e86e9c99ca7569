package udp

import (
	"context"
	"net/netip"

	pnet "github.com/etorrent/etorrent/internal/proc/net"
)

// Wanted is wanted.
var Wanted = wanted

// OpenWith makes sockets come from open.
func (h *Handle) OpenWith(open func(context.Context, pnet.Family, netip.AddrPort) (pnet.Packets, error)) {
	h.open = open
}
