package handshake

import (
	"bytes"
	"net/netip"

	"github.com/etorrent/etorrent/internal/vocab/transport"
)

// Direction says who dialled.
type Direction uint8

// The directions.
const (
	Dialled  Direction = iota // by us
	Accepted                  // dialled by the remote
)

// String names the direction.
func (d Direction) String() string {
	switch d {
	case Dialled:
		return "dialled"
	case Accepted:
		return "accepted"
	}
	return "unknown direction"
}

// Connection is what the judgement of duplicates knows of a connection whose
// handshake is finished.
type Connection struct {
	Local, Remote [20]byte       // peer ids for one torrent
	Endpoint      netip.AddrPort // the remote's
	Direction     Direction
	Transport     transport.Transport
}

// DuplicateEvidence says what a new connection is to one that we have.
//
//sumtype:decl
type DuplicateEvidence interface{ duplicateEvidence() }

// NoDuplicate says that the connections are with two peers.
type NoDuplicate struct{}

// KeepExisting says that the incoming connection is to be closed.
type KeepExisting struct{}

// ReplaceExisting says that the existing connection is to be closed: both were
// dialled at once, and the remote keeps the incoming one as well.
type ReplaceExisting struct{}

// DiallerChooses says that the remote dialled both, over two transports, and ends the
// one of them that it does not want.
type DiallerChooses struct{}

func (NoDuplicate) duplicateEvidence()     {}
func (KeepExisting) duplicateEvidence()    {}
func (ReplaceExisting) duplicateEvidence() {}
func (DiallerChooses) duplicateEvidence()  {}

// ViewDuplicate judges an incoming connection, whoever dialled it, against an
// existing one of the same torrent.
//
// The peer id says who a peer is; many peers may share an address, and one peer
// has several ports. But an id is no secret, so that from another address than
// the existing one it proves nothing: it displaces nobody. From the same address
// two connections in opposite directions mean that both sides dialled at once.
// Then the one stays that the side with the greater peer id dialled, which both
// sides find alike. Of two in the same direction the existing one stays, unless the
// remote dialled them over two transports: the handshakes need not come to their ends
// in the same order at both sides, so that each would keep another one. The side that
// dialled chooses, and the other one waits for that.
func ViewDuplicate(existing, incoming Connection) DuplicateEvidence {
	switch {
	case existing.Remote != incoming.Remote:
		return NoDuplicate{}
	case address(existing) != address(incoming):
		return KeepExisting{}
	case existing.Direction == incoming.Direction:
		if incoming.Direction == Accepted && existing.Transport != incoming.Transport {
			return DiallerChooses{}
		}
		return KeepExisting{}
	case incoming.Direction == directionThatStays(incoming):
		return ReplaceExisting{}
	}
	return KeepExisting{}
}

// directionThatStays is who must have dialled the connection that stays, as
// seen from here.
func directionThatStays(c Connection) Direction {
	if bytes.Compare(c.Local[:], c.Remote[:]) > 0 {
		return Dialled
	}
	return Accepted
}

func address(c Connection) netip.Addr { return c.Endpoint.Addr().Unmap() }
