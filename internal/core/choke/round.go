package choke

import (
	"time"

	"github.com/etorrent/etorrent/internal/vocab/mono"
)

const (
	// RoundEvery is how far rounds are apart.
	RoundEvery = 10 * time.Second
	// SnubAfter is how long a remote may leave our requests unanswered.
	SnubAfter = time.Minute
	// OwesFrom is how much a remote may take, in bytes, before it is to have given
	// something.
	OwesFrom = 128 << 10
	// owedShare is what part of it, at least.
	owedShare = 1.0 / 8
	// roundsKept is how many rounds a rate is taken over.
	roundsKept = 2
	// lull is how long after a round the counts of that round say little of what is
	// now.
	lull = 3 * RoundEvery
)

// Reading is what was counted on a connection since it began.
type Reading struct {
	Received, Sent int64 // bytes of blocks
	// Unanswered is since when we wait for a block that we asked for, without any;
	// Never: we do not.
	Unanswered mono.Instant
	Hold       Hold
	Piece      int64 // length of a piece: who has none has nothing to give
}

// Hold says whether it is our side that lets nothing go of what a remote asked for.
type Hold uint8

const (
	// HoldNone is said where we send as fast as the remote takes it.
	HoldNone Hold = iota
	// HeldBack is said where a limit of ours has it wait.
	HeldBack
)

// PeerMeasured takes what was counted on a connection. The owner says it of each
// before Tick.
func (c *Core) PeerMeasured(id PeerID, m Reading) {
	r := c.byID[id]
	if r == nil {
		return
	}
	c.pace.sent += max(0, m.Sent-r.seen.Sent)
	r.seen = m
}

// NextDeadline is when Tick is due next; Never while nobody waits.
func (c *Core) NextDeadline() mono.Instant { return c.due }

// Tick judges all slots anew if a round is due.
func (c *Core) Tick(now mono.Instant, fx Effects) {
	if c.due == mono.Never || now < c.due {
		return
	}
	c.measure(now)
	c.slots = c.countSlots()
	c.judge(now, fx)
	c.fill(now, fx)
}

// arm says when the next round is: while somebody waits.
func (c *Core) arm(now mono.Instant) {
	switch {
	case c.wait == 0:
		c.due = mono.Never
	case c.pace.rounds[0] == mono.Never: // the first round measures from here on
		c.pace.begin(now)
		c.mark()
		fallthrough
	default:
		c.due = max(now, c.pace.rounds[0].Add(RoundEvery))
	}
}

// mark has all rates begin anew.
func (c *Core) mark() {
	for _, r := range c.peers {
		r.mark()
	}
}

func (r *record) mark() {
	for k := range r.gaveAt {
		r.gaveAt[k] = r.seen.Received
	}
	r.tookAt = r.seen.Sent
}

// measure learns the rates of the last rounds.
func (c *Core) measure(now mono.Instant) {
	last, span := c.pace.rounds[0], c.pace.rounds[roundsKept-1]
	for _, r := range c.peers {
		r.Gave = perSecond(r.seen.Received-r.gaveAt[roundsKept-1], now.Sub(span))
		r.Took = perSecond(r.seen.Sent-r.tookAt, now.Sub(last))
		r.Use = r.viewUse(last)
		copy(r.gaveAt[1:], r.gaveAt[:])
		r.gaveAt[0], r.tookAt = r.seen.Received, r.seen.Sent
	}
	if now.Sub(last) > lull {
		c.pace.begin(now)
		c.mark()
		return
	}
	c.pace.round(now)
}

// judge gives the slots to those whom the strategy names.
func (c *Core) judge(now mono.Instant, fx Effects) {
	named := make(map[*record]struct{}, c.slots)
	for _, id := range c.choose(now, Round) {
		if r := c.byID[id]; r != nil && r.interest == interested && len(named) < c.slots {
			named[r] = struct{}{}
		}
	}
	for _, r := range c.peers { // before others get their slots
		if _, is := named[r]; r.Slot == HasSlot && !is {
			c.choke(now, r, fx)
		}
	}
	for _, r := range c.peers {
		if _, is := named[r]; is && r.Slot == NoSlot {
			c.unchoke(now, r, fx)
		}
	}
}

// viewUse says what became of a remote's slot since the last round.
func (r *record) viewUse(last mono.Instant) Use {
	switch {
	case r.Slot == NoSlot || r.Since > last:
		return UseOpen
	case r.seen.Sent == r.tookAt && r.seen.Hold == HeldBack:
		return UseOpen
	case r.seen.Sent == r.tookAt:
		return UseNone
	}
	return UseMade
}

// viewDebt says whether a remote gives for what it takes.
func (r *record) viewDebt(now mono.Instant) Debt {
	if at := r.seen.Unanswered; at != mono.Never && now.Sub(at) >= SnubAfter {
		return Snubs
	}
	switch m := &r.seen; {
	case m.Sent >= max(OwesFrom, m.Piece) && float64(m.Received) < owedShare*float64(m.Sent):
		return Owes
	case m.Received > 0:
		return Pays
	}
	return DebtNone
}

func perSecond(n int64, span time.Duration) float64 {
	if span <= 0 {
		return 0
	}
	return float64(n) / span.Seconds()
}
