package torrent

import (
	"net/netip"

	"github.com/etorrent/etorrent/internal/core/assign"
	"github.com/etorrent/etorrent/internal/core/book"
	"github.com/etorrent/etorrent/internal/vocab/event"
)

const (
	// goneKept is how many connections that ended are remembered, since the proof
	// against one may come later.
	goneKept = 1024

	reasonLiar = "sent wrong bytes"
)

// gone has the addresses of the connections that ended last.
type gone struct {
	addrs map[assign.HolderID]netip.AddrPort
	order []assign.HolderID
}

// note remembers a connection that ended.
func (g *gone) note(id assign.HolderID, addr netip.AddrPort) {
	if g.addrs == nil {
		g.addrs = map[assign.HolderID]netip.AddrPort{}
	}
	if len(g.order) >= goneKept {
		delete(g.addrs, g.order[0])
		g.order = g.order[1:]
	}
	g.addrs[id] = addr
	g.order = append(g.order, id)
}

// expose keeps the address of a holder that sent wrong bytes out, and ends every
// connection to it.
func (s *swarm) expose(m *liar) {
	addr, known := s.gone.addrs[m.id]
	if k := s.conns[m.id]; k != nil {
		addr, known = k.addr, true
	}
	if !known {
		return
	}
	now := s.c.now()
	s.book.Ban(now, addr.Addr())
	s.c.post(func(h event.Head) event.Event {
		return event.PeerBanned{Head: h, Addr: addr, Piece: m.proof.Piece}
	})
	for _, k := range s.conns {
		if s.book.View(now, k.addr) == book.Banned {
			s.refuse(k, reasonLiar)
		}
	}
}
