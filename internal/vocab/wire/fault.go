package wire

// Fault names what makes a message malformed.
type Fault uint8

// The faults. The first three are found before the message has arrived.
const (
	// NoFault is the fault of a message that is none.
	NoFault Fault = iota
	// FrameTooLong is a length above the cap for every kind or for this one.
	FrameTooLong
	// FrameLengthWrong is a length that messages of this kind cannot have.
	FrameLengthWrong
	// BitfieldLengthWrong is a bitfield not as long as the pieces ask for.
	BitfieldLengthWrong
	// PieceOutOfRange is the index of a piece that the torrent does not have.
	PieceOutOfRange
	// BlockLengthWrong is a block of no bytes, a request of more than
	// MaxBlockBytes, or a sent block of more than MaxSentBytes.
	BlockLengthWrong
	// BlockOutOfPiece is a block that is not wholly inside its piece.
	BlockOutOfPiece
)

// String says the fault for people.
func (f Fault) String() string {
	switch f {
	case NoFault:
		return "no fault"
	case FrameTooLong:
		return "the message is too long"
	case FrameLengthWrong:
		return "the message has a wrong length for its kind"
	case BitfieldLengthWrong:
		return "the bitfield has a wrong length for the torrent"
	case PieceOutOfRange:
		return "the torrent has no piece of this index"
	case BlockLengthWrong:
		return "the block is empty or too long"
	case BlockOutOfPiece:
		return "the block is not inside its piece"
	}
	return "unknown fault"
}
