package handshake

import "github.com/etorrent/etorrent/internal/vocab/wire"

// Acceptor is the side that was dialled. It has one owner. The zero Acceptor is
// ready for the first bytes.
type Acceptor struct {
	answer answer
	own    Hello // once there is an answer
	in     inbox
}

// answer says whether an Acceptor has spoken.
type answer uint8

const (
	notGiven answer = iota
	given
)

// Feed looks at the next bytes of the remote. taken is how many of b belong to
// its handshake; the others are messages, if the evidence is Finished. After
// InfoHashKnown it goes on taking the remote's peer id, and says InfoHashKnown
// again until there is an answer.
func (a *Acceptor) Feed(b []byte) (e Evidence, taken int) {
	taken = a.in.take(b)
	return a.view(), taken
}

// Answer appends our whole handshake for the torrent that the remote named,
// which is sent at once, and says where the handshake stands then: the remote's
// peer id may be there already. It panics unless InfoHashKnown came before and
// no other answer.
func (a *Acceptor) Answer(own Hello, dst []byte) ([]byte, Evidence) {
	asked, ok := a.view().(InfoHashKnown)
	if !ok {
		panic("handshake: an answer where none is due")
	}
	a.answer, a.own = given, own
	return own.append(dst, asked.InfoHash), a.view()
}

func (a *Acceptor) view() Evidence {
	switch seen := a.in.view().(type) {
	case wire.HandshakePartial:
		return NeedMore{}
	case wire.NotBitTorrent:
		return NotBitTorrent{}
	case wire.HandshakeInfoHash:
		if a.answer == given {
			return NeedMore{}
		}
		return known(seen.Reserved, seen.InfoHash)
	case wire.HandshakeWhole:
		if a.answer == given {
			return whole(seen.Handshake, a.own.PeerID)
		}
		return known(seen.Handshake.Reserved, seen.Handshake.InfoHash)
	}
	panic("handshake: no evidence")
}

func known(reserved [8]byte, infoHash [20]byte) Evidence {
	return InfoHashKnown{InfoHash: infoHash, Capabilities: wire.CapabilitiesOf(reserved)}
}
