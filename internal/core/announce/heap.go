package announce

import "github.com/etorrent/etorrent/internal/vocab/mono"

// timer rings a torrent or a host.
type timer struct {
	at mono.Instant
	in int // its place
	of timed
}

type timed interface {
	ring(c *Core, now mono.Instant, eff Effects)
}

// Before is the order in which timers ring.
func (t *timer) Before(o *timer) bool { return t.at < o.at }

// Place is for the heap.
func (t *timer) Place() *int { return &t.in }

// ringAt sets a timer; Never is not at all.
func (c *Core) ringAt(t *timer, at mono.Instant) {
	if t.in > 0 && t.at == at {
		return
	}
	c.timers.Remove(t)
	if t.at = at; at != mono.Never {
		c.timers.Add(t)
	}
}

// ringBy has a timer ring at an instant, if it does not before.
func (c *Core) ringBy(t *timer, at mono.Instant) {
	if t.in == 0 || at < t.at {
		c.ringAt(t, at)
	}
}
