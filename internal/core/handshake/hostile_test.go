package handshake_test

import (
	"encoding/binary"
	"testing"

	"github.com/etorrent/etorrent/internal/core/handshake"
	"github.com/etorrent/etorrent/internal/vocab/wire"
)

// Before both handshakes are done no message means anything, whatever its length
// says: its sender is left after its first bytes.
func TestEveryMessageInPlaceOfAHandshakeIsAnotherProtocol(t *testing.T) {
	for id := range 256 {
		for _, length := range []uint32{0, 1, 2, 3, 5, 9, 13, 14, 1 << 17, 1<<17 + 9, 1<<17 + 10, 1 << 31, 1<<32 - 1} {
			frame := append(binary.BigEndian.AppendUint32(nil, length), byte(id))
			for who, machine := range map[string]interface {
				Feed([]byte) (handshake.Evidence, int)
			}{"acceptor": new(handshake.Acceptor), "initiator": handshake.NewInitiator(theHash(), ours())} {
				if e, _ := machine.Feed(frame); e != (handshake.NotBitTorrent{}) {
					t.Errorf("%s: %x is %+v", who, frame, e)
				}
			}
		}
	}
}

func TestEveryByteOfTheProtocolNameCounts(t *testing.T) {
	good := encoded(theirs(), theHash())
	for n := range 20 {
		for bit := range 8 {
			bad := append([]byte(nil), good...)
			bad[n] ^= 1 << bit
			var a handshake.Acceptor
			if e, _ := a.Feed(bad[:n+1]); e != (handshake.NotBitTorrent{}) {
				t.Errorf("byte %d as %#x is %+v", n, bad[n], e)
			}
		}
	}
}

// No reserved bit is an error: those that we do not know are ignored (BEP 4).
func TestEveryReservedBitIsBorne(t *testing.T) {
	for n := range 64 {
		h := wire.Handshake{InfoHash: theHash(), PeerID: theirs().PeerID}
		h.Reserved[n/8] = 1 << (n % 8)
		i := handshake.NewInitiator(theHash(), ours())
		if e, _ := i.Feed(h.Append(nil)); e != (handshake.Finished{Remote: h}) {
			t.Errorf("bit %d: %+v", n, e)
		}
	}
}
