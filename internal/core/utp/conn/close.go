package conn

import (
	"time"

	"github.com/etorrent/etorrent/internal/core/utp/recv"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/utpwire"
)

const (
	// lingerTimeouts, leastLinger and mostLinger are how long a connection stays to
	// acknowledge again what the remote may send again: libutp does so after one second at
	// least, or three where nothing of its own was acknowledged before, looks twice a second,
	// and waits for 24 s at most. A machine that stood still for some seconds has measured
	// a round trip of so long.
	lingerTimeouts = 3
	leastLinger    = 4 * time.Second
	mostLinger     = 30 * time.Second
	// leaveAfter is how long who reads no more waits for a remote to acknowledge
	// something more: else one whose window stays closed would never be left.
	leaveAfter = time.Minute
)

// Finish says that nothing more is appended to our stream: its end is sent behind what
// is left. The remote's stream goes on; libutp and libtorrent end theirs a little later
// whatever it has, so between others than ourselves an end is best the end of both.
func (c *Conn) Finish() {
	if c.out.fin == finNone {
		c.out.fin = finAsked
	}
}

// Close is Finish by one who reads no more: what still comes is acknowledged and thrown
// away. What was appended is sent. A connection without an answer is closed at once.
func (c *Conn) Close(now mono.Instant, fx Effects) {
	c.Finish()
	if c.phase == SynSent {
		c.close(Aborted, fx)
	}
	if c.phase == Closed {
		return
	}
	if c.in.wanted == delivered && c.phase == Connected {
		c.timers.leave = now.Add(leaveAfter)
	}
	c.in.wanted = discarded
	if c.queue.Read(c.cfg.Window+c.cfg.Reserve) == recv.WindowReopened {
		c.in.owed = max(c.in.owed, ownOwed)
	}
	c.viewEnds(now, fx)
}

// Abort ends the connection at once, whatever is left, and tells the remote by a Reset.
func (c *Conn) Abort(now mono.Instant, fx Effects) {
	switch c.phase {
	case Closed:
		return
	case Connected:
		c.reset(now, fx)
	case SynSent, Lingering:
	}
	c.close(Aborted, fx)
}

// reset tells the remote that the connection is no more. It acknowledges what has come, so
// that the remote believes it.
func (c *Conn) reset(now mono.Instant, fx Effects) {
	c.emit(now, Outgoing{Header: utpwire.Header{Kind: utpwire.Reset, Seq: c.flight.Next(), Ack: c.queue.Ack()}}, fx)
}

// viewEnds looks how far both ends are.
func (c *Conn) viewEnds(now mono.Instant, fx Effects) {
	if c.in.told != recv.EndReached && c.queue.End() == recv.EndReached {
		c.in.told = recv.EndReached
		if c.in.wanted == delivered {
			fx.Ended()
		}
	}
	if c.out.fin == finSent && c.flight.Span() == 0 {
		c.out.fin = finAcknowledged
	}
	if c.phase == Connected && c.out.fin == finAcknowledged && (c.in.told == recv.EndReached || c.in.wanted == discarded) {
		c.phase = Lingering
		c.timers = timers{linger: now.Add(min(max(lingerTimeouts*c.flight.RTT().Timeout(0), leastLinger), mostLinger))}
	}
}

// viewReset is what a Reset means. One that answers our end, from a remote whose
// stream has ended, is that of libutp, which forgets a connection that it has left.
func (c *Conn) viewReset() Reason {
	onlyFin := c.out.fin == finSent && c.flight.Unacknowledged() == c.out.finSeq
	if c.phase == Lingering || c.in.told == recv.EndReached && onlyFin {
		return Finished
	}
	return Reset
}

// close ends the connection and gives back its memory.
func (c *Conn) close(why Reason, fx Effects) {
	c.phase, c.reason = Closed, why
	if c.queue != nil {
		c.queue.Drop()
	}
	fx.Closed(why)
}
