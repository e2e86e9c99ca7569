// Package handshake has the opening of a connection as a pure machine (BEP 3),
// and the judgement of two connections with one peer.
//
// The life of an [Initiator]:
//
//	Hello sent → NeedMore … → Finished | WrongInfoHash | SelfConnection | NotBitTorrent
//
// and of an [Acceptor], which says nothing to a stranger that names no torrent
// of ours:
//
//	NeedMore … → InfoHashKnown → Answer sent → NeedMore … → Finished | SelfConnection
//	NeedMore … → NotBitTorrent
//
// Both take bytes in portions of any size and never more than the handshake
// has, so that what follows it stays with the caller. Time-outs are the
// caller's, too. The peer id that a tracker gave for an endpoint is not compared
// with the remote's: ids are renewed with every run, trackers keep old ones.
package handshake

import "github.com/etorrent/etorrent/internal/vocab/wire"

// Hello is what a side says of itself. The peer id is fresh for each torrent
// and run.
type Hello struct {
	Capabilities wire.Capabilities
	PeerID       [20]byte
}

// append appends the whole handshake for a torrent.
func (h Hello) append(dst []byte, infoHash [20]byte) []byte {
	return wire.Handshake{
		Reserved: h.Capabilities.Reserved(),
		InfoHash: infoHash,
		PeerID:   h.PeerID,
	}.Append(dst)
}

// Evidence says where a handshake stands. All but NeedMore and InfoHashKnown
// are final: whatever comes then, the machine says them again.
//
//sumtype:decl
type Evidence interface{ handshakeStanding() }

// NeedMore says that the remote's bytes so far tell nothing new.
type NeedMore struct{}

// InfoHashKnown says for which torrent the remote of an Acceptor came. The
// owner answers, or closes without a word.
type InfoHashKnown struct {
	InfoHash     [20]byte
	Capabilities wire.Capabilities
}

// Finished says that both sides have said all. What the remote sends next are
// messages.
type Finished struct{ Remote wire.Handshake }

// WrongInfoHash says that the remote answered an Initiator for another torrent.
type WrongInfoHash struct{ Got [20]byte }

// NotBitTorrent says that the remote speaks another protocol, or this one
// encrypted.
type NotBitTorrent struct{}

// SelfConnection says that the remote's peer id is ours: we reached ourselves.
type SelfConnection struct{}

func (NeedMore) handshakeStanding()       {}
func (InfoHashKnown) handshakeStanding()  {}
func (Finished) handshakeStanding()       {}
func (WrongInfoHash) handshakeStanding()  {}
func (NotBitTorrent) handshakeStanding()  {}
func (SelfConnection) handshakeStanding() {}
