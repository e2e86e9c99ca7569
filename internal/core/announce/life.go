package announce

import (
	"cmp"
	"slices"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/ident"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/ordered"
	"github.com/etorrent/etorrent/internal/vocab/tracker"
	"github.com/etorrent/etorrent/metainfo"
)

// MaxTrackers is how many trackers of one torrent are used.
const MaxTrackers = 100

// Torrent is what a torrent is announced as.
type Torrent struct {
	InfoHash tracker.InfoHash
	PeerID   [20]byte // fresh for each run
	Privacy  metainfo.Privacy
	Reach    Reach
	Tiers    [][]tracker.URL // in order (BEP 12)
	Left     int64           // until Progress says another; see Counters
}

// Reach says how many trackers of a torrent are announced to at once.
type Reach uint8

// The reaches. OneTracker is BEP 12 to the letter, and that of private torrents
// whatever was said (BEP 27). EachTier has one tracker of each tier.
const (
	OneTracker Reach = iota
	EachTier
)

// Origin says where a torrent comes from.
//
//sumtype:decl
type Origin interface{ origin() }

// Fresh was added or resumed by somebody who waits for it.
type Fresh struct{}

// Restored is there again after a restart. Age is how long ago Saved was taken, by a
// clock that goes on in between; 0 where it was set back.
type Restored struct {
	Saved Saved
	Age   time.Duration
}

// Resumed was saved in this run or another, and somebody waits for it now.
type Resumed struct {
	Saved Saved
	Age   time.Duration
}

func (Fresh) origin()    {}
func (Restored) origin() {}
func (Resumed) origin()  {}

// originKind says whether somebody waits.
type originKind uint8

const (
	originFresh originKind = iota
	originRestored
)

// AddEvidence says what became of Add.
type AddEvidence uint8

// The outcomes of Add and SetTrackers. AddedInPart leaves out trackers beyond
// MaxTrackers.
const (
	Added AddEvidence = iota
	AddedInPart
	AlreadyThere
	NotThere
	Closed // Stop was said
)

// Add begins to announce a torrent. One that is being taken leave of comes back with
// its counters and what its trackers know; then only what changed counts of what is
// given.
func (c *Core) Add(now mono.Instant, id ident.TorrentID, about Torrent, from Origin, eff Effects) AddEvidence {
	if c.life == closed {
		return Closed
	}
	if about.Privacy == metainfo.Private {
		about.Reach = OneTracker
	}
	if t := c.torrents[id]; t != nil {
		return c.comeBack(t, about, now, eff)
	}
	c.starts++
	t := &torrent{about: about, id: id, order: c.starts, key: c.rnd.Uint32()}
	t.timer.of = t
	t.counters.left = max(about.Left, 0)
	c.torrents[id] = t
	switch from := from.(type) {
	case Fresh:
		c.setTiers(t, nil, now)
	case Resumed:
		c.restore(t, &from.Saved, from.Age, now)
	case Restored:
		t.origin = originRestored
		c.restore(t, &from.Saved, from.Age, now)
		t.notBefore = c.spread.slot(c, t, now)
	}
	c.plan(t, now, eff)
	c.pump(now, eff)
	return t.taken()
}

// taken says whether all trackers that were named are used.
func (t *torrent) taken() AddEvidence {
	named := 0
	for _, tier := range t.about.Tiers {
		named += len(tier)
	}
	if named > MaxTrackers {
		return AddedInPart
	}
	return Added
}

func (c *Core) comeBack(t *torrent, about Torrent, now mono.Instant, eff Effects) AddEvidence {
	if t.goal == announcing {
		return AlreadyThere
	}
	c.starts++
	t.goal, t.order, t.origin, t.heard = announcing, c.starts, originFresh, heardNothing
	if about.PeerID != t.about.PeerID {
		for a := range t.every() {
			a.told = toldNothing // they know another peer
		}
	}
	t.about = about
	t.counters.restart()
	t.counters.left = max(about.Left, 0)
	c.setTiers(t, nil, now)
	c.plan(t, now, eff)
	c.pump(now, eff)
	return t.taken()
}

// Remove stops announcing a torrent. The trackers that know of it are told so, then
// it is Gone.
func (c *Core) Remove(now mono.Instant, id ident.TorrentID, eff Effects) {
	t := c.torrents[id]
	if t == nil || t.goal == leaving {
		return
	}
	c.leave(t, now, eff)
	c.pump(now, eff)
}

func (c *Core) leave(t *torrent, now mono.Instant, eff Effects) {
	t.goal = leaving
	for r := range t.rows() {
		r.waits = waitsForNothing
	}
	c.plan(t, now, eff)
}

// SetTrackers gives a torrent other trackers. Those that stay keep their state, those
// that go are told that it stopped.
func (c *Core) SetTrackers(now mono.Instant, id ident.TorrentID, tiers [][]tracker.URL, eff Effects) AddEvidence {
	t := c.torrents[id]
	if t == nil || t.goal == leaving {
		return NotThere
	}
	var was *row
	if len(t.lanes) > 0 {
		was = t.lanes[0].current
	}
	t.about.Tiers = tiers
	c.setTiers(t, nil, now)
	if was != nil && was.place == removedRow && t.isPrivate() {
		eff.Drop(id, was.url)
	}
	eff.Save(id)
	c.plan(t, now, eff)
	c.pump(now, eff)
	return t.taken()
}

// Stop takes leave of all torrents, the newest first, and gives up at the deadline
// what is left of it. Then Len is 0.
func (c *Core) Stop(now, deadline mono.Instant, eff Effects) {
	c.life, c.closing = closed, deadline
	for _, t := range c.inOrder() {
		if t.goal == announcing {
			c.leave(t, now, eff)
		}
	}
	c.pump(now, eff)
}

// inOrder are all torrents, the newest first.
func (c *Core) inOrder() []*torrent {
	all := make([]*torrent, 0, len(c.torrents))
	for _, t := range c.torrents {
		all = append(all, t)
	}
	slices.SortFunc(all, func(a, b *torrent) int { return cmp.Compare(b.order, a.order) })
	return all
}

// giveUp is the end of Stop.
func (c *Core) giveUp(now mono.Instant, eff Effects) {
	for _, t := range c.inOrder() {
		for a := range t.every() {
			switch a.phase {
			case queued:
				c.dequeue(a, now)
			case flying:
				c.land(a, now)
			case resting:
			}
		}
		c.finish(t, now, eff)
	}
	c.closing, c.hosts, c.timers = mono.Never, map[string]*host{}, ordered.Heap[*timer]{}
}

// releaseIfQuiet says whether nothing is left to be told to a tracker that was
// removed, of which nothing is kept then.
func (c *Core) releaseIfQuiet(r *row, now mono.Instant) bool {
	for i := range r.arms {
		if r.arms[i].phase != resting {
			return false
		}
	}
	c.release(r, now)
	return true
}

// finish forgets a torrent.
func (c *Core) finish(t *torrent, now mono.Instant, eff Effects) {
	saved := t.save(now)
	for r := range t.rows() {
		c.release(r, now)
	}
	c.timers.Remove(&t.timer)
	delete(c.torrents, t.id)
	eff.Gone(t.id, saved)
}
