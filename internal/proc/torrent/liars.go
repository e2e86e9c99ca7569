package torrent

import (
	"net/netip"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/mono"
)

const (
	// liarStrikes is how many corrupt pieces, each sent by one connection alone,
	// an address may have sent before it is kept out for liarBan.
	liarStrikes = 2
	liarBan     = time.Hour
	// liarsBound is how many addresses are remembered.
	liarsBound = 1024

	reasonLiar = "sent a corrupt piece"
)

// liars remembers the addresses from which corrupt pieces came.
type liars map[netip.Addr]*record

type record struct {
	strikes int
	until   mono.Instant // kept out until then
}

// strike notes a corrupt piece.
func (l liars) strike(now mono.Instant, from netip.Addr) {
	r := l[from]
	if r == nil {
		if len(l) >= liarsBound {
			return
		}
		r = &record{}
		l[from] = r
	}
	if r.strikes++; r.strikes >= liarStrikes {
		r.until = now.Add(liarBan)
	}
}

// view says whether an address may connect to us.
func (l liars) view(now mono.Instant, from netip.Addr) trust {
	if r := l[from]; r != nil && now < r.until {
		return keptOut
	}
	return trusted
}

// trust says whether an address may connect to us.
type trust uint8

const (
	trusted trust = iota
	keptOut
)

// expose ends the connection that alone sent every block of a corrupt piece.
func (s *swarm) expose(m *liar) {
	if k := s.conns[m.id]; k != nil {
		s.liars.strike(s.c.now(), k.addr.Addr())
		s.refuse(k, reasonLiar)
	}
}
