package announce

import (
	"slices"

	"github.com/etorrent/etorrent/internal/vocab/mono"
)

// plan derives from the state of a torrent what is to be queued, and when it has to
// be looked at again. It follows every input that is about the torrent.
func (c *Core) plan(t *torrent, now mono.Instant, eff Effects) {
	if c.torrents[t.id] != t {
		return // it is gone
	}
	wake := mono.Never
	for a := range t.every() {
		c.revise(a, now)
		if a.phase == flying {
			wake = mono.Earliest(wake, a.flight.until)
		}
	}
	if t.goal == announcing {
		for _, l := range t.lanes {
			wake = mono.Earliest(wake, c.planLane(l, now, eff))
		}
	}
	for r := range t.rows() {
		if r.place == removedRow || t.goal == leaving {
			c.planFarewell(r, now)
		}
	}
	t.removed = slices.DeleteFunc(t.removed, func(r *row) bool { return c.releaseIfQuiet(r, now) })
	if t.goal == leaving && t.isQuiet() {
		c.finish(t, now, eff)
		return
	}
	c.ringAt(&t.timer, wake)
}

func (t *torrent) ring(c *Core, now mono.Instant, eff Effects) {
	var lost []*arm
	for a := range t.every() {
		if a.phase == flying && a.flight.until <= now {
			lost = append(lost, a)
		}
	}
	for _, a := range lost {
		c.land(a, now)
		c.fail(a, TimedOut{}, now, eff)
	}
	c.plan(t, now, eff)
}

// isQuiet says whether nothing of a torrent is under way.
func (t *torrent) isQuiet() bool {
	for a := range t.every() {
		if a.phase != resting {
			return false
		}
	}
	return true
}

// revise takes an arm out of the queue whose errand has become another or none, or
// whose host is down. What there is to say instead is queued when it is due.
func (c *Core) revise(a *arm, now mono.Instant) {
	if a.phase == queued && (!a.isUsed() || a.errand(now) == nothing || a.urgency(now) != a.line.urgency || a.row.upAt(now) > now) {
		c.dequeue(a, now)
	}
}

// planFarewell has a tracker told that a torrent stopped, if it knows of it and can
// be reached.
func (c *Core) planFarewell(r *row, now mono.Instant) {
	used := r.used()
	for i := range used {
		if a := &used[i]; a.phase == resting && a.errand(now) != nothing && r.upAt(now) <= now {
			c.enqueue(a, now)
		}
	}
}

// planLane queues what is due for the current tracker of a lane, or for the one that
// may become it, and returns when to look again; Never if something is under way
// whose end will tell.
func (c *Core) planLane(l *lane, now mono.Instant, eff Effects) mono.Instant {
	wake := c.planCompleted(l, now)
	if l.isBusy(now) {
		return wake
	}
	r, at := l.pick(now)
	if r == nil {
		return mono.Earliest(wake, mono.Earliest(at, l.forgottenAt(now)))
	}
	c.engage(l, r, now, eff)
	return wake
}

// planCompleted queues what has to hear `completed`, which waits for no interval and
// goes to whoever knew the torrent as unfinished, current or not.
func (c *Core) planCompleted(l *lane, now mono.Instant) mono.Instant {
	wake := mono.Never
	for _, r := range l.rows {
		used := r.used()
		for i := range used {
			a := &used[i]
			if a.phase != resting || a.errand(now) != toComplete {
				continue
			}
			if at := max(a.turn(now), r.upAt(now)); at > now {
				wake = mono.Earliest(wake, at)
			} else {
				c.enqueue(a, now)
			}
		}
	}
	return wake
}

// engage queues the arms of a row that are due, or has its host looked up first.
func (c *Core) engage(l *lane, r *row, now mono.Instant, eff Effects) {
	used := r.used()
	if len(used) == 0 {
		c.find(r.host, now, eff)
		r.waits = waitsForHost
		r.host.waiting = append(r.host.waiting, r)
		return
	}
	c.renew(r.host, now, eff)
	for i := range used {
		if at := l.turn(&used[i], now); at != mono.Never && at <= now {
			c.enqueue(&used[i], now)
		}
	}
}
