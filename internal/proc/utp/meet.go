package utp

import (
	"time"

	"github.com/etorrent/etorrent/internal/core/utp/conn"
	"github.com/etorrent/etorrent/internal/vocab/mono"
)

// reliefAfter is how long a connection keeps the memory of streams that stand still, for what
// may follow.
const reliefAfter = time.Second

// meet tells the user what came, and the core what the user did.
func (c *cell) meet() {
	if c.isOver() {
		return
	}
	unread, read := c.pass()
	c.tune(unread, read)
	if c.isOver() {
		return
	}
	if n := &c.news; n.consumed+n.appended > 0 || n.wants != stays {
		c.step(toApply)
	}
	if !c.isOver() && c.core.Phase() == conn.Closed {
		c.x.bury(c, c.why)
	}
}

// pass is what passes between the process and the user, under the lock. It says how many bytes
// waited to be read before, and how many were.
func (c *cell) pass() (unread, read int) {
	u, n, chunks := c.user, &c.news, &c.x.m.chunks
	u.mu.Lock()
	defer u.mu.Unlock()
	unread, read = u.in.seen.ready, u.consumed
	u.in.show()
	u.tellRead = c.tuning.window / tellReadAfter
	if c.due.relief == mono.Never { // else the process looks again, when all may be read
		u.tellRead = min(u.tellRead, u.in.seen.ready)
	}
	n.consumed, u.consumed = n.consumed+u.consumed, 0
	n.appended += u.out.take()
	u.out.rest(chunks)
	if u.wants >= closes {
		u.in.drop(chunks)
	} else {
		u.in.rest(chunks)
	}
	if u.wants > n.applied {
		n.wants, n.applied = u.wants, u.wants
	}
	if n.answered == hasAnswered {
		u.open()
	}
	u.theirs = n.theirs
	if u.in.seen.ready > 0 || u.theirs == ended {
		c.x.rouse(&u.reads)
	}
	n.writer = c.letWrite()
	if u.asked != nil {
		s := c.status()
		u.status = &s
		close(u.asked)
		u.asked = nil
	}
	if u.notice == told {
		u.notice = untold
	}
	return unread, read
}

// unsentOf is how many bytes of each of so many connections may wait to be sent for the first
// time.
func unsentOf(connections int) int {
	return min(unsentMost, max(unsentAll/max(1, connections), unsentLeast))
}

// letWrite has who waits write, if there is room for more than a little. It says whether
// somebody waits on. With the lock.
func (c *cell) letWrite() waiting {
	u := c.user
	if u.out.isOpen() {
		c.x.rouse(&u.writes)
	}
	return u.writes.waiting
}

// rouse has who waits look again when all that leaves now is written. With the lock of its
// connection.
func (x *process) rouse(h *half) {
	if b := h.rouse(); b != nil {
		x.turns.roused = append(x.turns.roused, b)
	}
}

// meetWriter has a user who waits write on, when there is room since the flush.
func (c *cell) meetWriter() {
	most := c.user.out.most()
	if c.news.writer == nobody || int(c.user.out.kept.end-c.user.out.kept.sent) > most-most/4 {
		return
	}
	u := c.user
	u.mu.Lock()
	defer u.mu.Unlock()
	u.out.told.sent = u.out.kept.sent
	c.news.writer = c.letWrite()
}

// status is how it does.
func (c *cell) status() Status {
	return Status{
		Status: c.core.Status(), Delivered: c.counts.delivered, Confirmed: c.user.out.kept.freed,
		Sent: c.counts.sent, Again: c.counts.again, Received: c.counts.received,
	}
}
