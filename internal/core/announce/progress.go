package announce

import (
	"github.com/etorrent/etorrent/internal/vocab/ident"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/tracker"
)

// Counters is how far a torrent is. Uploaded and Downloaded are bytes since it was
// added; where they are lower than the last time, whoever counts began anew.
type Counters struct {
	Uploaded   int64
	Downloaded int64
	Left       int64 // bytes missing of the whole torrent; tracker.LeftUnknown without metadata
}

// Appetite says whether a torrent wants peers.
type Appetite uint8

// The appetites. HasEnough asks for none.
const (
	WantsPeers Appetite = iota
	HasEnough
)

type counters struct {
	uploaded   meter
	downloaded meter
	left       int64
}

// meter is a counter that never goes down.
type meter struct {
	base int64 // of those that counted before
	last int64 // as counted last
	told int64 // as a tracker was told
}

func (m *meter) read(n int64) {
	if n < m.last {
		m.base += m.last
	}
	m.last = max(n, 0)
}

func (m *meter) now() int64 { return max(m.told, m.base+m.last) }

// restart begins to count at 0 again.
func (c *counters) restart() {
	c.uploaded.read(0)
	c.downloaded.read(0)
}

type movement uint8

const (
	countersRest movement = iota
	countersMoved
)

// note makes what is counted what was told.
func (c *counters) note() movement {
	up, down := c.uploaded.now(), c.downloaded.now()
	if up == c.uploaded.told && down == c.downloaded.told {
		return countersRest
	}
	c.uploaded.told, c.downloaded.told = up, down
	return countersMoved
}

// Progress notes how far a torrent is. Nothing follows from it but what trackers are
// told the next time.
func (c *Core) Progress(id ident.TorrentID, n Counters, a Appetite) {
	if t := c.torrents[id]; t != nil {
		t.counters.uploaded.read(n.Uploaded)
		t.counters.downloaded.read(n.Downloaded)
		t.counters.left = max(n.Left, 0)
		t.appetite = a
	}
}

// Completed notes that the whole torrent was fetched and is durable. It is not for
// data that was found here by a check, and counts once for each torrent.
func (c *Core) Completed(now mono.Instant, id ident.TorrentID, eff Effects) {
	t := c.torrents[id]
	if t == nil || t.finished == finishedHere {
		return
	}
	t.finished = finishedHere
	t.counters.left = 0
	for a := range t.every() {
		if a.isKnown(now) || a.former == listedBefore || a.phase == flying && a.flight.errand == toStart && a.flight.left > 0 {
			a.owes = owesCompleted
		}
		if a.former == listedBefore && a.failures == 0 {
			a.blocked = mono.Never // until when it was expected
		}
	}
	eff.Save(id)
	c.plan(t, now, eff)
	c.pump(now, eff)
}

// CompletedTold notes that a tracker heard `completed` by a request that an earlier core
// made, and need not hear it again.
func (c *Core) CompletedTold(now mono.Instant, id ident.TorrentID, by tracker.URL, f tracker.Family, eff Effects) {
	t := c.torrents[id]
	if t == nil {
		return
	}
	for r := range t.rows() {
		if r.url == by {
			r.arms[armOf(f)].owes = owesNothing
		}
	}
	eff.Save(id)
	c.plan(t, now, eff)
	c.pump(now, eff)
}

// NowEvidence says when an announce that a person wants will be made.
//
//sumtype:decl
type NowEvidence interface{ nowEvidence() }

// SoonAsMayBe is as soon as its host may be asked.
type SoonAsMayBe struct{}

// NotBefore is later, since a tracker demands it.
type NotBefore struct{ At mono.Instant }

// NobodyToAsk is never: there is no torrent, or no tracker of it.
type NobodyToAsk struct{}

func (SoonAsMayBe) nowEvidence() {}
func (NotBefore) nowEvidence()   {}
func (NobodyToAsk) nowEvidence() {}

// AnnounceNow has a torrent announced as soon as its trackers allow, ahead of others
// and of our own back-off.
func (c *Core) AnnounceNow(now mono.Instant, id ident.TorrentID, eff Effects) NowEvidence {
	t := c.torrents[id]
	if t == nil || t.goal == leaving {
		return NobodyToAsk{}
	}
	first := mono.Never
	for _, l := range t.lanes {
		for _, a := range l.wanted(now) {
			if a.phase == flying {
				first = now
				continue
			}
			a.asked = askedFor
			first = mono.Earliest(first, a.turn(now))
		}
	}
	c.plan(t, now, eff)
	c.pump(now, eff)
	switch {
	case first == mono.Never:
		return NobodyToAsk{}
	case first > now:
		return NotBefore{first}
	}
	return SoonAsMayBe{}
}

// wanted are the arms that somebody means who wants an announce: those of the current
// tracker while it works, else of any.
func (l *lane) wanted(now mono.Instant) []*arm {
	rows := l.rows
	if l.current != nil && l.current.isWorking(now) {
		rows = []*row{l.current}
	}
	var all []*arm
	for _, r := range rows {
		arms := r.used()
		if len(arms) == 0 {
			arms = r.arms[:]
		}
		for i := range arms {
			if r.given == notGivenUp {
				all = append(all, &arms[i])
			}
		}
	}
	return all
}

// forgetAsked lets a wish rest that the current tracker has fulfilled.
func (l *lane) forgetAsked() {
	for _, r := range l.rows {
		for i := range r.arms {
			if a := &r.arms[i]; r != l.current || !a.isUsed() {
				a.asked = notAsked
			}
		}
	}
}

// NetworkChanged notes that we may have other addresses, or were suspended: trackers
// hear of us as soon as they allow, a torrent at a time, and our own back-off counts
// no more.
func (c *Core) NetworkChanged(now mono.Instant, eff Effects) {
	for _, t := range c.inOrder() {
		slot := c.spread.slot(c, t, now)
		for r := range t.members() {
			c.recovered(r)
			r.host.fresh = min(r.host.fresh, now)
			for i := range r.arms {
				r.arms[i].blocked, r.arms[i].due = slot, slot
			}
		}
		c.plan(t, now, eff)
	}
	c.pump(now, eff)
}
