package choke

import (
	"math/rand/v2"
	"slices"

	"github.com/etorrent/etorrent/internal/vocab/mono"
)

// Config is what a choker starts with.
type Config struct {
	Strategy Strategy
	Random   *rand.Rand
	// Slots is how many may fetch at once; 0: as many as Limit, or else the rate
	// that is seen, is enough for.
	Slots int
	Goal  Goal
	Limit int64 // what we may send a second, in bytes; 0: no limit
}

// Core is the choker of one torrent. It has one owner. Every remote begins choked
// and not interested; to say a thing twice changes nothing.
//
// Invariants: never more remotes have a slot than there are slots, none has one
// that is not interested, and none waits while a slot is free, if the strategy
// would serve it.
type Core struct {
	cfg   Config
	peers []*record // in the order in which they came
	byID  map[PeerID]*record
	held  int // slots
	wait  int // remotes that wait for one
	slots int // that there are now
	share int // of slots that others have a part in; Unshared: there are none
	pace  pace
	due   mono.Instant // the next round; Never while nobody waits
	view  View
}

// record is what the core keeps of a remote.
type record struct {
	Peer
	interest interest
	seen     Reading
	gaveAt   [roundsKept]int64 // what it had sent us at the last rounds, the latest first
	tookAt   int64             // what we had sent it at the last round
}

type interest uint8

const (
	uninterested interest = iota
	interested
)

// New returns a choker without remotes.
func New(cfg Config) *Core {
	c := &Core{cfg: cfg, byID: make(map[PeerID]*record), share: Unshared}
	c.slots = c.countSlots()
	return c
}

// Slots is how many may fetch at once now.
func (c *Core) Slots() int { return c.slots }

// Held is how many remotes have one.
func (c *Core) Held() int { return c.held }

// Demand is how many slots could be used now, were there no share.
func (c *Core) Demand() int { return min(c.held+c.wait, c.ownSlots()) }

// PeerJoined says that a connection trades, with what was counted on it until now.
// Nothing counts that is said of one before, or after it left.
func (c *Core) PeerJoined(id PeerID, m Reading) {
	if c.byID[id] != nil {
		return
	}
	r := &record{Peer: Peer{ID: id}, seen: m}
	r.mark()
	c.byID[id] = r
	c.peers = append(c.peers, r)
}

// PeerInterested says that a remote wants to fetch, and could: it lacks something
// that we may have.
func (c *Core) PeerInterested(now mono.Instant, id PeerID, fx Effects) {
	r := c.byID[id]
	if r == nil || r.interest == interested {
		return
	}
	r.interest, r.Since = interested, now
	c.wait++
	c.fill(now, fx)
}

// PeerUninterested says that a remote wants nothing, or could not use it: it has
// everything, or only uploads (BEP 21).
func (c *Core) PeerUninterested(now mono.Instant, id PeerID, fx Effects) {
	r := c.byID[id]
	if r == nil || r.interest == uninterested {
		return
	}
	if r.Slot == HasSlot {
		fx.Choke(id)
	}
	c.release(r)
	c.fill(now, fx)
}

// PeerLeft says that a connection has ended. It is told nothing any more, and the
// number is free for another.
func (c *Core) PeerLeft(now mono.Instant, id PeerID, fx Effects) {
	r := c.byID[id]
	if r == nil {
		return
	}
	if r.interest == interested {
		c.release(r)
	}
	delete(c.byID, id)
	at := slices.Index(c.peers, r)
	c.peers = slices.Delete(c.peers, at, at+1)
	c.fill(now, fx)
}

// SetGoal says what we are here for. It counts from the next round on.
func (c *Core) SetGoal(g Goal) { c.cfg.Goal = g }

// SetLimit says what may be sent a second, in bytes; 0 is no limit. Slots that are
// too many now are taken at once.
func (c *Core) SetLimit(now mono.Instant, perSecond int64, fx Effects) {
	if perSecond == c.cfg.Limit {
		return
	}
	c.cfg.Limit = perSecond
	c.recount(now, fx)
}

// SetShare says how many slots there may be at most, of those that a limit of
// several torrents is enough for: none or more, or Unshared. Slots that are too many
// now are taken at once.
func (c *Core) SetShare(now mono.Instant, most int, fx Effects) {
	if most == c.share {
		return
	}
	c.share = most
	c.recount(now, fx)
}

// recount counts the slots, takes those that are too many and gives away new ones.
func (c *Core) recount(now mono.Instant, fx Effects) {
	c.slots = c.countSlots()
	if c.held > c.slots {
		c.judge(now, fx)
	}
	c.fill(now, fx)
}

// release has a remote want nothing.
func (c *Core) release(r *record) {
	if r.Slot == HasSlot {
		c.held--
	} else {
		c.wait--
	}
	r.interest, r.Slot, r.Use = uninterested, NoSlot, UseOpen
}

func (c *Core) unchoke(now mono.Instant, r *record, fx Effects) {
	r.Slot, r.Past, r.Since, r.Use = HasSlot, Served, now, UseOpen
	c.held++
	c.wait--
	fx.Unchoke(r.ID)
}

func (c *Core) choke(now mono.Instant, r *record, fx Effects) {
	r.Slot, r.Since, r.Use = NoSlot, now, UseOpen
	c.held--
	c.wait++
	fx.Choke(r.ID)
}

// fill gives free slots to those who wait, and says when the next round is.
func (c *Core) fill(now mono.Instant, fx Effects) {
	if c.wait > 0 && c.held < c.slots {
		for _, id := range c.choose(now, SlotFree) {
			if r := c.byID[id]; c.held < c.slots && r != nil && r.interest == interested && r.Slot == NoSlot {
				c.unchoke(now, r, fx)
			}
		}
	}
	c.arm(now)
}

// choose asks the strategy.
func (c *Core) choose(now mono.Instant, why Occasion) []PeerID {
	v := &c.view
	*v = View{Now: now, Occasion: why, Goal: c.cfg.Goal, Slots: c.slots, Peers: v.Peers[:0], Random: c.cfg.Random}
	for _, r := range c.peers {
		if r.interest == interested {
			r.Debt = r.viewDebt(now)
			v.Peers = append(v.Peers, r.Peer)
		}
	}
	return c.cfg.Strategy.Choose(v)
}
