package utp

import (
	"time"

	"github.com/etorrent/etorrent/internal/core/utp/conn"
	"github.com/etorrent/etorrent/internal/vocab/mono"
)

// reliefAfter is how long a connection keeps the memory of streams that stand still, for what
// may follow.
const reliefAfter = time.Second

const (
	// enoughToRead is for how many bytes a user is woken at once, and putOffMost for how long
	// fewer may wait.
	enoughToRead = 128 << 10
	putOffMost   = 500 * time.Microsecond
)

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
	c.letRead()
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

// letRead has who waits read, if there is something. While the process reads on by itself, and
// so comes back soon, little waits for more. With the lock.
func (c *cell) letRead() {
	u, x := c.user, c.x
	switch ready := u.in.seen.ready; {
	case ready == 0 && u.theirs != ended, u.reads.waiting == nobody:
	case ready < enoughToRead && u.theirs != ended && x.in.goOn != nil:
		x.turns.putOff(c, x.now)
	default:
		x.rouse(&u.reads)
	}
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
	if c.news.writer == nobody || int(c.user.out.kept.end-c.user.out.kept.sent) > most/2 {
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
