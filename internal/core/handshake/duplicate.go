package handshake

import (
	"bytes"
	"net/netip"
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

func (NoDuplicate) duplicateEvidence()     {}
func (KeepExisting) duplicateEvidence()    {}
func (ReplaceExisting) duplicateEvidence() {}

// ViewDuplicate judges an incoming connection, whoever dialled it, against an
// existing one of the same torrent.
//
// The peer id says who a peer is; many peers may share an address, and one peer
// has several ports. But an id is no secret, so that from another address than
// the existing one it proves nothing: it displaces nobody. From the same address
// two connections in opposite directions mean that both sides dialled at once.
// Then the one stays that the side with the greater peer id dialled, which both
// sides find alike. Of two in the same direction the existing one stays.
func ViewDuplicate(existing, incoming Connection) DuplicateEvidence {
	switch {
	case existing.Remote != incoming.Remote:
		return NoDuplicate{}
	case address(existing) != address(incoming), existing.Direction == incoming.Direction:
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
