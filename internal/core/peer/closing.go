package peer

import "github.com/etorrent/etorrent/internal/vocab/wire"

// Reason names why a connection ends.
type Reason uint8

// The reasons of a Closing.
const (
	ReasonNone            Reason = iota
	MalformedMessage             // Closing.Fault says what is wrong
	BitfieldMalformed            // wrong length or spare bits set (BEP 3)
	BitfieldLate                 // a have none that is not the first word
	FastWithoutFast              // a BEP 6 message without the FAST bit on both sides
	ExtensionUnnegotiated        // a BEP 10 message without its bit on both sides
	ExtensionMalformed           // an extended handshake that does not parse
	UnrequestedBlocks            // too many blocks that we never asked for
	RequestFlood                 // too many requests that are refused
	CancelFlood                  // too many cancels
	RejectFlood                  // too many rejects, asked for or not
	HaveFlood                    // too many haves of what it has already
	InterestFlood                // too many changes of interest
	ChokeFlood                   // too many chokes and unchokes
	HintFlood                    // too many suggestions and allowed pieces
	ExtendedFlood                // too many extended messages
	MessageFlood                 // too many keep-alives, ports and unknown messages
	Silent                       // nothing came for SilenceLimit
	NothingToTrade               // neither side can want anything of the other
	NotReading                   // the remote takes nothing of what we send; its owner sees that
)

// String names the reason for people.
func (r Reason) String() string {
	switch r {
	case ReasonNone:
		return "none"
	case MalformedMessage:
		return "malformed message"
	case BitfieldMalformed:
		return "malformed bitfield"
	case BitfieldLate:
		return "late bitfield"
	case FastWithoutFast:
		return "fast message without FAST"
	case ExtensionUnnegotiated:
		return "extended message without BEP 10"
	case ExtensionMalformed:
		return "malformed extended handshake"
	case UnrequestedBlocks:
		return "unrequested blocks"
	case Silent:
		return "silent"
	case NothingToTrade:
		return "nothing to trade"
	case NotReading:
		return "not reading"
	case RequestFlood, CancelFlood, RejectFlood, HaveFlood, InterestFlood,
		ChokeFlood, HintFlood, ExtendedFlood, MessageFlood:
		return "flood of " + r.flooding()
	}
	return "unknown reason"
}

// flooding names what a flood consists of.
func (r Reason) flooding() string {
	switch r {
	case RequestFlood:
		return "requests"
	case CancelFlood:
		return "cancels"
	case RejectFlood:
		return "rejects"
	case HaveFlood:
		return "haves"
	case InterestFlood:
		return "interest"
	case ChokeFlood:
		return "chokes"
	case HintFlood:
		return "hints"
	case ExtendedFlood:
		return "extended messages"
	case MessageFlood, ReasonNone, MalformedMessage, BitfieldMalformed, BitfieldLate,
		FastWithoutFast, ExtensionUnnegotiated, ExtensionMalformed,
		UnrequestedBlocks, Silent, NothingToTrade, NotReading:
	}
	return "messages"
}

// Closing says why a connection ends; Fault is set for MalformedMessage.
type Closing struct {
	Reason Reason
	Fault  wire.Fault
}

// String names the closing for people.
func (c Closing) String() string {
	if c.Reason == MalformedMessage {
		return c.Reason.String() + ": " + c.Fault.String()
	}
	return c.Reason.String()
}
