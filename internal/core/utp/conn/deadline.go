package conn

import (
	"time"

	"github.com/etorrent/etorrent/internal/core/utp/send"
	"github.com/etorrent/etorrent/internal/vocab/mono"
)

const (
	// keepAlive is for how long nothing is sent before a sign of life is: libutp's 29 s.
	// Routers forget of silent flows after 30.
	keepAlive = 29 * time.Second
	// mostSilent and leastSilence are how many timeouts without a word from the remote,
	// and how long at least, end a connection. libutp and libtorrent end it after three
	// or four, which do not outlast five seconds without a network.
	mostSilent   = 6
	leastSilence = 30 * time.Second
	// mostPassed is how many timeouts without an acknowledgement end it though the remote
	// says something: eight of a second, and then they double to a minute.
	mostPassed = 16
	// firstProbe and lastProbe are how long after each other packets are sent into a
	// window that stays closed, at first and at most: libutp waits for 15 s. A remote
	// tells at once that its window is open; a probe is for the case that this was lost.
	firstProbe = time.Second
	lastProbe  = 15 * time.Second
)

// Deadline is when Expire is to be called, mono.Never: not at all.
func (c *Conn) Deadline() mono.Instant {
	switch c.phase {
	case SynSent:
		return c.greet.due
	case Lingering:
		return c.timers.linger
	case Closed:
		return mono.Never
	case Connected:
	}
	d := mono.Earliest(c.flight.Deadline(), c.control.Deadline())
	d = mono.Earliest(d, mono.Earliest(c.timers.probe, c.timers.alive))
	d = mono.Earliest(d, mono.Earliest(c.timers.confirm, c.timers.leave))
	if c.out.hold == heldByPace {
		d = mono.Earliest(d, c.out.paced)
	}
	return d
}

// isDue says whether a timer is to be looked at.
func isDue(at, now mono.Instant) bool { return at != mono.Never && at <= now }

// Expire does what is due. Flush follows.
func (c *Conn) Expire(now mono.Instant, fx Effects) {
	switch c.phase {
	case SynSent:
		if c.greet.tries == Attempts && c.greet.due <= now {
			c.close(Unanswered, fx)
		}
	case Connected:
		c.expire(now, fx)
	case Lingering:
		if c.timers.linger <= now {
			c.close(Finished, fx)
		}
	case Closed:
	}
}

// expire is Expire of an open connection.
func (c *Conn) expire(now mono.Instant, fx Effects) {
	for c.phase == Connected && isDue(c.flight.Deadline(), now) {
		c.expireFlight(now, fx)
	}
	if c.phase == Connected && isDue(c.timers.leave, now) {
		c.reset(now, fx)
		c.close(Silent, fx)
	}
	if c.phase == Closed {
		return
	}
	if isDue(c.control.Deadline(), now) {
		c.control.Tick(now)
	}
	if isDue(c.timers.probe, now) {
		c.timers.probe = mono.Never
		c.timers.probes++
		c.out.push = pushOne
	}
	if isDue(c.timers.confirm, now) {
		c.reconfirm(now)
	}
	if isDue(c.timers.alive, now) {
		c.timers.alive = now.Add(keepAlive)
		c.in.owed = max(c.in.owed, aliveOwed)
		c.rest()
	}
}

// expireFlight does what the flight wants.
func (c *Conn) expireFlight(now mono.Instant, fx Effects) {
	e := c.flight.Expire(now)
	switch e.Kind {
	case send.NothingDue:
	case send.ReorderingOver:
		c.tellLosses(now, e.Lost)
		c.noteSounding(now, e.Lost.Sounding)
	case send.ProbeDue:
		c.probe(now, fx)
	case send.TimedOut:
		c.heard.silent++
		c.totals.Timeouts++
		if c.isGone(now, e.Passed) {
			c.close(Silent, fx)
			return
		}
		c.tellLosses(now, e.Lost)
		c.noteSounding(now, e.Lost.Sounding)
		if c.timers.probes == 0 {
			c.noteSilence()
		}
	}
}

// isGone says whether the remote is given up: it says nothing, or it talks and has
// acknowledged nothing for minutes though it has room.
func (c *Conn) isGone(now mono.Instant, passed int) bool {
	quiet := c.heard.silent >= mostSilent && now.Sub(c.heard.at) >= leastSilence
	return quiet || c.timers.probes == 0 && passed >= mostPassed
}

// probe answers a silence by one packet more: a new one outside of an episode, so that
// it is not sent in vain, else one that flies.
func (c *Conn) probe(now mono.Instant, fx Effects) {
	p := c.next()
	room := p.fresh == first && c.room() > 0 && uint64(c.flight.Flying().Bytes+p.size) <= uint64(c.out.window)
	if room && c.flight.Episode() == send.NoEpisode {
		c.license(p)
		c.transmit(now, p, fx)
	} else {
		c.carry(now, c.flight.Probe(now), 0, fx)
	}
	c.probed()
}

// reconfirm sends our first State again, to an acceptor that has said nothing since it
// answered: if that State was lost it does not know of us, and forgets. Packets that fly
// say the same.
func (c *Conn) reconfirm(now mono.Instant) {
	c.timers.confirm = mono.Never
	if c.timers.confirmed < mostConfirms {
		c.timers.confirmed++
		c.timers.confirm = now.Add(patience << c.timers.confirmed)
		if c.flight.Span() == 0 {
			c.in.owed = max(c.in.owed, ownOwed)
		}
	}
}

// rest gives back memory that an idle connection does not need.
func (c *Conn) rest() {
	c.flight.Rest()
	c.queue.Rest()
}
