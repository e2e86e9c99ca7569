// Package wire is the codec of the peer protocol: the handshake and the
// messages of BEP 3, PORT of BEP 5, the fast extension's messages of BEP 6,
// and the extension protocol's of BEP 10 with its handshake.
//
// A message is a frame: four bytes of length, one of id, a head whose size the
// kind fixes, and for some kinds a payload. [Decode] judges each part as soon
// as it is there, so that a hostile length never makes a reader keep more than
// [Limits.MaxFrame] bytes.
package wire

// Kind says what a message is.
type Kind uint8

// The kinds of messages. KeepAlive is the frame without an id, and the kind of
// the zero Message. Unknown stands for every id without a kind of its own.
const (
	KeepAlive Kind = iota
	Choke
	Unchoke
	Interested
	NotInterested
	Have
	Bitfield
	Request
	Piece
	Cancel
	Port
	Suggest
	HaveAll
	HaveNone
	Reject
	AllowedFast
	Extended
	Unknown
)

// Ids as BEP 4 assigns them.
const (
	idChoke         = 0
	idUnchoke       = 1
	idInterested    = 2
	idNotInterested = 3
	idHave          = 4
	idBitfield      = 5
	idRequest       = 6
	idPiece         = 7
	idCancel        = 8
	idPort          = 9
	idSuggest       = 13
	idHaveAll       = 14
	idHaveNone      = 15
	idReject        = 16
	idAllowedFast   = 17
	idExtended      = 20
)

// kindOf is the kind of the messages with an id.
func kindOf(id byte) Kind {
	switch id {
	case idChoke, idUnchoke, idInterested, idNotInterested, idHave,
		idBitfield, idRequest, idPiece, idCancel, idPort:
		return Choke + Kind(id)
	case idSuggest, idHaveAll, idHaveNone, idReject, idAllowedFast:
		return Suggest + Kind(id-idSuggest)
	case idExtended:
		return Extended
	}
	return Unknown
}

// id is what a message of kind k carries. KeepAlive has none, and that of
// Unknown is in the message.
func (k Kind) id() byte {
	if k >= Suggest && k <= AllowedFast {
		return idSuggest + byte(k-Suggest)
	}
	if k == Extended {
		return idExtended
	}
	return byte(k - Choke)
}

// String names the kind in the words of the BEPs.
func (k Kind) String() string {
	switch k {
	case KeepAlive:
		return "keep-alive"
	case Choke:
		return "choke"
	case Unchoke:
		return "unchoke"
	case Interested:
		return "interested"
	case NotInterested:
		return "not interested"
	case Have:
		return "have"
	case Bitfield:
		return "bitfield"
	case Request:
		return "request"
	case Piece:
		return "piece"
	case Cancel:
		return "cancel"
	case Port:
		return "port"
	case Suggest:
		return "suggest"
	case HaveAll:
		return "have all"
	case HaveNone:
		return "have none"
	case Reject:
		return "reject"
	case AllowedFast:
		return "allowed fast"
	case Extended:
		return "extended"
	case Unknown:
		return "unknown"
	}
	return "no kind"
}
