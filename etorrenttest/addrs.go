package etorrenttest

import (
	"net/netip"
	"slices"

	pnet "github.com/etorrent/etorrent/internal/proc/net"
)

// SetAddrs says which addresses the machine has from now on; at first it has its own.
// Others are only told of. Without its own it can listen nowhere on it; what is open
// stays open. Text that is no address panics.
func (h *Host) SetAddrs(addresses ...string) {
	addrs := []netip.Addr{}
	for _, a := range addresses {
		addrs = append(addrs, netip.MustParseAddr(a).Unmap())
	}
	n := h.network
	n.lock()
	defer n.unlock()
	n.addrs[h.addr] = addrs
	n.moves++
	n.change()
}

// now are the addresses of the machine; the network's lock is held.
func (h *Host) now() []netip.Addr {
	if addrs, set := h.network.addrs[h.addr]; set {
		return addrs
	}
	return []netip.Addr{h.addr}
}

// Addrs are the addresses that the machine has now.
func (h *Host) Addrs() ([]netip.Addr, error) {
	h.network.lock()
	defer h.network.unlock()
	return slices.Clone(h.now()), nil
}

// Networks are those of its addresses: the first byte of one of IPv4, or the first four of
// one of IPv6, is that of its network. Whoever is in one of them is near.
func (h *Host) Networks() ([]netip.Prefix, error) {
	addrs, err := h.Addrs()
	var out []netip.Prefix
	for _, a := range addrs {
		bits := 8
		if a.Is6() {
			bits = 32
		}
		out = append(out, netip.PrefixFrom(a, bits).Masked())
	}
	return out, err
}

// WatchAddrs tells of SetAddrs.
func (h *Host) WatchAddrs() (pnet.AddrsWatch, error) {
	h.network.lock()
	defer h.network.unlock()
	return newWatch(&h.network.monitor, &h.network.moves), nil
}
