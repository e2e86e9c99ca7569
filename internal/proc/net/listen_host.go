package net

import (
	"net/netip"
	"slices"
	"time"

	"github.com/etorrent/etorrent/sup"
)

// HostChanged tells that the machine woke up, or has these addresses now; nil where
// they are not known. A listener whose address is gone is opened anew, as soon as that
// can be; one that waits to be tried again is so at once.
func (l *Listener) HostChanged(addrs []netip.Addr) { l.host.Post(addrs) }

// AddrGoneError says that the machine has an address no more that a listener was on.
type AddrGoneError struct{ Addr netip.Addr }

// Error names the address.
func (e *AddrGoneError) Error() string { return "the address " + e.Addr.String() + " is gone" }

// addrEvidence says whether the machine has an address.
type addrEvidence uint8

const (
	addrThere addrEvidence = iota
	addrGone
)

// viewAddr looks for the address of a listener among those of the machine; nil is
// not known. All of loopback is there, whatever is listed.
func viewAddr(at netip.Addr, is []netip.Addr) addrEvidence {
	at = at.Unmap().WithZone("")
	if is == nil || !at.IsValid() || at.IsUnspecified() || at.IsLoopback() || slices.Contains(is, at) {
		return addrThere
	}
	return addrGone
}

// guard returns when a listener is to be closed: it is not needed any more, or its
// address is gone.
func (l *Listener) guard(at netip.Addr, stopped, stopping <-chan struct{}) addrEvidence {
	_, changed := l.host.Read()
	for {
		select {
		case <-stopping:
			return addrThere
		case <-stopped:
			return addrThere
		case <-changed:
		}
		var is []netip.Addr
		if is, changed = l.host.Read(); viewAddr(at, is) == addrGone {
			return addrGone
		}
	}
}

// restEnd says how a rest ended.
type restEnd uint8

const (
	restOver restEnd = iota
	restCutShort
	restStopped
)

// rest waits before the next try; a change of the machine cuts it short.
func (l *Listener) rest(p *sup.Process, wait time.Duration) restEnd {
	_, changed := l.host.Read()
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-t.C:
		return restOver
	case <-changed:
		p.Receive("host changed")
		return restCutShort
	case <-p.Stopping():
		return restStopped
	}
}
