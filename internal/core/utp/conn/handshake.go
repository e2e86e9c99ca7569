package conn

import (
	"time"

	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/serial"
	"github.com/etorrent/etorrent/internal/vocab/utpwire"
)

const (
	// Attempts is how many Syns are sent, each with an id of its own: libutp answers none
	// twice, so that one whose answer is lost can never succeed.
	Attempts = 4
	// patience is how long the first is waited for; each further one doubles it.
	patience = time.Second
	// mostGreetings is how often a Syn that is repeated is answered again.
	mostGreetings = 8
	// mostConfirms is how often our first State is sent again to an acceptor that says
	// nothing: it may not have come, and then the acceptor forgets of us.
	mostConfirms = 2
)

// Invitation is what Dial needs of randomness: ids, none of which is that of another
// connection with the remote nor next to one of these, and the number of the Syn. Who can
// guess them can end the connection.
type Invitation struct {
	IDs [Attempts]utpwire.ConnID
	Seq serial.Number
}

// Opening is what a Syn and its answer agreed on: by what id packets come, and the
// number of the Syn and the one of the answer, which will be that of our first Data.
type Opening struct {
	ID           utpwire.ConnID
	Theirs, Ours serial.Number
}

// greeting is what is kept of the handshake.
type greeting struct {
	Invitation
	Opening
	sent  [Attempts]mono.Instant // Syns
	tries int
	due   mono.Instant // the next one
	again int          // answers to a Syn that was repeated
	stage stage
}

// stage is what is left of the handshake of an open connection.
type stage uint8

const (
	answered  stage = iota // of an initiator: nothing has come but the answer to its Syn
	greets                 // of an acceptor: the Syn is to be answered again
	confirmed              // nothing: both know of each other
)

// Dial returns a connection that asks for itself: the first Flush sends a Syn. Bytes may
// be appended at once; they are sent when the remote has answered. libutp sends nothing
// itself before the first of them has come.
func Dial(cfg Config, shared *Shared, i Invitation, now mono.Instant) *Conn {
	c := newConn(cfg, shared, now)
	c.greet.Invitation, c.greet.due = i, now
	return c
}

// Accept returns the connection of a remote whose packet showed that it knows the
// answer to its Syn. That packet is to be received next.
func Accept(cfg Config, shared *Shared, o Opening, now mono.Instant) *Conn {
	c := newConn(cfg, shared, now)
	c.id = identity{acceptor, o.ID, o.ID.Previous()}
	c.greet.Opening, c.greet.stage = o, confirmed
	c.open(now, o.Ours, o.Theirs.Next())
	return c
}

// ask sends a Syn, if one is due. A Syn says no delay, and of the acknowledgement nothing.
func (c *Conn) ask(now mono.Instant, fx Effects) {
	g := &c.greet
	if g.tries == Attempts || g.due > now {
		return
	}
	g.sent[g.tries] = now
	g.due = now.Add(patience << g.tries)
	g.tries++
	fx.Send(Outgoing{Header: utpwire.Header{
		Kind: utpwire.Syn, ID: g.IDs[g.tries-1], Stamp: utpwire.StampAt(now), Window: uint32(c.cfg.Window), Seq: g.Seq,
	}, Times: g.tries})
}

// viewAttempt says of which Syn a packet speaks, -1 if of none.
func (c *Conn) viewAttempt(p *utpwire.Packet) int {
	for i, id := range c.greet.IDs[:c.greet.tries] {
		if p.ID == id || p.Kind == utpwire.Reset && p.ID == id.Next() {
			return i
		}
	}
	return -1
}

// receiveAnswer takes what comes before the connection is open.
func (c *Conn) receiveAnswer(now mono.Instant, p *utpwire.Packet, fx Effects) ArrivalKind {
	try := c.viewAttempt(p)
	switch {
	case try < 0:
		return AlienID
	case p.Kind == utpwire.Syn:
		return SynStrange
	case p.Ack != c.greet.Seq && p.Kind == utpwire.Reset:
		return ResetForged
	case p.Ack != c.greet.Seq:
		return AckUnsent
	case p.Kind == utpwire.Reset:
		c.close(Refused, fx)
		return Ends
	case p.Kind != utpwire.State:
		return TooEarly
	}
	c.establish(now, try, p, fx)
	return Opens
}

// establish opens the connection by the answer to one of the Syns. The answer has the
// number that the first Data of the remote will have: ack_nr is the one before.
func (c *Conn) establish(now mono.Instant, try int, p *utpwire.Packet, fx Effects) {
	g := &c.greet
	for i, id := range g.IDs {
		if i != try {
			fx.Forget(id)
		}
	}
	c.id = identity{initiator, g.IDs[try], g.IDs[try].Next()}
	g.Opening = Opening{c.id.recv, p.Seq, g.Seq.Next()}
	c.open(now, g.Ours, p.Seq)
	c.flight.RTT().Sample(now, now.Sub(g.sent[try]))
	c.timers.confirm = now.Add(patience)
	c.hear(now, p)
	c.out.window = p.Window
	c.in.owed = ackOwed
	fx.Connected()
}

// viewReopening says whether a packet is another answer to our Syn: a State that
// acknowledges nothing more, has no number that could follow the first answer's, and
// comes within seconds, before anything else.
func (c *Conn) viewReopening(p *utpwire.Packet) ArrivalKind {
	fresh := c.id.role == initiator && c.greet.stage != confirmed && c.timers.confirm != mono.Never && c.queue.Held() == 0
	ahead := p.Seq.Diff(c.greet.Theirs)
	if fresh && p.Kind == utpwire.State && p.Ack == c.greet.Seq && (ahead < 0 || ahead > c.cfg.Slots) {
		return Reopens
	}
	return Acknowledges
}

// reopen begins anew with another answer. What was sent by then acknowledged the first
// one, and was not taken.
func (c *Conn) reopen(now mono.Instant, p *utpwire.Packet) {
	c.greet.Theirs = p.Seq
	c.openQueue(p.Seq)
	c.refused()
	c.hear(now, p)
	c.out.window = p.Window
	c.in.owed = max(c.in.owed, ackOwed)
}

// confirm notes that the remote knows of the connection.
func (c *Conn) confirm() {
	if c.greet.stage == answered {
		c.greet.stage, c.timers.confirm = confirmed, mono.Never
	}
}

// receiveSyn takes a Syn to a connection that is open. The one that it was made of is
// answered as the first time, as often as a lossy path can make it necessary.
func (c *Conn) receiveSyn(p *utpwire.Packet) ArrivalKind {
	g := &c.greet
	if c.id.role != acceptor || p.ID != c.id.send || p.Seq != g.Theirs {
		return SynStrange
	}
	if g.again < mostGreetings && g.stage != greets {
		g.again++
		g.stage = greets
	}
	return SynAgain
}
