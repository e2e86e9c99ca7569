package handshake

import "github.com/etorrent/etorrent/internal/vocab/wire"

// Initiator is the side that dialled. It has one owner.
type Initiator struct {
	infoHash [20]byte
	own      Hello
	in       inbox
}

// NewInitiator returns the machine for a torrent.
func NewInitiator(infoHash [20]byte, own Hello) *Initiator {
	return &Initiator{infoHash: infoHash, own: own}
}

// Hello appends our whole handshake, which is sent at once.
func (i *Initiator) Hello(dst []byte) []byte { return i.own.append(dst, i.infoHash) }

// Feed looks at the next bytes of the remote. taken is how many of b belong to
// its handshake; the others are messages, if the evidence is Finished.
func (i *Initiator) Feed(b []byte) (e Evidence, taken int) {
	taken = i.in.take(b)
	return i.view(), taken
}

func (i *Initiator) view() Evidence {
	switch seen := i.in.view().(type) {
	case wire.HandshakePartial:
		return NeedMore{}
	case wire.NotBitTorrent:
		return NotBitTorrent{}
	case wire.HandshakeInfoHash:
		if seen.InfoHash != i.infoHash {
			return WrongInfoHash{Got: seen.InfoHash}
		}
		return NeedMore{}
	case wire.HandshakeWhole:
		if seen.Handshake.InfoHash != i.infoHash {
			return WrongInfoHash{Got: seen.Handshake.InfoHash}
		}
		return whole(seen.Handshake, i.own.PeerID)
	}
	panic("handshake: no evidence")
}
