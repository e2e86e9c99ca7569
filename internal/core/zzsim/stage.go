// Package storage decides how the verified bytes of one torrent reach stable
// storage: in which order they are written, synced and claimed, how much memory
// the pieces under assembly take, and what a failed write, sync or claim means.
// The bytes stay with the process; this core follows which blocks are where.
//
// Three words are never mixed. A piece is verified when its hash was right,
// written when its bytes are in the file (it may be announced and served), and
// durable when it was synced and the state row claims it.
package storage

// Stage is where a piece is on its way. A piece is at exactly one stage.
//
//	Absent      nothing of it that counts is in the file
//	Partial     some blocks are in the file, none verified, none in memory
//	Assembling  blocks come; some may be in memory, some in the file
//	Hashing     every block is here, the verdict is owed
//	Verified    the hash was right; not all blocks are in the file yet
//	Written     in the file; the next window will sync it
//	Recalled    a former process wrote it; it is read again before a window
//	            takes it, since a sync that failed in between left no trace
//	Syncing     in the window that is under way
//	Durable     synced, and the row claims it
//	Checking    being read and hashed; whether it is held is not known. A
//	            partial without a gap begins here
//	Falling     given up; waits for writes and hashes that are still out
//	Revoking    gone, but the row claims it: nothing may be written over it
//	            until the row no longer does
//
// Transitions:
//
//	Absent, Partial → Assembling      its first block is stored
//	Assembling → Hashing              its last block is stored
//	Assembling → Partial              a clean stop wrote what there was
//	Hashing → Verified                hash right
//	Verified → Written                the last run is in the file
//	Written → Syncing → Durable       a window opens; is synced and claimed
//	Recalled → Written                hash right
//	Absent, Partial → Checking        Check
//	Durable → Checking                Suspect: its file is not as it was left
//	Checking → Written, or back       hash right, or wrong
//	Assembling, Hashing, Verified → Falling → Absent, Partial, Written
//	                                  hash wrong, or a fault
//	Written, Recalled, Syncing, Durable, Checking → Absent
//	                                  lost, and the row does not claim it
//	any that the row claims → Revoking → Absent
//	                                  lost; the row takes its claim back
type Stage uint8

// The stages.
const (
	Absent Stage = iota
	Partial
	Assembling
	Hashing
	Verified
	Written
	Recalled
	Syncing
	Durable
	Checking
	Falling
	Revoking
)

const stages = int(Revoking) + 1

var stageNames = [stages]string{
	"absent", "partial", "assembling", "hashing", "verified", "written",
	"recalled", "syncing", "durable", "checking", "falling", "revoking",
}

// String names the stage.
func (s Stage) String() string { return stageNames[s] }

// stageSet is a set of stages.
type stageSet uint16

func stagesOf(of ...Stage) stageSet {
	s := stageSet(0)
	for _, x := range of {
		s |= 1 << x
	}
	return s
}

func (s stageSet) has(x Stage) bool { return s&(1<<x) != 0 }

var (
	// heldStages are those whose hash was right.
	heldStages = stagesOf(Verified, Written, Recalled, Syncing, Durable)
	// writtenStages are those whose bytes are in the file.
	writtenStages = stagesOf(Written, Recalled, Syncing, Durable)
	// owedStages are those whose end will be reported.
	owedStages = stagesOf(Checking, Falling, Revoking)
)

// rowClaim says what the state row says of a piece.
type rowClaim uint8

const (
	rowSilent rowClaim = iota
	rowAsked           // a claim is under way: after a crash it may be there or not
	rowClaims
)

// piece is what is known of every piece.
type piece struct {
	stage Stage
	row   rowClaim
}
