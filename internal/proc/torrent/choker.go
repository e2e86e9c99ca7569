package torrent

import (
	"math/rand/v2"

	"github.com/etorrent/etorrent/internal/core/assign"
	"github.com/etorrent/etorrent/internal/core/choke"
	"github.com/etorrent/etorrent/internal/core/peer"
	"github.com/etorrent/etorrent/internal/proc/clock"
	"github.com/etorrent/etorrent/sup"
)

// toChoker is one input of the choker process; exactly one field is set. The
// mailbox is bounded by the connections, by how often a remote may change its mind
// before it is left, and by how often we come to want something.
type toChoker struct {
	begin  *beginChoker
	joined *client
	left   assign.HolderID
	moved  assign.HolderID // the meter says what it wants now
	goal   *peer.Goal
}

// chokerUp says that a fresh choker process wants to know who is there.
type chokerUp struct{}

// beginChoker is what control tells it: all admitted connections, and our goal.
type beginChoker struct {
	clients []client
	goal    peer.Goal
}

// client is a connection, for the choker.
type client struct {
	id     assign.HolderID
	orders *sup.Mailbox[peerOrder]
	meter  *meter
}

// choker is the choker process: it owns the choker's core of one torrent.
type choker struct {
	t     *Torrent
	p     *sup.Process
	core  *choke.Core // nil before it begins
	known map[assign.HolderID]*guest
	taken sup.Taken[toChoker]
	out   []slotOrder
	alarm *clock.Alarm
}

// guest is a client with what was decided of it.
type guest struct {
	client
	slot choke.Slot
}

// slotOrder is an effect of the core: an order for one peer.
type slotOrder struct {
	to   client
	slot choke.Slot
}

func (t *Torrent) runChoker(p *sup.Process) error {
	x := &choker{t: t, p: p, known: map[assign.HolderID]*guest{}, alarm: t.env.Clock.NewAlarm()}
	defer x.alarm.Stop()
	p.Watches(t.choker)
	p.Ready()
	t.control.Put(toControl{chokerUp: &chokerUp{}})
	for {
		if x.core != nil {
			x.alarm.Arm(x.core.NextDeadline())
		}
		select {
		case <-p.Stopping():
			return nil
		case <-t.choker.Wake():
			p.Receive("choker input")
			for x.taken.Take(t.choker); x.taken.Left() > 0; {
				p.Step("input")
				x.input(x.taken.Next())
			}
		case <-t.slots.Wake():
			p.Receive("share")
			p.Step("share")
			x.relimit()
		case <-x.alarm.C():
			x.alarm.Rang()
			p.Receive("alarm")
			p.Step("round")
			x.round()
		}
		x.flush()
		x.divide()
	}
}

// input takes one input. What comes before control's word on who is there is part
// of it: control says it in its order, and what remotes want is in their meters.
func (x *choker) input(in toChoker) {
	switch {
	case x.core == nil && in.begin != nil:
		x.begin(in.begin)
	case x.core == nil, in.begin != nil: // the word to one that crashed before it came will do
	case in.joined != nil:
		x.join(*in.joined)
	case in.left != 0:
		delete(x.known, in.left)
		x.core.PeerLeft(x.t.env.Clock.Now(), choke.PeerID(in.left), x)
	case in.moved != 0:
		x.interest(in.moved)
	case in.goal != nil:
		x.core.SetGoal(goalOf(*in.goal))
	}
}

// begin takes over from an earlier incarnation, if there was one. Those that it
// unchoked come first, so that they keep their slots while there are enough; who has
// none any more is told so.
func (x *choker) begin(b *beginChoker) {
	x.core = choke.New(choke.Config{
		Strategy: x.t.options.strategy(), Goal: goalOf(b.goal), Limit: x.t.up.Rate(),
		Random: rand.New(rand.NewPCG(x.t.env.Random, uint64(x.t.id))),
	})
	have, want := b.count()
	now := x.t.env.Clock.Now()
	x.core.SetShare(now, x.t.slots.Ask(now, want, have), x)
	var had []*guest
	for _, c := range b.clients {
		if c.meter.viewSlot() == choke.HasSlot {
			had = append(had, x.join(c))
		}
	}
	for _, g := range had {
		if g.slot == choke.NoSlot {
			x.out = append(x.out, slotOrder{g.client, choke.NoSlot})
		}
	}
	for _, c := range b.clients {
		x.join(c)
	}
}

// count says how many remotes have a slot and how many want one.
func (b *beginChoker) count() (have, want int) {
	for _, c := range b.clients {
		if c.meter.viewSlot() == choke.HasSlot {
			have++
		}
		if c.meter.viewInterest() == peer.Interested {
			want++
		}
	}
	return have, want
}

// join makes a connection known, unless it is.
func (x *choker) join(c client) *guest {
	if g := x.known[c.id]; g != nil {
		return g
	}
	g := &guest{client: c}
	x.known[c.id] = g
	x.core.PeerJoined(choke.PeerID(c.id), c.meter.read())
	x.interest(c.id)
	return g
}

// interest takes what a remote wants to the core.
func (x *choker) interest(id assign.HolderID) {
	g, now := x.known[id], x.t.env.Clock.Now()
	switch {
	case g == nil: // its last words
	case g.meter.viewInterest() == peer.Interested:
		x.core.PeerInterested(now, choke.PeerID(id), x)
	default:
		x.core.PeerUninterested(now, choke.PeerID(id), x)
	}
}

// round judges all slots anew, if that is due.
func (x *choker) round() {
	now := x.t.env.Clock.Now()
	x.relimit()
	for id, g := range x.known {
		x.core.PeerMeasured(choke.PeerID(id), g.meter.read())
	}
	x.core.Tick(now, x)
}

// relimit takes note of the limit.
func (x *choker) relimit() {
	if x.core != nil {
		x.core.SetLimit(x.t.env.Clock.Now(), x.t.up.Rate(), x)
	}
}

// divide brings the slots in line with the torrent's share of those of all. What it
// takes back is not another torrent's before it is carried out.
func (x *choker) divide() {
	if x.core == nil {
		return
	}
	for now := x.t.env.Clock.Now(); ; {
		before := x.core.Held()
		x.core.SetShare(now, x.t.slots.Ask(now, x.core.Demand(), before), x)
		x.flush()
		if x.core.Held() >= before {
			return
		}
	}
}

// Unchoke and Choke make the choker the Effects of its core.

// Unchoke appends an order to unchoke a remote.
func (x *choker) Unchoke(id choke.PeerID) { x.decide(id, choke.HasSlot) }

// Choke appends an order to choke it.
func (x *choker) Choke(id choke.PeerID) { x.decide(id, choke.NoSlot) }

func (x *choker) decide(id choke.PeerID, s choke.Slot) {
	g := x.known[assign.HolderID(id)]
	g.slot = s
	x.out = append(x.out, slotOrder{g.client, s})
}

// flush carries out what was decided. The meter never says of one that it has no
// slot while it may still be unchoked: the next incarnation would not choke it.
func (x *choker) flush() {
	for _, o := range x.out {
		x.p.Act("slot order")
		switch o.slot {
		case choke.HasSlot:
			o.to.meter.give(choke.HasSlot)
			o.to.orders.Put(peerOrder{kind: orderUnchoke})
		case choke.NoSlot:
			o.to.orders.Put(peerOrder{kind: orderChoke})
			o.to.meter.give(choke.NoSlot)
		}
	}
	clear(x.out)
	x.out = x.out[:0]
}

func goalOf(g peer.Goal) choke.Goal {
	if g == peer.Fetching {
		return choke.Fetching
	}
	return choke.Sharing
}
