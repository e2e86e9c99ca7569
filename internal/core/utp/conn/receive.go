package conn

import (
	"slices"

	"github.com/etorrent/etorrent/internal/core/utp/cong"
	"github.com/etorrent/etorrent/internal/core/utp/recv"
	"github.com/etorrent/etorrent/internal/core/utp/send"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/utpwire"
)

// leastBehind is how far an acknowledgement may be behind the last one, at least: a sign
// of life of libutp is one behind, and it takes three. More may be as many as ever flew
// (RFC 5961): libutp and libtorrent drop the data of a packet that four others overtook.
const leastBehind = 3

// Lookup are the ids by which the connection of a packet may be known, the likely one
// first: a Syn has the id that its sender receives by, and a Reset that of the packet
// which it answers, or of one that its sender would receive.
func Lookup(p *utpwire.Packet) (ids [3]utpwire.ConnID, n int) {
	switch p.Kind {
	case utpwire.Syn:
		return [3]utpwire.ConnID{p.ID.Next()}, 1
	case utpwire.Reset:
		return [3]utpwire.ConnID{p.ID, p.ID.Previous(), p.ID.Next()}, 3
	case utpwire.Data, utpwire.Fin, utpwire.State:
	}
	return [3]utpwire.ConnID{p.ID}, 1
}

// Owns says whether a packet of the remote may be of the connection, by its id. While it asks, all
// are its own: Receive tells them apart.
func (c *Conn) Owns(p *utpwire.Packet) bool {
	if c.phase == SynSent {
		return true
	}
	ids, n := Lookup(p)
	return c.phase != Closed && slices.Contains(ids[:n], c.id.recv)
}

// Receive takes a packet that came from the remote, whose memory may be used again
// afterwards. It answers nothing: Flush does, once for all that came.
func (c *Conn) Receive(now mono.Instant, p *utpwire.Packet, fx Effects) Arrival {
	switch c.phase {
	case SynSent:
		return Arrival{Kind: c.receiveAnswer(now, p, fx)}
	case Closed:
		return Arrival{Kind: TooLate}
	case Connected, Lingering:
	}
	a := Arrival{Kind: c.view(now, p)}
	switch a.Kind {
	case Acknowledges, Carries:
		c.take(now, p, &a, fx)
	case Reopens:
		c.reopen(now, p)
	case Ends:
		c.close(c.viewReset(), fx)
	case Opens, AlienID, SynAgain, SynStrange, ResetForged, SeqStrange, OldDuplicate, AckUnsent, AckStale, TooEarly, TooLate:
	}
	return a
}

// view says what a packet is, but for its acknowledgement.
func (c *Conn) view(now mono.Instant, p *utpwire.Packet) ArrivalKind {
	switch p.Kind {
	case utpwire.Syn:
		return c.receiveSyn(p)
	case utpwire.Reset:
		return c.viewForgery(p)
	case utpwire.Data, utpwire.Fin, utpwire.State:
	}
	if p.ID != c.id.recv {
		return AlienID
	}
	if c.viewReopening(p) == Reopens {
		return Reopens
	}
	if ahead := p.Seq.Diff(c.queue.Ack().Next()); ahead < -c.cfg.Slots || ahead > c.cfg.Slots {
		return SeqStrange
	}
	if c.heard.theirs.view(now, p.Stamp) == fromBefore || c.heard.ours.view(now, p.Stamp) == fromBefore {
		return OldDuplicate
	}
	if p.Ack.Diff(c.flight.Unacknowledged().Previous()) < -max(c.out.peak, leastBehind) {
		return AckStale
	}
	if p.Kind == utpwire.State {
		return Acknowledges
	}
	return Carries
}

// viewForgery says whether a Reset may be what it says: it answers a packet, whose
// number it acknowledges. One of the ends may have the number of its Fin in States, so
// the last one that was acknowledged is one of these too.
func (c *Conn) viewForgery(p *utpwire.Packet) ArrivalKind {
	switch ahead := p.Ack.Diff(c.flight.Unacknowledged()); {
	case p.ID != c.id.recv && p.ID != c.id.send:
		return AlienID
	case ahead < -1 || ahead > c.flight.Span():
		return ResetForged
	}
	return Ends
}

// take has a packet of the connection count, unless its acknowledgement is wrong.
func (c *Conn) take(now mono.Instant, p *utpwire.Packet, a *Arrival, fx Effects) {
	a.Ack = c.flight.Acknowledge(now, p)
	switch a.Ack.Kind {
	case send.Unsent:
		a.Kind = AckUnsent
		return
	case send.Stale:
		a.Kind = AckStale
		return
	case send.Advances:
		c.confirm()
		if c.timers.leave != mono.Never {
			c.timers.leave = now.Add(leaveAfter)
		}
	case send.Repeats, send.Behind:
	}
	c.noteWindow(now, p, a.Ack.Kind)
	c.hear(now, p)
	c.tellControl(now, p.Delay, &a.Ack)
	c.noteArrived(now, &a.Ack)
	c.release(fx)
	if a.Kind == Carries {
		c.confirm()
		c.receiveStream(p, a, fx)
	} else {
		c.viewAnswerAgain(p, a.Ack.Kind)
	}
	c.heard.theirs.advance(now, c.queue.Ack().Next(), c.heard.stamp)
	c.heard.ours.advance(now, c.flight.Unacknowledged(), c.heard.stamp)
	c.viewEnds(now, fx)
}

// hear notes that the remote is there, and when it sent what has come.
func (c *Conn) hear(now mono.Instant, p *utpwire.Packet) {
	c.in.delay = utpwire.StampAt(now).Since(p.Stamp)
	if p.Stamp != utpwire.NoStamp && c.heard.viewStamp(now, p.Stamp) == latest {
		c.heard.stamp = p.Stamp
	}
	c.heard.at, c.heard.silent = now, 0
}

// tellControl tells the control what an acknowledgement shows, in the order that it wants.
func (c *Conn) tellControl(now mono.Instant, delay utpwire.Delay, a *send.Acknowledged) {
	if a.Ended == send.Undone {
		c.totals.Undone++
		c.control.Undone(now)
		c.unlost()
	}
	c.tellLosses(now, a.Lost)
	c.control.Acknowledged(now, cong.Ack{
		Bytes: a.Arrived.Bytes, Flying: c.onWay(), RTT: a.RTT, Delay: delay, Back: c.in.delay,
		Delivered: c.viewDelivery(a.Newest), Limit: c.out.hold.limit(),
	})
}

// viewDelivery is the sample of the rate.
func (c *Conn) viewDelivery(d send.Delivery) cong.Delivery {
	if d.SentAt == mono.Never {
		return cong.Delivery{}
	}
	return cong.Delivery{SentAt: d.SentAt, Bytes: c.flight.Delivered() - d.Before}
}

// tellLosses tells the control, unless the remote has no room: then it may be the
// remote that throws away what comes.
func (c *Conn) tellLosses(now mono.Instant, l send.Losses) {
	c.totals.Lost += uint64(l.Packets)
	if l.Packets == 0 || c.timers.probes > 0 {
		return
	}
	c.control.Lost(now, cong.Loss{Kind: lossKind(l.Began), Packets: l.Packets, Bytes: l.Bytes, Flying: c.onWay()})
}

func lossKind(began send.EpisodeKind) cong.LossKind {
	switch began {
	case send.LossEpisode:
		return cong.Began
	case send.TimeoutEpisode:
		return cong.Silence
	case send.NoEpisode:
	}
	return cong.Further
}

// release tells how much of our stream is not needed any more.
func (c *Conn) release(fx Effects) {
	if to := c.flight.Released(); to > c.out.released {
		c.out.released = to
		fx.Released(to)
	}
}

// receiveStream takes what a packet carries.
func (c *Conn) receiveStream(p *utpwire.Packet, a *Arrival, fx Effects) {
	to := c.in.reader(fx)
	if p.Kind == utpwire.Fin {
		a.Receipt = c.queue.ReceiveFin(p.Seq, p.Payload, to)
	} else {
		a.Receipt = c.queue.ReceiveData(p.Seq, p.Payload, to)
	}
	if c.in.wanted == discarded {
		c.queue.Read(a.Receipt.Bytes)
	}
	c.owe(a.Receipt.Kind)
}

// owe notes how a packet is to be acknowledged. One that comes in order is so by
// whatever is sent next; others by a State of its own, since masks come with States
// alone and libutp counts no other repeated acknowledgements.
func (c *Conn) owe(kind recv.ReceiptKind) {
	switch kind {
	case recv.InOrder:
		c.in.owed = max(c.in.owed, ackOwed)
	case recv.Held, recv.BeyondWindow, recv.TooFar, recv.NoMemory:
		c.in.owed = max(c.in.owed, ownOwed)
	case recv.Repeated:
		c.in.owed = max(c.in.owed, ownOwed)
		if c.out.fin == finSent || c.out.fin == finAcknowledged {
			c.in.owed = bothOwed
		}
	case recv.Strange, recv.BehindEnd, recv.EndElsewhere:
	}
}

// viewAnswerAgain answers an acceptor that repeats its answer: our State has not come.
func (c *Conn) viewAnswerAgain(p *utpwire.Packet, kind send.AckKind) {
	unsure := c.id.role == initiator && c.greet.stage == answered && c.flight.Span() == 0
	if unsure && kind == send.Repeats && p.Seq == c.greet.Theirs && c.greet.again < mostGreetings {
		c.greet.again++
		c.in.owed = max(c.in.owed, ownOwed)
	}
}
