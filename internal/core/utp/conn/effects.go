package conn

import (
	"github.com/etorrent/etorrent/internal/core/utp/recv"
	"github.com/etorrent/etorrent/internal/vocab/utpwire"
)

// Effects is what a connection has its owner do. No method waits or calls back.
type Effects interface {
	// Deliver takes what comes of the remote's stream, in order, and copies it.
	recv.Stream
	// Send has a packet be sent to the remote. It writes it before it returns, or copies
	// the mask: the memory is used again.
	Send(o Outgoing)
	// Released says how far our stream is acknowledged, in bytes from its begin: those
	// before are not needed any more.
	Released(to uint64)
	// Connected says that the remote has answered a Syn: once, and of Dial alone.
	Connected()
	// Ended says that all of the remote's stream was delivered. Nothing follows it.
	Ended()
	// Forget says that packets with an id of Dial are not this connection's any more.
	Forget(id utpwire.ConnID)
	// Closed is the last word: packets with no id are this connection's any more.
	Closed(why Reason)
}

// Outgoing is a packet to be sent. Its payload are Size bytes of our stream, Begin
// bytes from its begin: they are there until Released has passed them. The stamp is
// that of the step; who sends much later puts a later one.
type Outgoing struct {
	utpwire.Header
	Mask    utpwire.SelectiveAck
	Padding int // bytes between the header and the payload, where there is no mask
	Begin   uint64
	Size    int
	Times   int // that it was sent; 0 of a packet that takes no number
	Cut     Cut
}

// AppendHead appends all of the packet but its payload.
func (o *Outgoing) AppendHead(dst []byte) []byte {
	if o.Padding > 0 {
		return o.AppendPadded(dst, o.Padding)
	}
	return o.Append(dst, o.Mask)
}

// Reason is why a connection is closed.
type Reason uint8

// The reasons. Finished and Aborted are no failures.
const (
	// NotClosed is the reason of a connection that is open.
	NotClosed Reason = iota
	// Finished is one that ended in order.
	Finished
	// Aborted was ended by its owner.
	Aborted
	// Unanswered is one none of whose Syns was answered.
	Unanswered
	// Refused is one whose Syn was answered by a Reset.
	Refused
	// Reset is one that the remote knows nothing of any more.
	Reset
	// Silent is one of which the remote acknowledged nothing, and said nothing, through
	// all timeouts.
	Silent
)

// String says the reason for people.
func (r Reason) String() string {
	switch r {
	case NotClosed:
		return "not closed"
	case Finished:
		return "finished"
	case Aborted:
		return "aborted"
	case Unanswered:
		return "no answer"
	case Refused:
		return "refused"
	case Reset:
		return "reset by the remote"
	case Silent:
		return "the remote fell silent"
	}
	return "unknown reason"
}
