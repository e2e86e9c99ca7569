package assign

import "github.com/etorrent/etorrent/internal/vocab/geometry"

// Effects is where Settle leaves what it decided. Its methods append to a
// batch; they must not block, nor call the core.
type Effects interface {
	// Deal asks a holder to fetch a run of blocks of one piece.
	Deal(h HolderID, r geometry.Run)
	// Cancel tells a holder that a block dealt to it is not wanted of it any more
	// (BEP 3, cancel): it is here, or a faster holder gets it. A holder that has
	// sent or returned the block meanwhile ignores it.
	Cancel(h HolderID, b geometry.Block)
	// Interested tells a holder that our interest in it changed (BEP 3,
	// interested and not interested). A holder begins with NotInterested.
	Interested(h HolderID, i Interest)
}

// Interest says whether a holder has a piece that is wanted and not held.
type Interest uint8

// The two interests of BEP 3.
const (
	NotInterested Interest = iota
	Interested
)

// Phase says how blocks are dealt.
type Phase uint8

const (
	// Dealing means that some wanted block is neither received nor being
	// fetched; no block is dealt twice.
	Dealing Phase = iota
	// Endgame means that every wanted block is received or being fetched;
	// second copies are dealt to holders with credit.
	Endgame
)

// BlockEvidence says what a received block was for the torrent.
type BlockEvidence uint8

const (
	// BlockTaken was dealt to the holder and needed.
	BlockTaken BlockEvidence = iota
	// BlockLate was the holder's no more (returned, cancelled or dealt to
	// somebody else), and still needed.
	BlockLate
	// PieceFilled says that it was needed, and the last one of its piece.
	PieceFilled
	// BlockDuplicate was stored already, or its piece held: wasted.
	BlockDuplicate
	// BlockFromStranger has a sender that left or never joined; the block is
	// not counted and will be dealt (again).
	BlockFromStranger
)

// Reason says why a holder gives a block back.
type Reason uint8

const (
	// Choked says that the holder may not fetch now; nothing against it.
	Choked Reason = iota
	// Rejected says that the holder refuses this block (BEP 6, reject).
	Rejected
	// TimedOut says that the block did not come in time. It counts if it comes later.
	TimedOut
)

// ProgressEvidence says how far the torrent is.
//
//sumtype:decl
type ProgressEvidence interface{ progressEvidence() }

// PiecesWanted says that Left wanted pieces, at least one, are not held.
type PiecesWanted struct{ Left int }

// WantedHeld says that every wanted piece is held, and that Unwanted others, at
// least one, are not.
type WantedHeld struct{ Unwanted int }

// AllHeld says that every piece is held.
type AllHeld struct{}

func (PiecesWanted) progressEvidence() {}
func (WantedHeld) progressEvidence()   {}
func (AllHeld) progressEvidence()      {}
