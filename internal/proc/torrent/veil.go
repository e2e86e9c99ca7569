package torrent

import (
	"github.com/etorrent/etorrent/internal/core/assign"
	"github.com/etorrent/etorrent/internal/core/choke"
	"github.com/etorrent/etorrent/internal/core/peer"
	"github.com/etorrent/etorrent/internal/core/reveal"
	"github.com/etorrent/etorrent/internal/leaf/havelog"
	"github.com/etorrent/etorrent/internal/vocab/event"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// Super seeding (BEP 16). A connection that begins while the torrent has everything,
// and the veil is down, has a log of its own, which is empty at first: it tells the
// remote of the pieces in there and serves no others. The assign process, which hears
// what remotes have, owns the core that decides, and appends. What was shown is in
// these logs, so that the next incarnation goes on from there.

// veil says whether a torrent keeps back what it has.
type veil uint8

const (
	unveiled veil = iota
	veiled
)

// unveil says that nothing is kept back any more.
type unveil struct{ why reveal.Ending }

func (s Seeding) veil() veil {
	if s == SuperSeeding {
		return veiled
	}
	return unveiled
}

// sharing is the goal of a torrent that wants nothing more. One that lacks pieces says
// what it has; those that a check found count at once, since they are served.
func (c *control) sharing() peer.Goal {
	if c.t.legacy.veil == veiled && c.log.Count() == c.layout.geometry.Pieces() {
		return peer.SuperSeeding
	}
	return peer.UploadOnly
}

// unveil tells all connections what we are here for, and has new ones see all.
func (c *control) unveil(u *unveil) {
	if c.t.legacy.veil == veiled {
		c.t.legacy.veil = unveiled
		c.post(func(h event.Head) event.Event { return endedOf(h, u.why) })
	}
	if c.phase == phaseRunning {
		c.judgeGoal()
	}
}

// endedOf is the event of an ending.
func endedOf(h event.Head, why reveal.Ending) event.SuperSeedingEnded {
	e := event.SuperSeedingEnded{Head: h}
	switch why := why.(type) {
	case reveal.EnoughComplete:
		e.Why, e.Complete = event.EnoughComplete, why.Remotes
	case reveal.OtherSeed:
		e.Why, e.Complete = event.OtherSeed, 1
	}
	return e
}

// sight is what a new connection tells its remote of, and the same where that is not
// everything.
func (s *swarm) sight() (log, shown *havelog.Log) {
	if s.c.goal != peer.SuperSeeding {
		return s.c.log, nil
	}
	shown = havelog.New(pieceset.New(s.c.layout.geometry.Pieces()))
	return shown, shown
}

// meets has the core that super seeds know of a peer that joins.
func (a *assigner) meets(h assign.HolderID, l line) {
	switch {
	case a.reveal == nil && l.shown != nil: // it began before that was over
		a.showAll(l)
	case a.reveal == nil:
	case l.shown == nil:
		a.reveal.RemoteJoined(a.t.env.Clock.Now(), reveal.RemoteID(h), reveal.SeesAll, nil)
	default:
		before, _ := l.shown.Since(0, nil)
		shown := pieceset.Of(a.begun.geometry.Pieces(), before...)
		a.reveal.RemoteJoined(a.t.env.Clock.Now(), reveal.RemoteID(h), reveal.SeesShown, shown)
	}
}

func (a *assigner) seesSet(h assign.HolderID, s *pieceset.Set) {
	if a.reveal != nil {
		a.reveal.RemoteHasSet(a.t.env.Clock.Now(), reveal.RemoteID(h), s)
	}
}

func (a *assigner) sees(h assign.HolderID, i pieceset.Index) {
	if a.reveal != nil {
		a.reveal.RemoteHas(a.t.env.Clock.Now(), reveal.RemoteID(h), i)
	}
}

// showMore shows what follows from the inputs.
func (a *assigner) showMore() {
	if a.reveal != nil {
		a.p.Step("reveal")
		a.reveal.Settle(a.t.env.Clock.Now(), a)
	}
}

// tick has the core judge what remotes do with what they were shown.
func (a *assigner) tick() {
	if a.reveal == nil {
		return
	}
	a.p.Step("reveal")
	now := a.t.env.Clock.Now()
	for h, l := range a.lines {
		a.reveal.RemoteMeasured(now, reveal.RemoteID(h), l.meter.sight())
	}
	a.reveal.Tick(now, a)
}

// sight is what the core is told of a connection.
func (m *meter) sight() reveal.Reading {
	r := reveal.Reading{Sent: m.sent.Load()}
	if m.viewInterest() == peer.Interested {
		r.Interest = reveal.Interested
	}
	if m.viewSlot() == choke.HasSlot {
		r.Slot = reveal.HasSlot
	}
	return r
}

// Reveal and Unveil make the assigner the Effects of the core that super seeds.

// Reveal shows a piece to a remote. To show less than was decided, because this process
// ends, does no harm: the next one begins with what was shown.
func (a *assigner) Reveal(id reveal.RemoteID, i pieceset.Index) {
	a.p.Act("reveal")
	a.lines[assign.HolderID(id)].shown.Append(i)
}

// Unveil shows everything to all.
func (a *assigner) Unveil(why reveal.Ending) {
	a.reveal = nil
	a.t.control.Put(toControl{unveil: &unveil{why}})
	for _, l := range a.lines {
		if l.shown != nil {
			a.p.Act("unveil")
			a.showAll(l)
		}
	}
}

func (a *assigner) showAll(l line) {
	l.shown.AppendAll(pieceset.Full(a.begun.geometry.Pieces()))
}
