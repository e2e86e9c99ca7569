package conn

import (
	"github.com/etorrent/etorrent/internal/core/utp/recv"
	"github.com/etorrent/etorrent/internal/core/utp/send"
)

// ArrivalKind says what a packet is to a connection.
type ArrivalKind uint8

// The kinds. Of all but the first five nothing counts, as if they had not come.
const (
	// Acknowledges is a State that was taken.
	Acknowledges ArrivalKind = iota
	// Carries is a Data or Fin whose acknowledgement was taken; Receipt says what became
	// of the rest.
	Carries
	// Opens is the answer to our Syn.
	Opens
	// Reopens is another answer to our Syn, of an acceptor that took it for another
	// connection. libtorrent knows of the last one only.
	Reopens
	// Ends is a Reset that was taken.
	Ends

	// AlienID has an id that is not the connection's.
	AlienID
	// SynAgain is the Syn again that the connection was made of: it is answered again.
	SynAgain
	// SynStrange is any other Syn.
	SynStrange
	// ResetForged is a Reset that answers no packet of ours.
	ResetForged
	// SeqStrange has a number that no packet of the remote can have now.
	SeqStrange
	// OldDuplicate was sent before the numbers came round.
	OldDuplicate
	// AckUnsent acknowledges what was never sent.
	AckUnsent
	// AckStale is older than what could be on its way.
	AckStale
	// TooEarly is a Data or Fin before the answer to our Syn: where the stream begins is
	// not known.
	TooEarly
	// TooLate is a packet to a connection that is closed.
	TooLate
)

// String names the kind.
func (k ArrivalKind) String() string {
	switch k {
	case Acknowledges:
		return "acknowledges"
	case Carries:
		return "carries"
	case Opens:
		return "opens"
	case Reopens:
		return "reopens"
	case Ends:
		return "ends"
	case AlienID:
		return "alien id"
	case SynAgain:
		return "SYN again"
	case SynStrange:
		return "strange SYN"
	case ResetForged:
		return "forged reset"
	case SeqStrange:
		return "strange seq_nr"
	case OldDuplicate:
		return "old duplicate"
	case AckUnsent:
		return "acknowledges what was not sent"
	case AckStale:
		return "stale acknowledgement"
	case TooEarly:
		return "too early"
	case TooLate:
		return "too late"
	}
	return "unknown arrival"
}

// Arrival says what a packet was. Ack is that of Acknowledges and Carries, Receipt that
// of Carries.
type Arrival struct {
	Kind    ArrivalKind
	Ack     send.Acknowledged
	Receipt recv.Receipt
}

// AppendEvidence says what became of bytes that were appended to our stream.
type AppendEvidence uint8

// What may become of them.
const (
	// Appended are sent when there is room for them.
	Appended AppendEvidence = iota
	// BehindFinish come after the end: they are not sent.
	BehindFinish
)
