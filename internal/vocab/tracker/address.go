package tracker

import (
	"net/netip"
	"net/url"
	"strings"
)

// AddressEvidence says whether a tracker may be called at an address.
type AddressEvidence uint8

// The kinds of addresses, seen from one announce URL.
const (
	// AddressPublic is one of the Internet.
	AddressPublic AddressEvidence = iota
	// AddressLocal is one of this machine or its own network, and may be called
	// since the path is an announce path, or since it is a UDP tracker without a
	// path, to which nothing goes that the URL chose.
	AddressLocal
	// AddressForbidden is a local one that may not be called: it is no tracker, and
	// what listens there may obey whoever can reach it.
	AddressForbidden
	// AddressUnusable is none of a host.
	AddressUnusable
)

// sharedSpace is what providers have behind their NAT (RFC 6598).
var sharedSpace = netip.MustParsePrefix("100.64.0.0/10")

// thisNetwork are the addresses of which systems make loopback (RFC 1122).
var thisNetwork = netip.MustParsePrefix("0.0.0.0/8")

// ViewAddress judges an address that the host of an announce URL was found to
// have. Every address has to be judged that is called, those of a redirect too: a
// name may lead anywhere.
func (u URL) ViewAddress(at netip.Addr) AddressEvidence {
	at = at.Unmap().WithZone("")
	switch {
	case !at.IsValid() || at.IsMulticast() || at == netip.AddrFrom4([4]byte{255, 255, 255, 255}):
		return AddressUnusable
	case isLocal(at):
		return u.viewLocal()
	}
	return AddressPublic
}

func isLocal(at netip.Addr) bool {
	return at.IsLoopback() || at.IsPrivate() || at.IsLinkLocalUnicast() || at.IsUnspecified() ||
		sharedSpace.Contains(at) || thisNetwork.Contains(at)
}

// viewHost judges the host as far as the URL tells. An address that is none of a
// host is left to ViewAddress.
func (u URL) viewHost() AddressEvidence {
	name := strings.TrimSuffix(u.host, ".")
	if name == "localhost" || strings.HasSuffix(name, ".localhost") {
		return u.viewLocal()
	}
	if at, err := netip.ParseAddr(u.host); err == nil {
		return u.ViewAddress(at)
	}
	return AddressPublic
}

func (u URL) viewLocal() AddressEvidence {
	if u.scheme == UDP && strings.Trim(u.path, "/") == "" && u.query == "" || isAnnouncePath(u.path) {
		return AddressLocal
	}
	return AddressForbidden
}

// isAnnouncePath says whether an element of a path begins with "announce", and
// none leads elsewhere. Servers undo percent forms before they look for those.
func isAnnouncePath(path string) bool {
	plain, err := url.PathUnescape(path)
	if err != nil {
		return false
	}
	found := false
	for element := range strings.SplitSeq(strings.ReplaceAll(plain, `\`, "/"), "/") {
		if name, _, _ := strings.Cut(element, ";"); name == "." || name == ".." || strings.ContainsRune(name, '%') {
			return false
		}
		found = found || strings.HasPrefix(element, "announce")
	}
	return found
}
