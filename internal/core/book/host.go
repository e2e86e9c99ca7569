package book

import (
	"net/netip"
	"slices"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/mono"
)

// headStart is what the addresses of IPv6 that a name has have before those of IPv4
// (RFC 8305, Connection Attempt Delay).
const headStart = 250 * time.Millisecond

// hostOf is the endpoints that one name stands for.
type hostOf struct{ members []*entry }

// AddHost takes note of the endpoints that a name, which a person named, stands for.
// Of one that has both families IPv4 is dialled a moment later, and not at all while
// IPv6 is connected, or the other way round: it is one peer, mostly.
func (c *Core) AddHost(now mono.Instant, endpoints []netip.AddrPort) {
	h, has := &hostOf{}, [families]int{}
	var fresh []*entry
	for _, to := range endpoints {
		evidence := c.Add(to, Person())
		e := c.entries[plain(to)]
		if e == nil || e.host == h {
			continue
		}
		if evidence == Added {
			fresh = append(fresh, e)
		}
		c.leaveHost(e)
		e.host = h
		h.members = append(h.members, e)
		has[familyOf(e.addr.Addr())]++
	}
	if has[family6] == 0 {
		return
	}
	for _, e := range fresh {
		if e.addr.Addr().Is4() {
			c.waitUntil(e, now.Add(headStart))
		}
	}
	for _, e := range slices.Clone(h.members) {
		if e.phase == connected {
			c.holdOthers(e)
		}
	}
}

// holdOthers keeps the other family of a connected endpoint's host from being
// dialled.
func (c *Core) holdOthers(e *entry) {
	if e.host == nil {
		return
	}
	for _, o := range e.host.members {
		if (o.phase == idle || o.phase == waiting) && familyOf(o.addr.Addr()) != familyOf(e.addr.Addr()) {
			c.enter(o, held)
		}
	}
}

// releaseOthers lets the host of an endpoint that is not connected any more be
// dialled by its other family, unless more of its own is connected.
func (c *Core) releaseOthers(e *entry) {
	if e.host == nil {
		return
	}
	mine := familyOf(e.addr.Addr())
	for _, o := range e.host.members {
		if o.phase == connected && familyOf(o.addr.Addr()) == mine {
			return
		}
	}
	for _, o := range e.host.members {
		if o.phase == held && familyOf(o.addr.Addr()) != mine {
			c.enter(o, idle)
		}
	}
}

// leaveHost takes an endpoint out of the host that it belonged to.
func (c *Core) leaveHost(e *entry) {
	h := e.host
	if h == nil {
		return
	}
	h.members = slices.DeleteFunc(h.members, func(o *entry) bool { return o == e })
	if e.phase == held {
		c.enter(e, idle)
	}
	c.releaseOthers(e)
	e.host = nil
}
