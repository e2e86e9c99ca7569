package recv

// ReceiptKind says what became of a packet.
type ReceiptKind uint8

// The kinds. All but Strange, BehindEnd and EndElsewhere are to be acknowledged: the
// remote learns from it what is missing, and what it need not send again.
const (
	// InOrder was delivered, with those that had waited for it.
	InOrder ReceiptKind = iota
	// Held waits for one before it.
	Held
	// Repeated was delivered or is held already: an acknowledgement was lost or late.
	Repeated
	// BeyondWindow is more than the remote was allowed to send.
	BeyondWindow
	// TooFar has no slot: too many are missing before it.
	TooFar
	// NoMemory came early, and the pool is used up or has no buffer that is large
	// enough. It is taken when it comes in order.
	NoMemory
	// Strange is older than what could be repeated.
	Strange
	// BehindEnd comes after the Fin, whatever it is.
	BehindEnd
	// EndElsewhere is a Fin before the first one. The first one counts.
	EndElsewhere
)

// String names the kind.
func (k ReceiptKind) String() string {
	switch k {
	case InOrder:
		return "in order"
	case Held:
		return "held"
	case Repeated:
		return "repeated"
	case BeyondWindow:
		return "beyond the window"
	case TooFar:
		return "too far ahead"
	case NoMemory:
		return "no memory"
	case Strange:
		return "strange"
	case BehindEnd:
		return "behind the end"
	case EndElsewhere:
		return "another end"
	}
	return "unknown receipt"
}

// EndEvidence says what is known of the end of the stream.
type EndEvidence uint8

// What may be known.
const (
	EndUnknown EndEvidence = iota
	EndAhead               // a Fin has come, and something before it is missing
	EndReached             // all was delivered
)

// Receipt says what became of a packet. Only InOrder has Packets and Bytes: what was
// delivered, the packets that had been held included. End is that of the queue now.
type Receipt struct {
	Kind           ReceiptKind
	End            EndEvidence
	Packets, Bytes int
}

// WindowEvidence says whether the remote is to be told of the window.
type WindowEvidence uint8

// What may be so.
const (
	// WindowAsTold need not be told: the next acknowledgement does.
	WindowAsTold WindowEvidence = iota
	// WindowReopened is to be told at once: the remote was told of one that was as good
	// as closed, and may be waiting.
	WindowReopened
)
