package torrent

import (
	"net/netip"
	"slices"
	"time"

	"github.com/etorrent/etorrent/internal/core/book"
	"github.com/etorrent/etorrent/internal/core/handshake"
	"github.com/etorrent/etorrent/internal/leaf/crowd"
)

const (
	// displacedAtOnce is how many connections may be on their way out in favour of
	// others, beyond the bound.
	displacedAtOnce = 8
	// displaceEvery is how long to wait until all are looked through again for one who
	// has to leave.
	displaceEvery = 100 * time.Millisecond

	reasonFiltered  = "filtered"
	reasonDisplaced = "in favour of another (BEP 40)"
)

// follow takes over what may change at any time: the address filter, and where others
// see us.
func (s *swarm) follow() {
	if see := s.c.t.env.Outside.Ours; see != nil {
		for _, ours := range see() {
			s.book.External(ours)
		}
	}
	s.door.SetBounds(s.c.t.doorBounds())
	t := s.c.t.env.Gate.Table()
	if t == s.filter {
		return
	}
	s.filter = t
	s.book.SetFilter(t)
	for _, k := range s.conns {
		if s.book.View(s.c.now(), k.addr) == book.Filtered {
			s.refuse(k, reasonFiltered)
		}
	}
	s.named(s.c.t.control.allNamed()) // what was filtered may not be any more
}

// viewRoom says whether the torrent has room for one more connection. Where it is
// full, one who connects to us and whose canonical priority is greater than that of
// another takes its place, so that everybody has the same chance to get into a swarm
// whose members are all full (BEP 40).
func (s *swarm) viewRoom(addr netip.AddrPort, d handshake.Direction) crowd.Evidence {
	switch now := s.c.now(); {
	case len(s.conns) < s.c.t.env.Bounds.Peers.Most():
		return crowd.Entered
	case d == handshake.Dialled, len(s.conns) >= s.c.t.env.Bounds.Peers.Most()+displacedAtOnce, now < s.displaces:
		return crowd.Full
	default:
		s.displaces = now.Add(displaceEvery)
	}
	var least *connection
	rank := s.book.RankOf(addr)
	for _, k := range s.conns {
		if at := s.book.RankOf(k.addr); at < rank && k.phase == connTrading && !s.isPersons(k) {
			least, rank = k, at
		}
	}
	if least == nil {
		return crowd.Full
	}
	s.refuse(least, reasonDisplaced)
	return crowd.Entered
}

// isPersons says whether a person named the endpoint of a connection.
func (s *swarm) isPersons(k *connection) bool {
	return slices.ContainsFunc(k.doors, s.isNamed)
}

// isNamed says whether a person named an endpoint.
func (s *swarm) isNamed(at netip.AddrPort) bool { return s.book.NamedBy(at).Has(book.SourcePerson) }
