//go:build linux

package interop

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"sync/atomic"
)

// The ids of messages (BEP 3, 6, 10).
const (
	idChoke, idUnchoke, idInterested, idNotInterested = 0, 1, 2, 3
	idHave, idBitfield, idRequest, idPiece, idCancel  = 4, 5, 6, 7, 8
	idPort                                            = 9
	idSuggest, idHaveAll, idHaveNone, idReject        = 13, 14, 15, 16
	idAllowedFast, idExtended                         = 17, 20
)

// Bits of the reserved bytes of a handshake (BEP 4), as byte and mask.
type extension struct {
	at   int
	mask byte
}

var (
	fast     = extension{7, 0x04}
	extended = extension{5, 0x10}
)

var peerIDs atomic.Uint32

// handshake is the first message of either side, with a peer id that nobody
// else has.
func handshake(infoHash [20]byte, with ...extension) []byte {
	b := append([]byte{19}, "BitTorrent protocol"...)
	var reserved [8]byte
	for _, e := range with {
		reserved[e.at] |= e.mask
	}
	b = append(append(b, reserved[:]...), infoHash[:]...)
	return fmt.Appendf(b, "-XX0001-%012d", peerIDs.Add(1))
}

// frame is a message with its length before it.
func frame(id byte, payload ...byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(1+len(payload)))
	return append(append(b, id), payload...)
}

// numbers is a message of 32-bit numbers.
func numbers(id byte, n ...uint32) []byte {
	var payload []byte
	for _, v := range n {
		payload = binary.BigEndian.AppendUint32(payload, v)
	}
	return frame(id, payload...)
}

// extendedHandshake is a message of BEP 10 whose body may be anything.
func extendedHandshake(body string) []byte {
	return frame(idExtended, append([]byte{0}, body...)...)
}

// block is a piece message with n bytes of data.
func block(index, begin uint32, n int) []byte {
	head := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, index), begin)
	return frame(idPiece, append(head, make([]byte, n)...)...)
}

// times repeats a message.
func times(n int, message []byte) []byte { return bytes.Repeat(message, n) }

// bitfield has n bits, all set, and the spare ones not.
func bitfield(n int) []byte {
	b := bytes.Repeat([]byte{0xff}, (n+7)/8)
	if n%8 != 0 {
		b[len(b)-1] = 0xff << (8 - n%8)
	}
	return b
}
