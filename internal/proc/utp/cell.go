package utp

import (
	"net/netip"
	"slices"

	"github.com/etorrent/etorrent/internal/core/utp/conn"
	"github.com/etorrent/etorrent/internal/core/utp/door"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/utpwire"
	"github.com/etorrent/etorrent/sup"
)

// cell is a connection as the process has it: the core, which is stepped under a guard, and
// what it had the process do.
type cell struct {
	x      *process
	user   *Conn
	core   *conn.Conn
	guard  *sup.Cell
	remote netip.AddrPort
	from   netip.Addr // the address of ours that its packets leave from; zero: the system's choice
	known  known
	claim  *claim // where the remote may be now; nil: nobody says that it moved
	due    due
	mark   mark
	putOff mark // its reader is woken later
	heard  heard

	// A step: run is a method that is bound once.
	run    func()
	do     task
	news   news
	why    error // what ends it, where the core does not know
	counts counts
	tuning tuning
	trace  *flowTrace // nil: it has none
}

// known is what it is known by.
type known struct {
	ids   [conn.Attempts]utpwire.ConnID
	owned int   // of ids
	alike *cell // another one with the same id
}

// heard is when the last packet of the remote came, and the last one of its stream that was in
// order.
type heard struct {
	any, inOrder mono.Instant
	last         utpwire.Header // of the last packet that came
}

// mark says whether it is among those that were touched.
type mark uint8

const (
	unmarked mark = iota
	marked
)

// task is what a step does.
type task uint8

const (
	toReceive task = iota
	toExpire
	toApply // what the user wants and did
	toFlush
	toAbort
	toRefuse // what the link did not take
	toResize // its window
	toJudge  // a packet from elsewhere
	toChallenge
	toMove
)

// news is what the core has told since the user was met.
type news struct {
	answered answered
	theirs   theirs
	reason   conn.Reason
	// what the user did
	appended, consumed int
	wants, applied     wants
	writer             waiting
}

// answered says whether a remote that was asked has answered.
type answered uint8

const (
	unanswered answered = iota
	hasAnswered
)

// counts are for people.
type counts struct{ sent, again, received, delivered uint64 }

// admit makes the cell of one connection more, whose core is made by its first step. No packets
// are its own yet.
func (x *process) admit(u *Conn, core func() *conn.Conn) *cell {
	x.living++
	x.divide()
	c := &cell{x: x, user: u, remote: u.remote, tuning: newTuning(x.now, x.first()), heard: heard{any: x.now, inOrder: x.now}, guard: x.p.NewCell("conn[" + u.remote.String() + "]")}
	c.run, c.trace = c.work, x.m.cfg.Trace.flow(x.now, u.remote)
	u.cell = c
	if crash := c.guard.Step(func() { c.core = core() }); crash != nil {
		x.crashed(c, crash)
	}
	return c
}

// own has packets with an id be the cell's.
func (x *process) own(c *cell, id utpwire.ConnID) {
	c.known.ids[c.known.owned] = id
	c.known.owned++
	x.table[door.KeyOf(c.remote, id)] = c
}

// disclaim has packets with an id be the cell's no more.
func (x *process) disclaim(c *cell, id utpwire.ConnID) {
	delete(x.table, door.KeyOf(c.remote, id))
	c.known.owned = len(slices.DeleteFunc(c.known.ids[:c.known.owned], func(own utpwire.ConnID) bool { return own == id }))
}

// isOver says whether the process has done with it.
func (c *cell) isOver() bool { return c.core == nil }

// step has the core do something. A panic ends the connection, and no other.
func (c *cell) step(do task) {
	c.do = do
	if crash := c.guard.Step(c.run); crash != nil {
		c.x.crashed(c, crash)
	}
}

// work is what runs under the guard.
func (c *cell) work() {
	now := c.x.now
	switch c.do {
	case toReceive:
		c.x.step.arrival = c.core.Receive(now, &c.x.step.packet, c)
	case toExpire:
		c.core.Expire(now, c)
		if c.due.relief != mono.Never && c.due.relief <= now {
			c.due.relief = mono.Never
			c.core.Rest()
		}
	case toApply:
		c.apply(now)
	case toFlush:
		c.core.Flush(now, c)
		c.due.core = c.core.Deadline()
		c.record(now)
	case toAbort:
		c.core.Abort(now, c)
	case toRefuse:
		c.refuse(now)
	case toResize:
		c.core.Resize(c.tuning.window)
	case toJudge:
		c.x.step.claim = c.core.ViewClaim(now, &c.x.step.packet, c.x.step.asked)
	case toChallenge:
		c.x.step.challenge, c.x.step.asked = c.core.Challenge(now, &c.x.step.packet)
	case toMove:
		c.core.Moved(c.x.step.way)
	}
}

// apply tells the core what the user did.
func (c *cell) apply(now mono.Instant) {
	n := &c.news
	if n.consumed > 0 {
		c.core.Read(n.consumed)
	}
	if n.appended > 0 {
		c.core.Append(n.appended)
	}
	switch n.wants {
	case stays:
	case finishes:
		c.core.Finish()
	case closes:
		c.core.Close(now, c)
	case aborts:
		c.core.Abort(now, c)
	}
	n.consumed, n.appended, n.wants = 0, 0, stays
}

// bury ends the connection for the process and for its user.
func (x *process) bury(c *cell, why error) {
	if why == nil {
		why = endOf(c.news.reason)
	}
	status := c.status()
	c.endTrace(status.Status)
	u := c.user
	u.mu.Lock()
	u.status = &status
	u.out.drop(&x.m.chunks)
	u.mu.Unlock()
	c.guard.End()
	x.remove(c)
	u.finish(why)
}

// remove takes a cell out of everything.
func (x *process) remove(c *cell) {
	x.places.delist(c)
	for _, id := range c.known.ids[:c.known.owned] {
		delete(x.table, door.KeyOf(c.remote, id))
	}
	x.due.remove(c)
	c.core = nil
	x.living--
	x.divide()
	if x.living == 0 {
		x.rest()
	}
}

// rest gives back the memory that nobody uses while there are no connections.
func (x *process) rest() {
	x.m.chunks.rest()
	x.door.Rest(x.now)
	x.shared = newShared()
	x.turns.spare = nil
}

// crashed throws away a connection whose core has panicked. The pool that it may have had
// in its hands is used by no new one. The remote is told by an answer to its last packet,
// of which the core need not be asked.
func (x *process) crashed(c *cell, crash *sup.Crash) {
	x.shared = newShared()
	x.disown(c)
	x.out.forget(c)
	c.leaveTrace()
	x.remove(c)
	c.user.mu.Lock()
	c.user.out = newOutflow(&x.m.chunks) // the old one is not used again: nobody knows what it was in the middle of
	c.user.mu.Unlock()
	c.user.finish(&EndError{Reason: Crashed, Err: crash.Err()})
}

// disown answers the last packet of the remote as one of a connection that there is not.
func (x *process) disown(c *cell) {
	if c.counts.received > 0 && c.heard.last.Kind != utpwire.Reset {
		reset := c.heard.last.Denied(utpwire.StampAt(x.now))
		x.out.post(c.remote, c.from, &reset)
	}
}
