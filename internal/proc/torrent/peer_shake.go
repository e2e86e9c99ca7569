package torrent

import (
	"github.com/etorrent/etorrent/internal/core/handshake"
	"github.com/etorrent/etorrent/internal/leaf/slab"
	"github.com/etorrent/etorrent/internal/vocab/wire"
)

// ownCapabilities are the extensions that we name in handshakes (BEP 4).
const ownCapabilities = wire.FastExtension | wire.ExtensionProtocol

const reasonSelf = "connected to ourselves"

// shaker is the machine of either side.
type shaker interface {
	Feed(b []byte) (handshake.Evidence, int)
}

// shakeHands runs both handshakes and waits for control to admit the
// connection. It returns what the remote sent behind its handshake, or why the
// connection ends.
func (x *peerProc) shakeHands() (remote wire.Handshake, early []byte, why string) {
	hello := handshake.Hello{Capabilities: ownCapabilities, PeerID: x.t.env.PeerID}
	var machine shaker
	var e handshake.Evidence = handshake.NeedMore{}
	x.alarm.Arm(x.now().Add(handshakeLimit))
	if x.c.direction == handshake.Dialled {
		initiator := handshake.NewInitiator(x.c.infoHash, hello)
		x.out.addMessages(initiator.Hello(nil))
		machine = initiator
	} else {
		var own []byte
		own, e = x.c.acceptor.Answer(hello, nil)
		x.out.addMessages(own)
		machine = x.c.acceptor
	}
	for {
		switch seen := e.(type) {
		case handshake.Finished:
			why := x.awaitAdmission(seen.Remote)
			if why == "" && x.in.end == readerGone {
				why = "read: EOF" // a remote that leaves with its handshake only says who it is
			}
			return seen.Remote, early, why
		case handshake.WrongInfoHash:
			return remote, nil, "answered for another torrent"
		case handshake.NotBitTorrent:
			return remote, nil, "speaks another protocol"
		case handshake.SelfConnection:
			x.sayAll() // the other end, which dialled, has to learn who it is
			return remote, nil, reasonSelf
		case handshake.NeedMore, handshake.InfoHashKnown:
		}
		if why := x.write(x.now()); why != "" {
			return remote, nil, why
		}
		if e, early, why = x.feed(machine); why != "" {
			return remote, nil, why
		}
	}
}

// sayAll waits until the remote was sent what is written for it.
func (x *peerProc) sayAll() {
	for why := x.write(x.now()); why == "" && !x.out.isSent(); why = x.write(x.now()) {
		select {
		case <-x.p.Stopping():
			return
		case <-x.alarm.C():
			return
		case err := <-x.out.writable:
			if x.unblock(err) != "" {
				return
			}
		}
	}
}

// feed waits for bytes of the remote's handshake.
func (x *peerProc) feed(machine shaker) (e handshake.Evidence, early []byte, why string) {
	e = handshake.NeedMore{}
	select {
	case <-x.p.Stopping():
		return e, nil, "stopped"
	case <-x.alarm.C():
		return e, nil, "handshake timed out"
	case err := <-x.out.writable:
		return e, nil, x.unblock(err)
	case <-x.c.orders.Wake():
		x.p.Receive("order")
		_, why := x.sortOrders()
		return e, nil, why
	case f := <-x.in.reader.fills:
		x.in.slab, x.in.holding = f.slab, readerHeld
		x.p.Receive("handshake")
		if f.slab.IsNone() {
			return e, nil, "read: " + f.err.Error()
		}
		e, taken := machine.Feed(f.slab.Bytes()[:f.n])
		early = append([]byte(nil), f.slab.Bytes()[taken:f.n]...)
		x.in.slab.Release()
		x.in.slab = slab.Slab{}
		if f.err != nil {
			x.in.end = readerGone
		}
		if _, more := e.(handshake.NeedMore); more {
			if f.err != nil {
				return e, nil, "read: " + f.err.Error()
			}
			x.letReaderGo()
		}
		return e, early, ""
	}
}

// awaitAdmission reports the finished handshake to control and waits for its
// word.
func (x *peerProc) awaitAdmission(remote wire.Handshake) string {
	x.p.Act("shook")
	x.t.control.Put(toControl{shook: &peerShook{id: x.c.id, remote: remote}})
	for {
		if why := x.write(x.now()); why != "" {
			return why
		}
		select {
		case <-x.p.Stopping():
			return "stopped"
		case <-x.alarm.C():
			return "handshake timed out"
		case err := <-x.out.writable:
			if why := x.unblock(err); why != "" {
				return why
			}
		case <-x.c.orders.Wake():
			x.p.Receive("admission")
			admitted, why := x.sortOrders()
			if why != "" {
				x.sayAll() // a duplicate is to know whom it reached, so that it does not try again
			}
			if admitted == admissionGiven || why != "" {
				return why
			}
		}
	}
}

// admission says whether control let the connection in.
type admission uint8

const (
	admissionOpen admission = iota
	admissionGiven
)

// sortOrders takes the orders that come before trading: what does not concern
// the admission is kept for then.
func (x *peerProc) sortOrders() (admission, string) {
	result := admissionOpen
	for _, o := range x.c.orders.Take(nil) {
		switch o.kind {
		case orderAdmit:
			result = admissionGiven
		case orderLeave:
			return result, "told to leave"
		case orderShed: // it is not idle, it begins
		case orderProbe: // it answers soon, or is left
		case orderRejoin: // it has not joined yet
		case orderRequest, orderCancel, orderInterested, orderNotInterested, orderUnchoke, orderChoke,
			orderUploadOnly, orderFetching, orderSuperSeeding:
			x.kept = append(x.kept, o)
		}
	}
	return result, ""
}

// unblock notes that the socket takes bytes again, or why it never will.
func (x *peerProc) unblock(err error) string {
	if err != nil {
		return "write: " + err.Error()
	}
	x.out.state = writeOpen
	return ""
}
