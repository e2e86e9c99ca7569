package reveal

import (
	"slices"

	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

const (
	// leastWindow is how many pieces one is given that has not given any on.
	leastWindow = 1
	// mostWindow keeps what one may hold back at once within reason.
	mostWindow = 4096
)

// remote is what the core knows of one.
type remote struct {
	id       RemoteID
	sight    Sight
	has      *pieceset.Set
	shown    *pieceset.Set
	fetching []pieceset.Index // shown, and it is to fetch them; the oldest first
	waiting  int              // pieces that it has from us and that have not spread
	proven   int              // that spread
	window   int
	blamed   mono.Instant // when that last became smaller
	appetite appetite
	flow     flow
}

// appetite says whether a remote takes what it is shown.
type appetite struct {
	state hunger
	// since is when it came to be in this state, or was last shown something in it.
	since mono.Instant
	probe int // pieces that one is shown that wanted none of those before
}

// hunger is what a remote does about the pieces that it is shown.
type hunger uint8

const (
	undecided hunger = iota // it was shown something, and has not said
	eager                   // it is interested
	sated                   // it is not, and has all that it was shown
	averse                  // it is not, although it lacks what it was shown
	inert                   // it is, and takes nothing, although it may
)

// isSeeking says whether it lacks something that it may want and take.
func (r *remote) isSeeking() bool {
	return !r.has.IsFull() && r.appetite.state != averse && r.appetite.state != inert
}

// seeks keeps the count of those that seek, around a change.
func (c *Core) seeks(r *remote, change func()) {
	before := r.isSeeking()
	change()
	switch after := r.isSeeking(); {
	case before && !after:
		c.crowd.seeking--
	case after && !before:
		c.crowd.seeking++
	}
}

// RemoteJoined says that a connection trades. shown is what it was shown before,
// where the core takes over from another; nil is nothing. Nothing counts that is
// said of one before, or after it left.
func (c *Core) RemoteJoined(now mono.Instant, id RemoteID, s Sight, shown *pieceset.Set) {
	if c.byID[id] != nil {
		return
	}
	n := len(c.pieces)
	r := &remote{id: id, sight: s, has: pieceset.New(n), shown: pieceset.New(n), window: leastWindow}
	r.appetite = appetite{since: now, probe: 1}
	r.flow.at, r.flow.moved = now, now
	c.byID[id] = r
	c.remotes = append(c.remotes, r)
	if r.isSeeking() {
		c.crowd.seeking++
	}
	if shown != nil && !shown.IsEmpty() {
		r.flow.arrival = arrivedBefore
		r.shown.AddAll(shown)
		for i := range shown.All() {
			c.sendOut(now, r, i)
		}
	}
	c.wake(now)
}

// sendOut notes that a remote is to fetch a piece that it was shown.
func (c *Core) sendOut(now mono.Instant, r *remote, i pieceset.Index) {
	r.fetching = append(r.fetching, i)
	c.pieces[i].changed = now
	c.moveOut(i, 1)
}

// RemoteHasSet says that a remote has the pieces of s, of the torrent's size, beside
// those it had.
func (c *Core) RemoteHasSet(now mono.Instant, id RemoteID, s *pieceset.Set) {
	r := c.byID[id]
	if r == nil || s == nil {
		return
	}
	how := gotNow
	if r.has.IsEmpty() && r.flow.arrival != arrivedBefore {
		how = cameWith
		if s.IsFull() {
			r.flow.arrival = arrivedComplete
			c.crowd.came++
		}
	}
	for i := range s.All() {
		if !r.has.Has(i) {
			c.gain(now, r, i, how)
		}
	}
}

// RemoteHas says that a remote has piece i.
func (c *Core) RemoteHas(now mono.Instant, id RemoteID, i pieceset.Index) {
	r := c.byID[id]
	if r == nil || r.has.Has(i) {
		return
	}
	c.gain(now, r, i, gotNow)
}

// origin says how a remote comes to have a piece.
type origin uint8

const (
	gotNow   origin = iota
	cameWith        // it had the piece when it came
)

// gain notes that a remote has a piece.
func (c *Core) gain(now mono.Instant, r *remote, i pieceset.Index, how origin) {
	c.seeks(r, func() { r.has.Add(i) })
	c.pieces[i].changed = now
	c.moveHolders(i, 1)
	if at := slices.Index(r.fetching, i); at >= 0 {
		r.fetching = slices.Delete(r.fetching, at, at+1)
		r.flow.taken = max(0, r.flow.taken-c.cfg.Geometry.PieceSize(i))
		c.moveOut(i, -1)
	}
	switch given := r.shown.Has(i); {
	case how == cameWith:
		c.settle(i, 0)
	case given && c.pieces[i].holders == 1:
		c.waits[i] = r
		r.waiting++
	case !given:
		c.spread.note(now)
		c.settle(i, 1)
	default:
		c.settle(i, 0)
	}
	if r.has.IsFull() {
		c.judgeEnd(r)
	}
	c.wake(now)
}

// settle notes that a piece is not to spread any more from who alone had it, with so
// much credit to it.
func (c *Core) settle(i pieceset.Index, credit int) {
	if r := c.waits[i]; r != nil {
		r.waiting--
		r.proven += credit
		r.window = min(mostWindow, r.window+credit)
		delete(c.waits, i)
	}
}

// RemoteLeft says that a connection has ended.
func (c *Core) RemoteLeft(now mono.Instant, id RemoteID) {
	r := c.byID[id]
	if r == nil {
		return
	}
	if r.isSeeking() {
		c.crowd.seeking--
	}
	if r.flow.arrival == arrivedComplete {
		c.crowd.came--
	}
	c.giveUp(r)
	for i := range r.has.All() {
		if c.waits[i] == r {
			delete(c.waits, i)
		}
		c.moveHolders(i, -1)
	}
	delete(c.byID, id)
	c.remotes = slices.DeleteFunc(c.remotes, func(o *remote) bool { return o == r })
	c.wake(now)
}

// giveUp expects a remote to fetch nothing any more of what it was shown, though it
// may.
func (c *Core) giveUp(r *remote) {
	for _, i := range r.fetching {
		c.moveOut(i, -1)
	}
	r.fetching = r.fetching[:0]
}

// judgeEnd counts a remote that has everything, and looks whether that is enough.
func (c *Core) judgeEnd(r *remote) {
	if r.flow.arrival != arrivedComplete {
		c.crowd.complete++
	}
	if c.state != keepsBack {
		return
	}
	switch n := c.crowd.complete + c.crowd.came; {
	case r.flow.arrival == arrivedComplete && c.crowd.complete == 0:
		c.state, c.crowd.why = ending, OtherSeed{r.id}
	case n >= completeRemotes:
		c.state, c.crowd.why = ending, EnoughComplete{n}
	}
}
