// Package sim runs whole swarms of the production cores (handshake, peer, assign,
// blame, storage, book, choke) in one goroutine and in virtual time: with
// latency, bandwidth, lost connections, nodes that come and go, liars, free
// riders, disks that fail, processes that crash, programs that are killed and
// power cuts.
//
// It is the second implementer of the cores' Effects, beside the processes. What
// the processes do between two cores it does too, and each message between two
// of them takes a while, so that they interleave as they do in a program.
//
// After every event the cores that took part are audited. A world follows from
// its Config alone: the same run number gives the same trace, byte for byte.
package sim

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/etorrent/etorrent/internal/core/peer"
)

// Role says what a node is in the swarm.
type Role uint8

// The roles. Liars have everything, as seeds do.
const (
	Leech     Role = iota
	Seed           // has everything from the beginning
	Liar           // sends some blocks with wrong bytes
	FreeRider      // fetches, and unchokes nobody
)

// String names the role.
func (r Role) String() string { return [...]string{"leech", "seed", "liar", "free rider"}[r] }

// Seeding is how a seed shares what it has.
type Seeding uint8

// The ways: one that seeds ordinarily says that it has everything; one that super
// seeds shows its pieces one by one (BEP 16).
const (
	OrdinarySeeding Seeding = iota
	SuperSeeding
)

// Seeds is how those differ from others that have everything from the beginning.
type Seeds struct {
	// Rate is what one sends a second, as Config.Rate is; 0: as any node.
	Rate int
	How  Seeding
}

// Config is the recipe of a world.
type Config struct {
	// Run is the run number: all that is random in the world follows from it.
	Run uint64
	// Nodes has the role of each node.
	Nodes []Role
	// Pieces is the number of pieces, PieceBlocks that of blocks (16 KiB) in each;
	// the last piece is shorter by Short bytes.
	Pieces, PieceBlocks, Short int
	// Rate is what a node sends a second, in bytes, and receives three times of,
	// give or take a factor of two. Latency is the longest way from one to another.
	Rate    int
	Latency time.Duration
	// Seeds is what sets seeds apart.
	Seeds Seeds
	// Stays is how long one that has fetched everything stays; 0 is for good.
	Stays time.Duration
	// Slots is how many remotes a node unchokes at once. Choker is the name of the
	// strategy that all but free riders choose them by (internal/core/choke); "" is
	// its default.
	Slots  int
	Choker string
	// Picker is the name of the way in which all choose what they fetch
	// (internal/core/assign); "" is its default.
	Picker string
	// Memory is the budget of a node for pieces under assembly, in bytes.
	Memory int64
	// Lies is how many blocks of a thousand a liar corrupts.
	Lies    int
	Hazards Hazards
	// Limit is how long the world may take, in virtual time; it fails after that.
	Limit time.Duration
	// Trace receives a line for each thing that happens; nil is nobody.
	Trace io.Writer
	// Audience looks on while the world runs.
	Audience Audience

	defect defect
}

// Hazards are what goes wrong. A span is the mean time between two occurrences,
// for one node; 0 is never.
type Hazards struct {
	// Kill ends a node's program, PowerCut the machine; both come back after at
	// most Away.
	Kill, PowerCut, Away time.Duration
	// Crash ends one of a node's processes: a peer, assign, control or the disk.
	Crash time.Duration
	// Reset breaks one of a node's connections.
	Reset time.Duration
	// Leave takes a leech out for good; another, which has nothing, comes.
	Leave time.Duration
	// Choke has a node choke one of its remotes for a moment, whatever is under way.
	Choke time.Duration
	// Faults is how many disk operations of a thousand fail.
	Faults int
	// Seeks is how many of a thousand turns of a picker move the reader of its node,
	// who reads on between them; 0: nobody reads.
	Seeks int
	// Until is when all this ends; 0 is with the world.
	Until time.Duration
}

// Result is how a world ended.
type Result struct {
	// Err is the first thing that was wrong; nil: nothing.
	Err error
	// Took is the virtual time until every honest node had everything, Events how
	// many things happened, and Digest tells two traces apart.
	Took   time.Duration
	Events int
	Digest uint64
	// Finishes are those of the nodes that fetched everything, in the order in which
	// they came to the swarm.
	Finishes []Finish
	// Entropy is how evenly pieces were spread among those that fetch, in the mean over
	// the time until all had everything: 1 where all had as many copies, 0 where there
	// were copies of one only.
	Entropy float64
	// EndgameDuplicates is how many blocks came twice where all that was missing was on
	// its way.
	EndgameDuplicates int
	// Twice is why all that came twice did.
	Twice [twiceReasons]int
	Totals
}

// Audience is who looks on.
type Audience struct {
	// Watch hears of it when a node has more pieces on stable storage; nil: nobody does.
	Watch func(Progress)
	// Quit ends the world early, with ErrQuit, when it is closed; nil: nothing does.
	Quit <-chan struct{}
}

// StuckError says that a world did not come to its end within its Limit.
type StuckError struct {
	After time.Duration // of virtual time
	Node  string        // one that has not everything
	Lacks int           // pieces
}

func (e *StuckError) Error() string {
	return fmt.Sprintf("no end in sight after %v: %s lacks %d pieces", e.After, e.Node, e.Lacks)
}

// ErrQuit is what a world ends with that was told to.
var ErrQuit = errors.New("told to end")

// Progress is how far a node is.
type Progress struct {
	At   time.Duration // virtual time from the beginning of the world
	Node int           // from 1 on, in the order in which they came to the swarm
	Role Role
	Has  int // pieces that it claims
}

// Finish is when a node had everything, in virtual time from the beginning of the
// world.
type Finish struct {
	Role  Role
	After time.Duration
	// Copies is what the first seed had sent by then, in copies of the torrent.
	Copies float64
}

// Totals count what happened in a world.
type Totals struct {
	Kills, PowerCuts, Crashes, Resets, Faults, Left, Chokes int
	// Corrupt is how many pieces of wrong bytes were fetched, Bans how often a
	// liar was banned, MostWasted how many pieces one liar spoilt for one honest
	// node at most, and WastedByOne for all of them.
	Corrupt, Bans, MostWasted, WastedByOne int
	// Blocks is how many blocks were received, Duplicates how many of them twice.
	Blocks, Duplicates int
	// Compared is how often what a connection has in flight was compared with what
	// the picker dealt to it.
	Compared int
	// Full is how often all that a window takes was in flight then, Returned how
	// many blocks went back to a picker, by reason, and Crossed how many were dealt
	// anew before the picker had heard of the first time.
	Full, Crossed int
	Returned      [peer.ReturnTimedOut + 1]int
	// Rejoined is how often a connection outlived its picker, and Adopted how many blocks
	// were in flight then.
	Rejoined, Adopted int
}

// Run runs a world to its end.
func Run(c Config) Result {
	w := newWorld(c)
	w.run()
	return w.result()
}
