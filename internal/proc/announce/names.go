package announce

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"time"

	"github.com/etorrent/etorrent/internal/core/announce"
	pnet "github.com/etorrent/etorrent/internal/proc/net"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/tracker"
)

const (
	// lookupsAtOnce is how many hosts are looked up at once.
	lookupsAtOnce = 16
	// namesAtMost is how many hosts are remembered before old ones are forgotten.
	namesAtMost = 4096
	// nameLasts is how long addresses are good for. The core has a host that is asked
	// looked up anew every half hour; where that fails the old addresses go on.
	nameLasts = 24 * time.Hour
	// nameFresh is how long they are used for a scrape without looking anew.
	nameFresh = 30 * time.Minute
)

// names are where the hosts of trackers are. A request is made to an address that was
// found here, and judged; no name is looked up behind that.
type names struct {
	found map[string]*found
	wants []string            // in order, each once
	asked map[string]struct{} // that wait or are looked up
	busy  int
}

// found is where one host is.
type found struct {
	addrs []netip.Addr // to which there is a route
	at    mono.Instant
	turn  int // which is tried first
}

func newNames() names {
	return names{found: map[string]*found{}, asked: map[string]struct{}{}}
}

// want has a host looked up, unless it is.
func (n *names) want(host string) {
	if _, is := n.asked[host]; !is {
		n.asked[host] = struct{}{}
		n.wants = append(n.wants, host)
	}
}

// fit are the addresses of a tracker's host in a family, with those behind that failed.
func (n *names) fit(host string, f tracker.Family) []netip.Addr {
	at := n.found[host]
	if at == nil || len(at.addrs) == 0 {
		return nil
	}
	var fit []netip.Addr
	for i := range at.addrs {
		if a := at.addrs[(i+at.turn)%len(at.addrs)]; isOf(a, f) {
			fit = append(fit, a)
		}
	}
	return fit
}

// any is an address of a tracker's host; zero if none is known.
func (n *names) any(host string) netip.Addr {
	if fit := n.fit(host, tracker.AnyFamily); len(fit) > 0 {
		return fit[0]
	}
	return netip.Addr{}
}

func isOf(a netip.Addr, f tracker.Family) bool {
	switch f {
	case tracker.IPv4:
		return a.Is4()
	case tracker.IPv6:
		return a.Is6()
	case tracker.AnyFamily:
	}
	return true
}

// failed has another address of a host tried first.
func (n *names) failed(host string) {
	if at := n.found[host]; at != nil && len(at.addrs) > 0 {
		at.turn = (at.turn + 1) % len(at.addrs)
	}
}

// note remembers where a host is.
func (n *names) note(host string, addrs []netip.Addr, now mono.Instant) {
	if len(n.found) >= namesAtMost {
		for name, old := range n.found {
			if now.Sub(old.at) >= nameLasts {
				delete(n.found, name)
			}
		}
	}
	n.found[host] = &found{addrs: addrs, at: now}
}

func (x *process) startLookups() {
	n := &x.names
	for len(n.wants) > 0 && n.busy < lookupsAtOnce {
		x.p.Act("lookup")
		host := n.wants[0]
		n.wants = n.wants[1:]
		n.busy++
		x.p.Go("lookup", func() error {
			x.p.Step("lookup worker")
			addrs, err := find(x.p.Context(), x.s.cfg.Egress, host)
			x.p.Act("lookup worker")
			x.s.outcomes.Put(ended{x.state.incarnations, lookedUp{host, addrs, err}})
			return nil
		})
	}
}

// lookedUp is the outcome of a lookup.
type lookedUp struct {
	host  string
	addrs []netip.Addr
	err   error
}

// find returns the addresses of a host that may be called from here.
func find(ctx context.Context, e *pnet.Egress, host string) ([]netip.Addr, error) {
	all, err := addrsOf(ctx, e, host)
	var fit []netip.Addr
	for _, a := range all {
		a = a.Unmap().WithZone("")
		if (tracker.URL{}).ViewAddress(a) != tracker.AddressUnusable && e.ViewRoute(ctx, a) == pnet.RouteThere {
			fit = append(fit, a)
		}
	}
	return fit, err
}

func addrsOf(ctx context.Context, e *pnet.Egress, host string) ([]netip.Addr, error) {
	if a, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{a}, nil
	}
	return e.Lookup(ctx, host)
}

// landLookup tells the core the families of a host.
func (x *process) landLookup(o lookedUp) {
	n := &x.names
	now := x.now()
	n.busy--
	delete(n.asked, o.host)
	old := n.found[o.host]
	if o.err == nil || old == nil || !mayBeOver(o.err) || now.Sub(old.at) >= nameLasts {
		n.note(o.host, o.addrs, now)
	}
	x.core.Resolved(now, o.host, x.families(n.found[o.host].addrs), &x.batch)
	x.foundFor(o.host)
}

// mayBeOver says whether a lookup failed for a reason that tells nothing of the name.
func mayBeOver(err error) bool {
	var of *net.DNSError
	return !errors.As(err, &of) || !of.IsNotFound
}

// families are those of addresses. Of two that one is used in which peers can call us,
// if it is one only: there is a socket for datagrams beside each listener.
func (x *process) families(addrs []netip.Addr) announce.Families {
	families := announce.NoAddress
	for _, a := range addrs {
		one, other := announce.OnlyIPv4, announce.OnlyIPv6
		if a.Is6() {
			one, other = other, one
		}
		switch families {
		case announce.NoAddress:
			families = one
		case other:
			families = announce.BothFamilies
		case announce.FamiliesUnknown, announce.ByName, announce.OnlyIPv4, announce.OnlyIPv6, announce.BothFamilies:
		}
	}
	if families != announce.BothFamilies || x.s.cfg.Port() == 0 {
		return families
	}
	switch shown, _ := x.s.cfg.UDP.Shown(); {
	case shown.V4.IsValid() && !shown.V6.IsValid():
		return announce.OnlyIPv4
	case shown.V6.IsValid() && !shown.V4.IsValid():
		return announce.OnlyIPv6
	}
	return families
}
