package conn

import (
	"github.com/etorrent/etorrent/internal/core/utp/recv"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/utpwire"
)

// inbound is what is kept of the remote's stream beside the queue.
type inbound struct {
	owed   owed
	delay  utpwire.Delay // of the last packet that came
	wanted wanted
	told   recv.EndEvidence
}

// owed is what the remote is to be sent, the stronger the later.
type owed uint8

const (
	nothingOwed owed = iota
	aliveOwed        // a sign of life: one behind the last acknowledgement, as libutp's
	ackOwed          // an acknowledgement, by whatever packet
	ownOwed          // by a State
	// bothOwed is by two States: behind its Fin with number F, libutp goes on with F+1 and
	// takes nothing older, libtorrent with F and takes nothing newer. Who sends again what
	// has come is of the other make.
	bothOwed
)

// wanted says whether somebody reads the stream.
type wanted uint8

const (
	delivered wanted = iota
	discarded        // acknowledged, so that the remote comes to its end
)

// discard is the reader of what nobody reads.
type discard struct{}

// Deliver does nothing.
func (discard) Deliver([]byte) {}

func (i *inbound) reader(fx Effects) recv.Stream {
	if i.wanted == discarded {
		return discard{}
	}
	return fx
}

// Read says that the application needs no more room for so many delivered bytes. The
// remote is told at once of a window that was closed.
func (c *Conn) Read(bytes int) {
	if c.phase == Connected && c.queue.Read(bytes) == recv.WindowReopened {
		c.in.owed = max(c.in.owed, ownOwed)
	}
}

// answer acknowledges what has come. There is one answer to all that came since the
// last, and it waits for nothing: libutp and libtorrent do the same when their socket
// is empty. To wait for a second packet would save 20 bytes of 1400 on slow paths
// alone, since on fast ones many come at once.
func (c *Conn) answer(now mono.Instant, fx Effects) {
	c.greetAgain(now, fx)
	o := c.in.owed
	h := utpwire.Header{Kind: utpwire.State, Seq: c.flight.Next(), Ack: c.queue.Ack()}
	switch o {
	case nothingOwed:
		return
	case aliveOwed:
		h.Ack = h.Ack.Previous()
		c.emit(now, Outgoing{Header: h}, fx)
	case ackOwed, ownOwed, bothOwed:
		mask := c.queue.AppendMask(c.shared.mask[:0], utpwire.MaxMaskBytes)
		c.emit(now, Outgoing{Header: h, Mask: mask}, fx)
		if o == bothOwed {
			h.Seq = c.out.finSeq
			c.emit(now, Outgoing{Header: h, Mask: mask}, fx)
		}
	}
	c.in.owed = nothingOwed
}

// greetAgain answers a Syn that was repeated.
func (c *Conn) greetAgain(now mono.Instant, fx Effects) {
	if c.greet.stage == greets {
		c.greet.stage = confirmed
		c.emit(now, Outgoing{Header: utpwire.Header{Kind: utpwire.State, Seq: c.greet.Ours, Ack: c.greet.Theirs}}, fx)
	}
}

// emit sends a packet of an open connection, which acknowledges what has come.
func (c *Conn) emit(now mono.Instant, o Outgoing, fx Effects) {
	o.ID, o.Stamp, o.Delay, o.Window = c.id.send, utpwire.StampAt(now), c.in.delay, c.queue.Advertise()
	if c.in.owed <= ackOwed && o.Kind != utpwire.Reset {
		c.in.owed = nothingOwed
	}
	c.timers.alive = now.Add(keepAlive)
	fx.Send(o)
}
