package testnet

import "net/netip"

// LoseAt makes the addresses of a prefix, which may be none of the link's own, dead
// ones for the first host: what it sends there goes to the second, which has none of
// them and forwards nothing, and no word comes back.
func (l *Link) LoseAt(p netip.Prefix) error {
	return run("ip", "-n", l.ends[0].host.name, "route", "add", p.Masked().String(), "via", l.ends[1].addr.Addr().String())
}
