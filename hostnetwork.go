package etorrent

import (
	"net/netip"

	pnet "github.com/etorrent/etorrent/internal/proc/net"
)

// HostNetwork is the operating system's network with a class for all that it sends,
// over TCP and UDP, and the addresses that it all leaves from: at most one of IPv4
// and one of IPv6. A family without an address is not used; without any the system
// chooses. Names are looked up by the system, wherever that does so. It is for
// Options.Network, and what is not the engine's, such as an HTTP client, can dial by
// it too. The error is a *BindError, or tells that there is no such class.
func HostNetwork(class DSCP, from ...netip.Addr) (Network, error) {
	bind, err := pnet.NewBind(from...)
	if err != nil {
		return nil, err
	}
	return pnet.HostFrom(class, bind)
}

// BindError says that an address is none that all could leave from.
type BindError = pnet.BindError
