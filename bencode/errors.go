package bencode

import "strconv"

// SyntaxError says why and where bytes are no acceptable bencoding. Offset
// counts bytes from the beginning of what was parsed.
type SyntaxError struct {
	Offset int
	Reason Reason
}

// Error returns a sentence for people.
func (e *SyntaxError) Error() string {
	return "bencode: byte " + strconv.Itoa(e.Offset) + ": " + e.Reason.String()
}

// Reason is why a document was refused.
type Reason uint8

// The reasons. Truncated is the reason for every proper beginning of a well
// formed document, and for a string that claims more bytes than follow it.
const (
	Truncated Reason = iota
	UnexpectedByte
	IntegerMalformed
	LengthMalformed
	KeyNotString
	ValueMissing
	TooLarge
	TooDeep
	TooManyItems
)

// String says the reason for people.
func (r Reason) String() string {
	switch r {
	case Truncated:
		return "the document ends early"
	case UnexpectedByte:
		return "no value begins with this byte"
	case IntegerMalformed:
		return "malformed integer"
	case LengthMalformed:
		return "malformed string length"
	case KeyNotString:
		return "a dictionary key is not a string"
	case ValueMissing:
		return "a dictionary key has no value"
	case TooLarge:
		return "the document has too many bytes"
	case TooDeep:
		return "the document is nested too deeply"
	case TooManyItems:
		return "the document has too many values"
	}
	return "unknown reason"
}

// Finding is a breach of the rules that leaves the meaning clear. Offset is
// where the integer, string, key or tail concerned begins.
type Finding struct {
	Offset       int
	Irregularity Irregularity
}

// Irregularity is what a Finding found.
type Irregularity uint8

// The irregularities. KeysUnsorted is reported once a dictionary, at the first
// key out of order; KeyRepeated at each key that an earlier one overrules.
// IntegerOutOfRange, an integer that does not fit 64 bits, breaks no rule, but
// has no value here.
const (
	KeysUnsorted Irregularity = iota
	KeyRepeated
	IntegerLeadingZero
	IntegerNegativeZero
	IntegerOutOfRange
	LengthLeadingZero
	TrailingBytes
)

// String says the irregularity for people.
func (i Irregularity) String() string {
	switch i {
	case KeysUnsorted:
		return "dictionary keys are not sorted"
	case KeyRepeated:
		return "dictionary key occurs again"
	case IntegerLeadingZero:
		return "integer has leading zeros"
	case IntegerNegativeZero:
		return "integer is a negative zero"
	case IntegerOutOfRange:
		return "integer does not fit 64 bits"
	case LengthLeadingZero:
		return "string length has leading zeros"
	case TrailingBytes:
		return "bytes follow the document"
	}
	return "unknown irregularity"
}
