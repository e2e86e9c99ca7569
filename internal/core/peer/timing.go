package peer

import (
	"time"

	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/wire"
)

const (
	// SilenceLimit is how long a remote may send nothing at all.
	SilenceLimit = 4 * time.Minute
	// keepAliveEvery is how long we send nothing before a keep-alive (BEP 3
	// names two minutes as what remotes tolerate).
	keepAliveEvery = 100 * time.Second
	// pointlessAfter is how long two sides that cannot trade stay connected.
	pointlessAfter = 10 * time.Second
)

// NextDeadline is when Tick is due next; it is Never once the connection is
// closed, and only then.
func (c *Core) NextDeadline() mono.Instant {
	if c.life == closed {
		return mono.Never
	}
	d := mono.Earliest(c.lastHeard.Add(SilenceLimit), c.lastSent.Add(keepAliveEvery))
	d = mono.Earliest(d, c.pipe.deadline())
	if c.pointless != mono.Never {
		d = mono.Earliest(d, c.pointless.Add(pointlessAfter))
	}
	return d
}

// Tick carries out what is due at now.
func (c *Core) Tick(now mono.Instant, eff Effects) {
	if c.life == closed {
		return
	}
	switch {
	case now >= c.lastHeard.Add(SilenceLimit):
		c.close(Closing{Reason: Silent}, eff)
		return
	case c.pointless != mono.Never && now >= c.pointless.Add(pointlessAfter):
		c.close(Closing{Reason: NothingToTrade}, eff)
		return
	}
	if d := c.pipe.deadline(); d != mono.Never && now >= d {
		c.expire(now, eff)
	}
	if now >= c.lastSent.Add(keepAliveEvery) {
		c.send(now, wire.Message{Kind: wire.KeepAlive}, eff)
	}
}

// HeldBack notes that until now it was our side that did not read, for want of a
// buffer or by a limit on the rate. What the remote sent meanwhile may lie in the
// socket: it is given its whole time anew.
func (c *Core) HeldBack(now mono.Instant) {
	c.lastHeard = now
	c.pipe.progress, c.pipe.waits = now, now
}

// Probe notes that the machine stood still, or that its network is another: the remote
// is given its whole time anew, and a keep-alive finds out whether it is still there.
func (c *Core) Probe(now mono.Instant, eff Effects) {
	if c.life == closed {
		return
	}
	c.HeldBack(now)
	c.send(now, wire.Message{Kind: wire.KeepAlive}, eff)
}

// Unanswered is since when the remote has sent no block though we asked for some;
// Never where nothing is asked of it, or it chokes us. Time-outs do not end that
// wait, although after one the blocks are asked for elsewhere.
func (c *Core) Unanswered() mono.Instant {
	if c.remote.choke == Choked || c.pipe.asked.flying.count == 0 && c.pipe.strikes == 0 {
		return mono.Never
	}
	return c.pipe.waits
}

// Traffic says whether blocks are under way on a connection.
type Traffic uint8

// Blocks are under way while either side has requests that the other has not
// answered.
const (
	NoTraffic Traffic = iota
	BlocksUnderWay
)

// ViewTraffic says whether blocks are under way.
func (c *Core) ViewTraffic() Traffic {
	if c.pipe.asked.flying.count+c.owed.waiting.len()+len(c.owed.reading) > 0 {
		return BlocksUnderWay
	}
	return NoTraffic
}

// judgeUse notes since when neither side can want anything of the other: each
// has everything, or said that it wants nothing more (BEP 21). One that only uploads
// and lacks pieces gets no more of them: while it has nothing that we want it is of
// no use either, though we fetch.
func (c *Core) judgeUse(now mono.Instant) {
	remoteWantsNothing := c.remote.goal == UploadOnly || c.remote.has.IsFull()
	wantNothing := c.local.goal != Fetching || c.local.interest == NotInterested && !c.remote.has.IsFull()
	if !remoteWantsNothing || !wantNothing || c.remote.claims != nil {
		c.pointless = mono.Never
		return
	}
	if c.pointless == mono.Never {
		c.pointless = now
	}
}
