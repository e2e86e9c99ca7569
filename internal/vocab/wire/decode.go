package wire

import "encoding/binary"

// Outcome says how far Decode came.
type Outcome uint8

// The outcomes. What follows a malformed message has no meaning: its sender is
// to be left.
const (
	Complete Outcome = iota
	Incomplete
	Malformed
)

// String names the outcome.
func (o Outcome) String() string {
	switch o {
	case Complete:
		return "complete"
	case Incomplete:
		return "incomplete"
	case Malformed:
		return "malformed"
	}
	return "unknown outcome"
}

// Decoded is what Decode saw. Size counts bytes from the beginning of the
// buffer: those of a Complete message, those that an Incomplete one needs
// before Decode can say more, 0 for a Malformed one. Fault is for Malformed.
type Decoded struct {
	Outcome Outcome
	Fault   Fault
	Size    int
}

// Decode looks at the message that buf begins with and, if it is Complete,
// describes it in m, whose Payload then aliases buf. Otherwise m holds no more
// than what was read on the way. It never allocates, never needs more than
// l.MaxFrame bytes, and refuses a message as soon as its length, its id or its
// head shows that it cannot become a good one.
func Decode(buf []byte, l *Limits, m *Message) Decoded {
	if len(buf) < prefixBytes {
		return incomplete(prefixBytes)
	}
	length := binary.BigEndian.Uint32(buf)
	if length == 0 {
		*m = Message{}
		return Decoded{Outcome: Complete, Size: prefixBytes}
	}
	if length > alwaysAllowed && uint64(length) > l.longest() {
		return malformed(FrameTooLong)
	}
	if len(buf) < signalHead {
		return incomplete(signalHead)
	}
	*m = Message{Kind: kindOf(buf[prefixBytes])}
	if f := l.viewLength(m.Kind, length); f != NoFault {
		return malformed(f)
	}
	return m.decodeRest(buf, prefixBytes+int(length), l)
}

// decodeRest goes on where the length, frame bytes in all, is known to be right
// for the kind.
func (m *Message) decodeRest(buf []byte, frame int, l *Limits) Decoded {
	head := headBytes(m.Kind)
	if len(buf) < head {
		return incomplete(head)
	}
	if f := m.viewHead(buf[:head], frame, l); f != NoFault {
		return malformed(f)
	}
	if len(buf) < frame {
		return incomplete(frame)
	}
	if frame > head {
		m.Payload = buf[head:frame:frame]
	}
	return Decoded{Outcome: Complete, Size: frame}
}

// viewHead reads the fields of a head and judges them.
func (m *Message) viewHead(head []byte, frame int, l *Limits) Fault {
	switch m.Kind {
	case Have, Suggest, AllowedFast:
		return m.viewIndex(head, l)
	case Request, Cancel, Reject:
		return m.viewRange(head, l)
	case Piece:
		return m.viewPieceHead(head, frame, l)
	case Port:
		return m.viewPort(head)
	case Extended:
		return m.viewExtendedHead(head)
	case Unknown:
		m.ID = head[prefixBytes]
	case KeepAlive, Choke, Unchoke, Interested, NotInterested, HaveAll, HaveNone, Bitfield:
	}
	return NoFault
}

func incomplete(size int) Decoded { return Decoded{Outcome: Incomplete, Size: size} }

func malformed(f Fault) Decoded { return Decoded{Outcome: Malformed, Fault: f} }
