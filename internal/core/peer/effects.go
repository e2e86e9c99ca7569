package peer

import (
	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
	"github.com/etorrent/etorrent/internal/vocab/wire"
)

// Effects receives what follows from a step. Its methods only append to a
// batch and never block; the owner carries the batch out after the step, in
// the order of the calls.
type Effects interface {
	// Send queues a message to the remote. Payload is the callee's to copy.
	Send(m wire.Message)
	// StoreBlock hands a wanted block to the disk; data aliases the buffer
	// that the message was decoded from.
	StoreBlock(b geometry.Block, data []byte)
	// Upload sends a block that was read for an earlier ReadRun.
	Upload(r Request)

	// RemoteHas reports one more piece of the remote to the picker.
	RemoteHas(i pieceset.Index)
	// RemoteHasSet reports all pieces of the remote to the picker. The set
	// goes on changing: the callee copies it.
	RemoteHasSet(s *pieceset.Set)
	// Received reports that a block came and goes to the disk.
	Received(b geometry.Block)
	// Returned gives a block back to the picker.
	Returned(b geometry.Block, why Return)
	// Credit says how many blocks may be in flight at once, those in flight
	// included, and of which pieces. It is 0 until it is said.
	Credit(blocks int, of Scope)
	// Allowed and Disallowed say which pieces the remote lets us fetch while it
	// chokes us (BEP 6); it need not have them.
	Allowed(i pieceset.Index)
	Disallowed(i pieceset.Index)

	// Told says, to a picker that takes over, what the remote knows of our interest.
	Told(i Interest)
	// InFlight says, to a picker that takes over, that a block is in flight; the
	// oldest comes first.
	InFlight(b geometry.Block)

	// RemoteInterest reports to the choker whether the remote wants data, and lacks
	// some.
	RemoteInterest(i Interest)
	// Introduced reports what the remote says about itself (BEP 10). The
	// handshake is the callee's to keep.
	Introduced(h *wire.ExtendedHandshake)
	// Close ends the connection. It is the last effect of a core; what was in
	// flight was returned before.
	Close(c Closing)
}

// Interest says whether one side wants data of the other (BEP 3).
type Interest uint8

// The two interests; a connection starts with NotInterested on both sides.
const (
	NotInterested Interest = iota
	Interested
)

// Choke says whether one side answers requests of the other (BEP 3).
type Choke uint8

// The two states; a connection starts with Choked on both sides.
const (
	Choked Choke = iota
	Unchoked
)

// Return says why a block that was dealt to us goes back to the picker.
type Return uint8

// The reasons for a return.
const (
	ReturnRejected Return = iota // the remote rejected the request, though it does not choke us (BEP 6)
	ReturnChoked                 // it cannot be asked for (any more): the remote choked us, takes no more requests, or is left
	ReturnTimedOut               // nothing came in the time its rate allows
)

// Request is a remote's request: Length bytes from Begin on in Piece.
type Request struct {
	Piece         pieceset.Index
	Begin, Length uint32
}

// ReadRun is one read-ahead for consecutive requests: Length bytes from Begin
// on in Piece. A run of Length 0 means that there is nothing to read.
type ReadRun struct {
	Piece         pieceset.Index
	Begin, Length uint32
}
