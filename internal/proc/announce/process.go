package announce

import (
	"math/rand/v2"

	"github.com/etorrent/etorrent/internal/core/announce"
	"github.com/etorrent/etorrent/internal/proc/clock"
	"github.com/etorrent/etorrent/internal/vocab/ident"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/sup"
)

// process is the state of one incarnation.
type process struct {
	p       *sup.Process
	s       *Service
	state   *state
	core    *announce.Core
	alarm   *clock.Alarm
	batch   batch
	told    []told
	ended   []outcome // that are to be told to the core
	flights map[announce.RequestID]*flight
	held    []*flight // until something is kept
	keeper  keeper
	names   names
	web     web
	wires   wires
	scrapes scrapes
}

func (s *Service) run(p *sup.Process) error {
	st := &s.state
	st.incarnations++
	x := &process{
		p: p, s: s, state: st, alarm: s.cfg.Clock.NewAlarm(),
		core:    announce.New(s.cfg.Core, rand.New(rand.NewPCG(s.cfg.Random, st.incarnations))),
		flights: map[announce.RequestID]*flight{}, names: newNames(), web: newWeb(), wires: newWires(), scrapes: newScrapes(),
	}
	defer x.alarm.Stop()
	p.Watches(s.commands, s.outcomes, s.replies, s.kept)
	p.Ready()
	if st.respite.Rest(p, x.now()) == sup.StopAsked {
		return nil
	}
	x.takeOver()
	for {
		x.settle()
		x.alarm.Arm(x.deadline())
		select {
		case <-p.Stopping():
			p.Receive("stop")
			return nil
		case <-s.commands.Wake():
			p.Receive("command")
			x.state.waiting = append(x.state.waiting, s.commands.Take(nil)...)
			x.obeyAll()
		case <-s.outcomes.Wake():
			p.Receive("outcome")
			x.takeOutcomes()
		case <-s.replies.Wake():
			p.Receive("reply")
			for _, r := range x.takeReplies() {
				x.hear(r)
			}
		case <-s.kept.Wake():
			p.Receive("kept")
			for _, k := range s.kept.Take(nil) {
				x.noteKept(k)
			}
		case <-x.alarm.C():
			x.alarm.Rang()
			p.Receive("deadline")
			x.tick()
		}
	}
}

func (x *process) now() mono.Instant { return x.s.cfg.Clock.Now() }

// deadline is when there is something to do that nobody will tell.
func (x *process) deadline() mono.Instant {
	at := mono.Earliest(x.core.NextDeadline(), x.web.deadline())
	for _, f := range x.held {
		at = mono.Earliest(at, f.held)
	}
	return mono.Earliest(at, x.keeper.deadline())
}

func (x *process) tick() {
	now := x.now()
	x.drain()
	if at := x.core.NextDeadline(); at != mono.Never && at <= now {
		x.core.Tick(now, &x.batch)
		x.p.Step("tick")
	}
	x.releaseLate(now)
	x.web.expire(now)
}

// takeOver goes on where a former process ended. What it had in flight is lost; what
// its trackers knew is in what was saved, so that they hear of each torrent again when
// it is due, one after the other. Who was being taken leave of hears nothing more.
func (x *process) takeOver() {
	now := x.now()
	for _, e := range x.state.entries {
		e.record.phase = recordRests
	}
	x.takeOutcomes()
	x.takeReplies() // to questions that nobody here asked
	x.state.waiting = append(x.state.waiting, x.s.commands.Take(nil)...)
	for _, c := range x.state.waiting {
		if c, is := c.(completed); is {
			if e := x.announced(c.id); e != nil {
				e.finish() // while it is known who lists it
			}
		}
	}
	for _, e := range x.state.inOrder() {
		switch {
		case e.goal == announced && x.state.leaving == nil:
			x.core.Add(now, e.id, e.about, e.restored(now), &x.batch)
			e.hearAgain(x.core)
			x.p.Step("restore")
			x.s.slate.post(e.id, x.core.Trackers(e.id))
		case e.goal != gone:
			e.goal = gone
			e.unlist()
			e.record.version++
		}
		x.keeper.want(e)
	}
	for _, k := range x.s.kept.Take(nil) {
		x.noteKept(k)
	}
	x.scrapeAgain()
	x.obeyAll()
}

// drain has the core hear how far torrents are.
func (x *process) drain() {
	x.told = x.s.slate.take(x.told)
	for _, t := range x.told {
		if e := x.state.entries[t.id]; e != nil && e.session == t.session && e.goal == announced {
			e.hear(x.core, t.news)
		}
	}
}

// obeyAll does what was commanded. What a command changes for good is noted before the
// core hears of it, so that a crash in it loses nothing but itself.
func (x *process) obeyAll() {
	x.drain()
	for len(x.state.waiting) > 0 {
		c := x.state.waiting[0]
		x.state.waiting = x.state.waiting[1:]
		x.obey(c, x.now())
		x.p.Step("command")
	}
}

func (x *process) obey(c command, now mono.Instant) {
	switch c := c.(type) {
	case begin:
		x.begin(c, now)
	case completed:
		if e := x.announced(c.id); e != nil {
			e.finish()
			x.core.Completed(now, c.id, &x.batch)
		}
	case setTrackers:
		if e := x.announced(c.id); e != nil {
			e.about.Tiers = c.tiers
			x.core.SetTrackers(now, c.id, c.tiers, &x.batch)
			x.s.slate.post(c.id, x.core.Trackers(c.id))
		}
	case announceNow:
		x.core.AnnounceNow(now, c.id, &x.batch)
	case networkChanged:
		x.networkChanged(now)
	case portChanged:
		x.portChanged(now)
	case end:
		if e := x.announced(c.id); e != nil {
			e.goal = leftBehind
			x.core.Remove(now, c.id, &x.batch)
		}
	case leave:
		x.leave(c, now)
	case scrapeFor:
		x.scrapeFor(c.asking)
	case unscrapeFor:
		x.unscrapeFor(c.asking)
	}
}

func (x *process) portChanged(now mono.Instant) {
	port := x.s.cfg.Port()
	for told := range x.state.ports {
		if told != port {
			x.networkChanged(now)
			return
		}
	}
}

func (x *process) networkChanged(now mono.Instant) {
	clear(x.state.ports)
	x.core.NetworkChanged(now, &x.batch)
	x.web.closeAll()
	x.wires.forget()
}

// announced is a torrent that is not being taken leave of; nil if there is none.
func (x *process) announced(id ident.TorrentID) *entry {
	if e := x.state.entries[id]; e != nil && e.goal == announced {
		return e
	}
	return nil
}

func (x *process) begin(b begin, now mono.Instant) {
	if x.state.leaving != nil {
		return
	}
	if e := x.announced(b.ID); e != nil {
		e.epoch, e.into, e.record.hope = b.Epoch, b.Into, keepable
		return
	}
	e := x.state.enter(b, now)
	x.core.Add(now, e.id, e.about, e.origin(b.From, now), &x.batch)
	if n, said := x.s.slate.last(e.id, e.session); said != saidNothing {
		e.hear(x.core, n)
	}
	e.save(x.core.Snapshot(now, e.id), now)
	x.s.slate.post(e.id, x.core.Trackers(e.id))
}

// leave ends all announcing.
func (x *process) leave(l leave, now mono.Instant) {
	if x.state.leaving == nil {
		x.state.leaving = &leaving{until: l.until}
		for _, e := range x.state.entries {
			if e.goal == announced {
				e.goal = leftBehind
			}
		}
		x.core.Stop(now, l.until, &x.batch)
		x.keeper.at = mono.Never // this is the last try
	}
	x.state.leaving.left = append(x.state.leaving.left, l.left)
}

// sayLeft tells who waits for the end of all announcing.
func (x *process) sayLeft() {
	l := x.state.leaving
	if l == nil || len(x.state.entries) > 0 {
		return
	}
	for _, left := range l.left {
		close(left)
	}
	l.left = nil
}
