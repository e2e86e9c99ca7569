package etorrent

import (
	"github.com/etorrent/etorrent/internal/proc/torrent"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// Peer is a snapshot of a connection to a peer that finished its handshake.
type Peer = torrent.Peer

// PeerFlags is a set of facts about a connection.
type PeerFlags = torrent.PeerFlags

// The flags: the peer made the connection; we want something of it; it serves us; it
// wants something of us; we serve it.
const (
	PeerConnectedToUs = torrent.PeerConnectedToUs
	PeerIsWanted      = torrent.PeerIsWanted
	PeerUnchokesUs    = torrent.PeerUnchokesUs
	PeerWantsUs       = torrent.PeerWantsUs
	PeerIsUnchoked    = torrent.PeerIsUnchoked
)

// Peers are the torrent's connections now, the oldest first.
func (t *Torrent) Peers() []Peer { return t.t.Peers() }

// Pieces is a snapshot of a torrent's pieces.
type Pieces struct {
	Count   int   // of all
	Length  int64 // of each but the last, in bytes
	written *PieceSet
	durable *PieceSet
}

// Has says whether a piece is in the files: it can be read, and is served.
func (p Pieces) Has(i int) bool { return has(p.written, i) || has(p.durable, i) }

// IsDurable says whether a piece is synced and claimed.
func (p Pieces) IsDurable(i int) bool { return has(p.durable, i) }

// Durable is how many pieces are.
func (p Pieces) Durable() int {
	if p.durable == nil {
		return 0
	}
	return p.durable.Count()
}

func has(s *PieceSet, i int) bool {
	return s != nil && i >= 0 && i < s.Size() && s.Has(pieceset.Index(i))
}

// Pieces is a snapshot of the torrent's pieces. None is there until the torrent's
// files are open.
func (t *Torrent) Pieces() Pieces {
	view, _ := t.t.View()
	g := t.geometry()
	out := Pieces{Count: g.Pieces(), Length: g.PieceLength, durable: view.Durable}
	if view.Written != nil {
		out.written = pieceset.New(g.Pieces())
		for i := range g.Pieces() {
			if view.Written.Has(pieceset.Index(i)) {
				out.written.Add(pieceset.Index(i))
			}
		}
	}
	return out
}
