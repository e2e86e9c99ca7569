package storage

import (
	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// Effects receives what follows from an input. Its methods only append to a
// batch and never block; the owner carries the batch out after the step, in the
// order of the calls. Each of Hash, HashTogether, Write, Digest, ReadPiece,
// BeginWriting, Sync and Claim is answered once, by the input that its comment names.
type Effects interface {
	// Hash advances the piece's hash, answered by Hashed or HashFailed. At most
	// one is out for a piece, and they come in order from its first block on.
	Hash(r HashRun)
	// HashTogether is Hash of several pieces, whose runs are in memory, to be done at once:
	// each is answered by its own Hashed. The list is used again.
	HashTogether(runs []HashRun)
	// Write puts blocks that are in memory into the file, answered by RunWritten
	// or RunFailed. Runs of one piece that are out at once do not overlap.
	Write(r geometry.Run)
	// ReadPiece reads and hashes a whole piece from the file, answered by
	// PieceRead, PieceReadFailed or PieceUnread.
	ReadPiece(i pieceset.Index)
	// Digest takes the digest of every block of a piece, answered by Digested:
	// from memory for the blocks of memory, which is the owner's, from the file
	// for the others. Nothing else is out for the piece meanwhile.
	Digest(i pieceset.Index, memory BlockSet)
	// Release frees the memory of one chunk of a piece. Nothing that is out uses it.
	Release(i pieceset.Index, chunk uint32)
	// Forget ends the piece's assembly: its hash and what memory it has left.
	Forget(i pieceset.Index)
	// BeginWriting makes the row say that the files are open for writing, before
	// the first write: answered by WritingBegun or BeginFailed.
	BeginWriting()
	// Sync makes all earlier writes to the pieces durable: Synced or SyncFailed.
	Sync(w Window)
	// Claim changes the row: Claimed, ClaimFailed or ClaimRefused. Asked again it
	// must come to the same.
	Claim(c Claim)

	// PieceVerified, PieceWritten and PiecesDurable report the three words.
	PieceVerified(i pieceset.Index)
	PieceWritten(i pieceset.Index)
	PiecesDurable(s *pieceset.Set)
	// PieceCorrupt reports that the hash was wrong and all blocks are dropped.
	// There is a suspect for each block; they are nil where nobody sent the
	// piece, or its blocks could not be read again.
	PieceCorrupt(i pieceset.Index, blocks []Suspect)
	// PieceDigested reports the digests of a verified piece that was corrupt
	// before, so that those of its corrupt copies can be compared with them. They
	// are nil if the piece could not be read.
	PieceDigested(i pieceset.Index, digests []Digest)
	// PiecesLost reports pieces that are no longer there in any of the words
	// reported of them. They may be fetched again.
	PiecesLost(s *pieceset.Set)
	// CheckProgress and CheckEnded report on Check.
	CheckProgress(done, total int)
	CheckEnded(good, bad int)
	// Faulted reports that the torrent is paused.
	Faulted(f Fault)
	// Stopped reports that nothing is out and nothing more will come.
	Stopped()
}

// Source says where the bytes of a HashRun lie.
type Source uint8

// The sources.
const (
	FromMemory Source = iota
	FromFile
)

// HashRun is Count blocks of a piece, from First on, that its hash is to take
// next. When they are the piece's last the answer is the verdict.
type HashRun struct {
	geometry.Run
	Source Source
}

// Window is one group commit.
type Window struct {
	Number uint64
	Pieces *pieceset.Set // those with writes since they were last in a window
}

// Claim is what a window asks of the row: to claim Add (whose hashes were
// right) and Trusted (whose hashes nobody looked at), to take back Drop, and to
// keep Partials in place of all partials that it has.
//
// Unproven are pieces that are being read: what the row says of their files
// (size, time, inode) must stay as it is until they are not, or a crash would
// leave nothing that asks for the rest of the check.
type Claim struct {
	Number             uint64
	Add, Trusted, Drop *pieceset.Set
	Partials           []PartialPiece // ascending
	Unproven           *pieceset.Set
	Makes              Makes
}

// Makes says what a claim makes of the torrent.
type Makes uint8

// What it makes. WholeByFetching is one with which the row claims every piece, the last
// of them not found here but fetched.
const (
	StillInPart Makes = iota
	WholeByFetching
)

// PartialPiece says which blocks of a piece are in the file, unverified.
type PartialPiece struct {
	Piece  pieceset.Index
	Blocks BlockSet
}

// Room says how much memory for assembly is left.
type Room uint8

// The answers of a Memory. RoomTight is a yes, and a wish for less.
const (
	RoomAmple Room = iota
	RoomTight
	RoomNone
)

// Memory is the budget for pieces under assembly, in bytes. Several torrents
// may share one.
type Memory interface {
	// Reserve takes n bytes, unless the answer is RoomNone.
	Reserve(n int64) Room
	// Return gives n bytes back.
	Return(n int64)
}
