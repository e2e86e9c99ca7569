package torrent

import (
	"fmt"
	"net/netip"

	"github.com/etorrent/etorrent/internal/core/book"
	pnet "github.com/etorrent/etorrent/internal/proc/net"
	"github.com/etorrent/etorrent/internal/vocab/event"
	"github.com/etorrent/etorrent/internal/vocab/mono"
)

// named takes endpoints that a person named.
func (s *swarm) named(n named) {
	for _, to := range n.addrs {
		s.book.Add(to, book.Person())
	}
	for _, name := range n.names {
		s.names.Add(s.c.now(), name)
	}
	if len(n.trackers) > 0 {
		s.c.addTrackers()
		_ = s.c.keepTrackers() // who wants to know asks for it, and it is tried again then
	}
}

// Lookup makes the swarm the LookupEffects of its names.
func (s *swarm) Lookup(host string) {
	s.c.p.Act("lookup")
	inbox := s.c.t.control
	s.c.t.env.Dialling.Dialer.Lookup(s.c.t.id, host, func(r pnet.LookupResult) { inbox.Put(toControl{lookup: &r}) })
}

// found takes the addresses of a host into the book, each with every port that was
// named. A host that has none is told of once, and looked up again.
func (s *swarm) found(r *pnet.LookupResult) {
	if r.Err != nil {
		if s.names.Failed(s.c.now(), r.Host) == book.FirstFailure {
			s.c.post(func(h event.Head) event.Event {
				return event.Warning{Head: h, Err: &LookupError{Host: r.Host, Err: r.Err}}
			})
		}
		return
	}
	for _, port := range s.names.Found(s.c.now(), r.Host) {
		var all []netip.AddrPort
		for _, addr := range r.Addrs {
			all = append(all, netip.AddrPortFrom(addr, port))
		}
		s.book.AddHost(s.c.now(), all)
	}
}

// nextDeadline is when the swarm has a reason to dial or to look up a name.
func (s *swarm) nextDeadline() mono.Instant {
	return mono.Earliest(mono.Earliest(s.book.NextDeadline(), s.names.NextDeadline()), s.ways.races.NextDeadline())
}

// LookupError says that a peer's host could not be found by its name. It is looked
// up again as long as the torrent runs.
type LookupError struct {
	Host string
	Err  error
}

// Error names the host and the reason.
func (e *LookupError) Error() string {
	return fmt.Sprintf("the peer %s cannot be found, and is looked up again: %v", e.Host, e.Err)
}

// Unwrap returns the reason.
func (e *LookupError) Unwrap() error { return e.Err }
