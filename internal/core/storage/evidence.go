package storage

import (
	"fmt"

	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// Block is a block as it came: Length bytes at Begin of Piece, from Sender.
type Block struct {
	Piece         pieceset.Index
	Begin, Length uint32
	Sender        Sender
}

// Sender is who sent a block, as the owner numbers them.
type Sender uint32

// Nobody is the sender of a block that was on the disk before.
const Nobody Sender = 0

// BlockEvidence says what an incoming block means.
type BlockEvidence uint8

const (
	// BlockStored is a block whose bytes the owner copies into the piece's
	// memory now, before it carries out the batch.
	BlockStored BlockEvidence = iota
	// BlockDuplicate is there already, unverified.
	BlockDuplicate
	// BlockOfHeldPiece belongs to a verified piece.
	BlockOfHeldPiece
	// BlockMisaligned is not exactly one block of the piece.
	BlockMisaligned
	// BlockOutOfRange names a piece that the torrent lacks.
	BlockOutOfRange
	// BlockNoRoom finds the memory for assembly used up: to be brought again.
	BlockNoRoom
	// BlockNotNow belongs to a piece that is being checked or given up, which
	// will be reported. It is dropped.
	BlockNotNow
	// BlockRefused came while the torrent is paused or stops. It is dropped.
	BlockRefused
)

// Digest is a collision-resistant hash of one block, for comparing two copies.
type Digest [32]byte

// Suspect is a block of a corrupt piece: who sent it, and the digest of what
// came.
type Suspect struct {
	Sender Sender
	Digest Digest
}

// Op names what failed.
type Op uint8

// The operations that can fail.
const (
	OpRead Op = iota
	OpWrite
	OpSync
	OpClaim
	OpExamine
)

var opNames = [...]string{"read", "write", "sync", "claim", "examine"}

// String names the operation.
func (o Op) String() string { return opNames[o] }

// Fault says what the environment refused.
type Fault struct {
	Op  Op
	Err error
}

// Error tells both.
func (f Fault) Error() string { return fmt.Sprintf("%v: %v", f.Op, f.Err) }

// Unwrap is the cause.
func (f Fault) Unwrap() error { return f.Err }

// PhaseEvidence says what the torrent is up to.
//
//sumtype:decl
type PhaseEvidence interface{ phaseEvidence() }

// Running takes blocks.
type Running struct{}

// Paused takes no block until Resume, because of Fault. What was written before
// is still synced and claimed, if that can be.
type Paused struct{ Fault Fault }

// Stopping takes no block; it writes out what is in memory, syncs and claims.
type Stopping struct{}

// Ended has nothing out and does nothing.
type Ended struct{}

func (Running) phaseEvidence()  {}
func (Paused) phaseEvidence()   {}
func (Stopping) phaseEvidence() {}
func (Ended) phaseEvidence()    {}

// HashEvidence says what became of a HashRun.
type HashEvidence uint8

// HashAdvanced answers a run that is not the piece's last, the others one that is.
const (
	HashAdvanced HashEvidence = iota
	HashRight
	HashWrong
)

// ReadEvidence says what a read of a whole piece found.
type ReadEvidence uint8

// ReadMissing says that the file is not there or too short.
const (
	ReadRight ReadEvidence = iota
	ReadWrong
	ReadMissing
)
