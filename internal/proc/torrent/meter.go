package torrent

import (
	"sync/atomic"

	"github.com/etorrent/etorrent/internal/core/choke"
	"github.com/etorrent/etorrent/internal/core/peer"
	"github.com/etorrent/etorrent/internal/vocab/mono"
)

// meter is what others may know of one connection. It is a passive leaf: the peer
// counts and says whether the remote wants to fetch, the choker says who has a slot,
// and anyone reads. It outlives the choker, whose next incarnation begins with it.
type meter struct {
	received, sent atomic.Int64 // bytes of blocks
	unanswered     atomic.Int64 // an instant
	interest       atomic.Uint32
	slot           atomic.Uint32
	hold           atomic.Uint32
	piece          int64         // length of the torrent's
	standing       atomic.Uint32 // PeerFlags
	down, up       pulse
}

// receive and send count bytes of blocks.
func (m *meter) receive(now mono.Instant, n int) {
	m.received.Add(int64(n))
	m.down.add(now, n)
}

func (m *meter) send(now mono.Instant, n int) {
	if n > 0 {
		m.sent.Add(int64(n))
		m.up.add(now, n)
	}
}

func (m *meter) wait(since mono.Instant)     { m.unanswered.Store(int64(since)) }
func (m *meter) wants(i peer.Interest)       { m.interest.Store(uint32(i)) }
func (m *meter) keep(h choke.Hold)           { m.hold.Store(uint32(h)) }
func (m *meter) give(s choke.Slot)           { m.slot.Store(uint32(s)) }
func (m *meter) viewInterest() peer.Interest { return peer.Interest(m.interest.Load()) }
func (m *meter) viewSlot() choke.Slot        { return choke.Slot(m.slot.Load()) }

func (m *meter) read() choke.Reading {
	return choke.Reading{
		Received: m.received.Load(), Sent: m.sent.Load(), Unanswered: mono.Instant(m.unanswered.Load()),
		Hold: choke.Hold(m.hold.Load()), Piece: m.piece,
	}
}
