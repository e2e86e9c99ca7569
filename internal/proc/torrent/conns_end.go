package torrent

import (
	"maps"
	"slices"

	"github.com/etorrent/etorrent/internal/core/choke"
	"github.com/etorrent/etorrent/internal/core/peer"
	"github.com/etorrent/etorrent/internal/vocab/event"
	"github.com/etorrent/etorrent/internal/vocab/transport"
	"github.com/etorrent/etorrent/sup"
)

// down takes a peer out of everything that knew it.
func (s *swarm) down(d sup.Down) {
	k := d.Tag.(*connection)
	_ = k.conn.Close() // also where the process never started
	if s.conns[k.id] == nil {
		return
	}
	delete(s.conns, k.id)
	s.c.t.roll.remove(k.id)
	s.gone.note(k.id, k.addr)
	s.leave(k)
	if k.attempt != 0 {
		s.unfinished(k, d.Exit)
	}
	s.c.t.choker.Put(toChoker{left: k.id})
	how := inputLeft
	reason := k.reason
	switch e := d.Exit.(type) {
	case sup.Panicked:
		how = inputCrashed
		reason = "crashed"
		s.ended(k)
		s.book.Crashed(s.c.now(), k.addr, e.Fingerprint())
	case sup.Stuck, sup.Failed, sup.StartFailed:
		how = inputCrashed
		reason = d.Exit.String()
		s.ended(k)
	case sup.Normal, sup.Stopped:
		s.ended(k)
	}
	s.c.t.assign.Put(toAssign{kind: how, holder: k.id})
	s.tellLeft(k, reason)
	s.release(k)
}

// tellLeft tells of the end of a connection of whose beginning was told.
func (s *swarm) tellLeft(k *connection, reason string) {
	if k.phase != connTrading && k.phase != connLeaving {
		return
	}
	s.c.post(func(h event.Head) event.Event {
		return event.PeerLeft{Head: h, Addr: k.addr, Reason: reason}
	})
}

const (
	// shedAtOnce is how many connections are asked at once to leave if they are idle.
	shedAtOnce = 8
	// reasonShed is why one of them ends.
	reasonShed = "idle, and descriptors ran out"
)

// shed asks some connections without an upload slot, the oldest first and then
// those behind who was asked last, to leave if no block is under way on them.
func (s *swarm) shed() {
	ids := slices.Sorted(maps.Keys(s.conns))
	from, _ := slices.BinarySearch(ids, s.asked+1)
	asked := 0
	for _, id := range slices.Concat(ids[from:], ids[:from]) {
		if k := s.conns[id]; k.phase == connTrading && k.meter.viewSlot() == choke.NoSlot && asked < shedAtOnce {
			s.asked = id
			asked++
			k.orders.Put(peerOrder{kind: orderShed})
		}
	}
}

// leaveAll tells of the end of all connections: no control process lives to see
// it. It closes them too: that of a peer whose start is refused because the
// torrent ends has no other owner.
func (s *swarm) leaveAll(reason string) {
	for _, k := range s.conns {
		_ = k.conn.Close()
		s.leave(k)
		s.c.t.roll.remove(k.id)
		s.tellLeft(k, reason)
	}
	clear(s.conns)
}

// ended tells the book how a connection went, at each endpoint that led to it.
func (s *swarm) ended(k *connection) {
	for _, door := range k.doors {
		if k.reason == reasonSelf {
			s.book.Self(door)
			continue
		}
		s.book.Ended(s.c.now(), door, k.trade)
	}
}

// trading is the number of admitted connections.
func (s *swarm) trading() int {
	n := 0
	for _, over := range s.tradingOver() {
		n += over
	}
	return n
}

// tradingOver is that of each transport.
func (s *swarm) tradingOver() (n [len(transport.All)]int) {
	for _, k := range s.conns {
		if k.phase == connTrading {
			n[k.conn.Transport()]++
		}
	}
	return n
}

// tellGoal tells every peer whether we want anything more.
func (s *swarm) tellGoal(g peer.Goal) {
	kind := orderFetching
	switch g {
	case peer.Fetching:
	case peer.UploadOnly:
		kind = orderUploadOnly
	case peer.SuperSeeding:
		kind = orderSuperSeeding
	}
	for _, k := range s.conns {
		k.orders.Put(peerOrder{kind: kind})
	}
	s.c.t.choker.Put(toChoker{goal: &g})
}

// beginChoker tells a fresh choker of all connections that are admitted. Of the
// others it is told when they are.
func (s *swarm) beginChoker() {
	b := beginChoker{goal: s.c.goal}
	for _, id := range slices.Sorted(maps.Keys(s.conns)) {
		if k := s.conns[id]; k.phase == connTrading || k.phase == connLeaving {
			b.clients = append(b.clients, *s.clientOf(k))
		}
	}
	s.c.p.Act("begin choker")
	s.c.t.choker.Put(toChoker{begin: &b})
}

func (s *swarm) clientOf(k *connection) *client {
	return &client{id: k.id, orders: k.orders, meter: k.meter}
}

// rejoin has every peer tell a fresh picker of itself.
func (s *swarm) rejoin() {
	for _, k := range s.conns {
		k.orders.Put(peerOrder{kind: orderRejoin})
	}
}

// dismiss ends every connection.
func (s *swarm) dismiss(why string) {
	for _, k := range s.conns {
		s.refuse(k, why)
	}
}
