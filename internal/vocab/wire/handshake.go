package wire

import "bytes"

// What a handshake begins with (BEP 3): the length of the protocol's name and
// the name.
const protocolHeader = "\x13BitTorrent protocol"

// How many bytes of a handshake say what.
const (
	// HandshakeBytes is the size of a whole handshake.
	HandshakeBytes = infoHashEnd + 20
	// HandshakeInfoHashBytes is how many of them come up to and with the
	// info-hash, at which an acceptor can answer.
	HandshakeInfoHashBytes = infoHashEnd

	reservedEnd = len(protocolHeader) + 8
	infoHashEnd = reservedEnd + 20
)

// Handshake is what each side sends first (BEP 3).
type Handshake struct {
	Reserved [8]byte  // extensions (BEP 4); see Capabilities
	InfoHash [20]byte // of a v2 torrent: the first 20 bytes (BEP 52)
	PeerID   [20]byte
}

// Append appends the HandshakeBytes bytes of the handshake.
func (h Handshake) Append(dst []byte) []byte {
	dst = append(append(dst, protocolHeader...), h.Reserved[:]...)
	return append(append(dst, h.InfoHash[:]...), h.PeerID[:]...)
}

// HandshakeEvidence says what the first bytes of a connection are.
//
//sumtype:decl
type HandshakeEvidence interface{ handshakeEvidence() }

// HandshakePartial is the beginning of a handshake that says nothing yet. Need
// is how many bytes there must be in all to say more.
type HandshakePartial struct{ Need int }

// HandshakeInfoHash is a handshake of which all but the peer id is there.
type HandshakeInfoHash struct {
	Reserved [8]byte
	InfoHash [20]byte
}

// HandshakeWhole is a whole handshake. Bytes behind it belong to messages.
type HandshakeWhole struct{ Handshake Handshake }

// NotBitTorrent says that the connection speaks another protocol, or this one
// encrypted.
type NotBitTorrent struct{}

func (HandshakePartial) handshakeEvidence()  {}
func (HandshakeInfoHash) handshakeEvidence() {}
func (HandshakeWhole) handshakeEvidence()    {}
func (NotBitTorrent) handshakeEvidence()     {}

// ViewHandshake looks at the first bytes of a connection, all of them or as many
// as there are. It keeps nothing of buf.
func ViewHandshake(buf []byte) HandshakeEvidence {
	seen := min(len(buf), len(protocolHeader))
	switch {
	case !bytes.Equal(buf[:seen], []byte(protocolHeader[:seen])):
		return NotBitTorrent{}
	case len(buf) < HandshakeInfoHashBytes:
		return HandshakePartial{Need: HandshakeInfoHashBytes}
	}
	reserved := [8]byte(buf[len(protocolHeader):reservedEnd])
	hash := [20]byte(buf[reservedEnd:infoHashEnd])
	if len(buf) < HandshakeBytes {
		return HandshakeInfoHash{Reserved: reserved, InfoHash: hash}
	}
	return HandshakeWhole{Handshake{
		Reserved: reserved,
		InfoHash: hash,
		PeerID:   [20]byte(buf[infoHashEnd:HandshakeBytes]),
	}}
}
