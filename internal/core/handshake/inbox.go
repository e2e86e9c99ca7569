package handshake

import "github.com/etorrent/etorrent/internal/vocab/wire"

// inbox gathers the remote's handshake.
type inbox struct {
	bytes [wire.HandshakeBytes]byte
	have  int
}

// take keeps what of b belongs to the handshake and returns how many bytes
// that are.
func (in *inbox) take(b []byte) int {
	n := copy(in.bytes[in.have:], b)
	in.have += n
	return n
}

func (in *inbox) view() wire.HandshakeEvidence { return wire.ViewHandshake(in.bytes[:in.have]) }

// whole judges a whole handshake that is for the right torrent.
func whole(h wire.Handshake, own [20]byte) Evidence {
	if h.PeerID == own {
		return SelfConnection{}
	}
	return Finished{Remote: h}
}
