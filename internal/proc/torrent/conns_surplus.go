package torrent

import (
	"net/netip"

	"github.com/etorrent/etorrent/internal/core/assign"
	"github.com/etorrent/etorrent/internal/core/handshake"
	"github.com/etorrent/etorrent/internal/core/surplus"
	"github.com/etorrent/etorrent/internal/leaf/crowd"
)

// reasonSurplus is why a connection ends of which there are more than may be by now.
const reasonSurplus = "over the limit"

// rebounded says that bounds of connections are others, and who has to leave for that.
type rebounded struct{ surplus []assign.HolderID }

// Rebounded tells that bounds are others, and has the surplus connections end.
func (t *Torrent) Rebounded(s []surplus.Connection) {
	in := &rebounded{}
	for _, k := range s {
		if k.Torrent == t.id {
			in.surplus = append(in.surplus, assign.HolderID(k.ID))
		}
	}
	t.control.Put(toControl{rebounded: in})
}

// MostPeers is how many connections the torrent may have.
func (t *Torrent) MostPeers() int { return t.env.Bounds.Peers.Most() }

// Connections are all that have not been told to leave.
func (t *Torrent) Connections() []surplus.Connection {
	t.roll.mu.Lock()
	defer t.roll.mu.Unlock()
	now := t.env.Clock.Now()
	out := make([]surplus.Connection, 0, len(t.roll.of))
	for id, e := range t.roll.of {
		k := surplus.Connection{
			Torrent: t.id, ID: uint64(id), Naming: e.naming,
			Rate: e.meter.down.read(now) + e.meter.up.read(now), Last: max(e.meter.down.last(), e.meter.up.last()),
		}
		if e.direction == handshake.Accepted {
			k.From = crowd.NetworkOf(e.addr.Addr())
		}
		switch e.phase {
		case connShaking, connHeld:
		case connTrading:
			k.Use = e.use(k.Rate)
		case connRefused, connLeaving:
			continue
		}
		out = append(out, k)
	}
	return out
}

// use is how much an admitted connection is used.
func (e *enrolled) use(rate int64) surplus.Use {
	flags := PeerFlags(e.meter.standing.Load())
	switch {
	case rate > 0:
		return surplus.Busy
	case flags.Has(PeerIsWanted), flags.Has(PeerWantsUs):
		return surplus.Wanted
	}
	return surplus.Idle
}

// rebound has the surplus leave. Who came meanwhile is judged when its handshake is
// finished.
func (s *swarm) rebound(r *rebounded) {
	for _, id := range r.surplus {
		if k := s.conns[id]; k != nil {
			s.refuse(k, reasonSurplus)
		}
	}
}

// viewSurplus says whether there is still room for one whose handshake is finished: a
// bound may have been lowered since it came in.
func (s *swarm) viewSurplus() crowd.Evidence {
	staying := 0
	for _, k := range s.conns {
		switch k.phase {
		case connShaking, connHeld, connTrading:
			staying++
		case connRefused, connLeaving:
		}
	}
	if staying > s.c.t.env.Bounds.Peers.Most() || s.c.t.env.Crowd.Room() < 0 {
		return crowd.Full
	}
	return crowd.Entered
}

// namingOf says who named the endpoint of a connection.
func (s *swarm) namingOf(at netip.AddrPort, d handshake.Direction) surplus.Naming {
	if d == handshake.Dialled && s.isNamed(at) {
		return surplus.NamedByPerson
	}
	return surplus.NamedByOthers
}
