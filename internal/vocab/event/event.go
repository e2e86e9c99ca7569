// Package event has the facts that an engine reports to its host, as a closed
// set of plain values.
package event

import (
	"net/netip"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/ident"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
	"github.com/etorrent/etorrent/internal/vocab/transport"
)

// Revision numbers the events of one engine, from 1 on without gaps.
type Revision uint64

// Head is what every event carries. Torrent is 0 and InfoHash zero where the
// event is about the engine as a whole.
type Head struct {
	At       time.Time
	Revision Revision
	Torrent  ident.TorrentID
	InfoHash [20]byte
}

// Heading returns the head itself, so that every event has it as a method.
func (h Head) Heading() Head { return h }

// Event is one fact.
//
//sumtype:decl
type Event interface {
	etorrentEvent()
	Heading() Head
}

// Listening says where the engine accepts connections, and where it takes
// datagrams by now. It comes when the first changes, and when a warning of the
// second is over.
type Listening struct {
	Head
	Addrs     []netip.AddrPort
	Datagrams []netip.AddrPort
}

// Added says that a torrent runs, and which of its pieces its row claims. It comes once
// for each time that a torrent is added, when its files were opened first.
type Added struct {
	Head
	Name    string
	Claimed *pieceset.Set
	Bytes   int64 // claimed bytes
}

// Reopened says that the files of a torrent were opened again, and what its row claims by
// now: after a crash, a fault or a pause, for a check, or since other files are wanted.
type Reopened struct {
	Head
	Claimed *pieceset.Set
	Bytes   int64 // claimed bytes
}

// CheckReason says why pieces are read and hashed.
type CheckReason uint8

// The reasons of a check.
const (
	CheckFoundFiles   CheckReason = iota // files lie there that no row knows
	CheckChangedFiles                    // files changed since the row was written
	CheckAsked                           // a person asked
)

// String names the reason as it stands in JSON.
func (r CheckReason) String() string {
	return [...]string{"found", "changed", "asked"}[r]
}

// Checking says that a number of pieces is about to be read and hashed.
type Checking struct {
	Head
	Pieces int
	Reason CheckReason
}

// Checked says how a check ended.
type Checked struct {
	Head
	Good, Bad int // pieces
}

// PieceState is how far a piece has come on its way to stable storage.
type PieceState uint8

// The three words, never mixed: the hash is right; the bytes are in the file;
// they are synced and the row claims them. Corrupt is the fourth: the hash is
// wrong.
const (
	PieceVerified PieceState = iota
	PieceWritten
	PieceDurable
	PieceCorrupt
)

// String names the state as it stands in JSON.
func (s PieceState) String() string {
	return [...]string{"verified", "written", "durable", "corrupt"}[s]
}

// Piece says that a piece reached a state.
type Piece struct {
	Head
	Index pieceset.Index
	State PieceState
}

// FileStored says that a file is whole: its last piece became durable. Files that
// are whole by what an Added or a Reopened claims have none, and neither have files without
// bytes.
type FileStored struct {
	Head
	File int    // index in the torrent's files
	Path string // below the download folder, with slashes, as it is stored
	Size int64  // in bytes
}

// PeerJoined says that a connection finished its handshake.
type PeerJoined struct {
	Head
	Addr      netip.AddrPort
	Transport transport.Transport
	Client    string // from the peer id; hostile text made harmless
}

// PeerLeft says that a connection ended, and why.
type PeerLeft struct {
	Head
	Addr   netip.AddrPort
	Reason string
}

// PeerBanned says that an address is kept out, whatever its port: the peer there
// sent wrong bytes of a piece.
type PeerBanned struct {
	Head
	Addr  netip.AddrPort
	Piece pieceset.Index
}

// Completed says that every wanted byte is durable by now, and was not before: that
// something of the torrent is wanted, or that all of it is there. It comes again when
// more was wanted, or something was lost, and that is there.
type Completed struct{ Head }

// Paused says that the torrent stopped for a fault of its environment, and tries
// again by itself, unless it was refused; or, where Err is nil, that a person paused it.
type Paused struct {
	Head
	Err error
}

// Resumed says that a torrent goes on that was paused, or of which a Warning said
// that its row could not be read: the fault is gone.
type Resumed struct{ Head }

// Quarantined says that the torrent crashed and when it is tried again.
type Quarantined struct {
	Head
	Err     error
	RetryAt time.Time
}

// SuperSeedingEnded says that the torrent keeps nothing back any more (BEP 16), and that
// so many remotes have everything that we knew of.
type SuperSeedingEnded struct {
	Head
	Why      SuperSeedingEnd
	Complete int
}

// SuperSeedingEnd is why super seeding ended.
type SuperSeedingEnd uint8

// The reasons: remotes that were here have everything by now, or one came with everything
// that did not get it here.
const (
	EnoughComplete SuperSeedingEnd = iota
	OtherSeed
)

// String names the reason as it stands in JSON.
func (e SuperSeedingEnd) String() string { return [...]string{"enough_complete", "other_seed"}[e] }

// GoalsMet says that a torrent was shared enough.
type GoalsMet struct {
	Head
	Goal     Goal          // that was met first
	Uploaded int64         // bytes given to others since the torrent was added
	Shared   time.Duration // for which it was shared
}

// Goal is what says when a torrent was shared enough.
type Goal uint8

// The goals: a ratio of what was given to what is stored, and time.
const (
	RatioGoal Goal = iota
	SeedTimeGoal
)

// String names the goal as it stands in JSON.
func (g Goal) String() string { return [...]string{"ratio", "seed_time"}[g] }

// Stopped says that the torrent stopped in good order. An Added follows where only a
// supervisor above it was started again.
type Stopped struct{ Head }

// Warning says that something is not as it should be, and goes on.
type Warning struct {
	Head
	Err error
}

// HostChanged says what became of the machine: it was suspended, or has other
// addresses. Connections that are dead by that end, and what failed before is tried
// again.
type HostChanged struct {
	Head
	Slept time.Duration // for which it was suspended; 0: it was not
	Addrs []netip.Addr  // all that it has now, if they are others; nil: they are not
}

// CrashScope is how far a crash reached.
type CrashScope uint8

// The scopes: a process, which its supervisor starts again, or one of the many things
// that a process has and goes on without.
const (
	CrashOfProcess CrashScope = iota
	CrashOfCell
)

// String names the scope.
func (s CrashScope) String() string {
	switch s {
	case CrashOfCell:
		return "cell"
	case CrashOfProcess:
	}
	return "process"
}

// Crashed says that a process or a cell of one panicked or failed, and was contained.
// Times is how often a panic at this place was seen so far, 0 where it is none; of the
// cells that die at one place the first, the second, the fourth and so on are told of.
type Crashed struct {
	Head
	Scope       CrashScope
	Times       int
	Path, Kind  string
	Err         string
	Stack       []byte // nil where the same stack was reported before
	LastMessage string
	Restarts    int
}

func (Listening) etorrentEvent()         {}
func (Added) etorrentEvent()             {}
func (Reopened) etorrentEvent()          {}
func (Checking) etorrentEvent()          {}
func (Checked) etorrentEvent()           {}
func (Piece) etorrentEvent()             {}
func (FileStored) etorrentEvent()        {}
func (PeerJoined) etorrentEvent()        {}
func (PeerLeft) etorrentEvent()          {}
func (PeerBanned) etorrentEvent()        {}
func (Completed) etorrentEvent()         {}
func (Paused) etorrentEvent()            {}
func (Resumed) etorrentEvent()           {}
func (Quarantined) etorrentEvent()       {}
func (GoalsMet) etorrentEvent()          {}
func (Stopped) etorrentEvent()           {}
func (SuperSeedingEnded) etorrentEvent() {}
func (Warning) etorrentEvent()           {}
func (HostChanged) etorrentEvent()       {}
func (Crashed) etorrentEvent()           {}
