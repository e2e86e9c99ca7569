package storage

import (
	"slices"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

const (
	// FirstCommit is how long the first written piece waits for its window.
	FirstCommit = 250 * time.Millisecond
	// CommitEvery is how long any other waits, unless CommitBytes were written
	// before.
	CommitEvery = time.Second
	// CommitBytes is how many written bytes open a window at once.
	CommitBytes = 64 << 20
	// PartialAge is how long a block may be in memory only.
	PartialAge = 30 * time.Second
	// ChunkBlocks is the number of blocks of a chunk (256 KiB).
	ChunkBlocks = 16

	keptSpare      = 32
	firstClaimWait = 250 * time.Millisecond
	maxClaimWait   = 5 * time.Second
)

// Config is what a Torrent begins with. It keeps nothing of the sets.
type Config struct {
	Geometry geometry.Geometry
	Memory   Memory
	// Chunk is the number of blocks that memory is reserved by and that a hash
	// waits for; 0 is ChunkBlocks.
	Chunk uint32
	// Together is how many hashes at most are worth advancing at once; 0 is 2.
	Together int
	// Reads is how many pieces are read at once to check them; 0 is 1.
	Reads int
	// Files says whether the row calls the files open for writing already.
	Files FilesState
	Known Known
}

// FilesState is what the row says of the files.
type FilesState uint8

// FilesClosed is a row that must be changed before the first write.
const (
	FilesClosed FilesState = iota
	FilesOpen
)

// Known is what is known when a torrent begins. Nil sets are empty; a piece
// that is in several counts for the first of Claimed, Trusted, Recalled.
type Known struct {
	Claimed  *pieceset.Set // by the row, which is to be relied on
	Trusted  *pieceset.Set // right on somebody's word, and not claimed yet
	Recalled *pieceset.Set // reported written by a former process
	Partials []PartialPiece
}

// Torrent is the state of one torrent's pieces. Its inputs are methods; each
// takes the present instant and leaves what follows in an Effects. It has one
// owner and no lock, and the same inputs give the same outputs.
//
// Invariants: every piece is at one stage; a piece has an assembly while it is
// Assembling, Hashing, Verified or Falling, and a partial map only while it is
// Partial or Checking; Syncing pieces are in the window; nothing is written to
// a piece that the row claims or is asked to claim.
type Torrent struct {
	geometry  geometry.Geometry
	memory    Memory
	chunk     uint32
	pieces    []piece
	count     [stages]int
	active    map[pieceset.Index]*assembly
	partials  map[pieceset.Index]BlockSet
	spare     []*assembly // to use again
	ages      []aged
	outgoing  int64 // reserved bytes of leaving chunks
	trusted   *pieceset.Set
	phase     PhaseEvidence
	gate      gate
	commit    commit
	gathering gathering
	check     check
	lost      *pieceset.Set // to be reported at the end of the input
	// suspected are the pieces that were corrupt and not verified since.
	suspected *pieceset.Set
}

// aged is a place in the order of the oldest unwritten block.
type aged struct {
	piece pieceset.Index
	since mono.Instant
}

// New returns a torrent that knows what c says. Begin is its first input.
func New(c Config) *Torrent {
	n := c.Geometry.Pieces()
	t := &Torrent{
		geometry: c.Geometry, memory: c.Memory, chunk: c.Chunk,
		pieces:    make([]piece, n),
		active:    map[pieceset.Index]*assembly{},
		partials:  map[pieceset.Index]BlockSet{},
		trusted:   pieceset.New(n),
		phase:     Running{},
		gate:      gate{state: gateState(c.Files)},
		commit:    newCommit(n),
		check:     newCheck(n, max(1, c.Reads)),
		lost:      pieceset.New(n),
		suspected: pieceset.New(n),
	}
	if t.chunk == 0 {
		t.chunk = ChunkBlocks
	}
	if t.gathering.most = c.Together; c.Together == 0 {
		t.gathering.most = 2
	}
	t.count[Absent] = n
	t.know(c.Known)
	return t
}

func (t *Torrent) know(k Known) {
	for i := range members(k.Claimed) {
		t.move(i, Durable)
		t.pieces[i].row = rowClaims
	}
	for i := range members(k.Trusted) {
		if t.pieces[i].stage == Absent {
			t.move(i, Written)
			t.trusted.Add(i)
			t.commit.dirty.Add(i)
		}
	}
	for i := range members(k.Recalled) {
		if t.pieces[i].stage == Absent {
			t.move(i, Recalled)
			t.check.queue(i)
		}
	}
	for _, p := range k.Partials {
		if int(p.Piece) < len(t.pieces) && t.pieces[p.Piece].stage == Absent {
			t.knowPartial(p)
		}
	}
}

func (t *Torrent) knowPartial(p PartialPiece) {
	blocks := t.geometry.Blocks(p.Piece)
	s := p.Blocks.clone(blocks)
	s.limit(blocks)
	switch s.Count() {
	case 0:
	case int(blocks): // nobody will bring a block of it
		t.move(p.Piece, Checking)
		t.check.queue(p.Piece)
	default:
		t.partials[p.Piece] = s
		t.move(p.Piece, Partial)
	}
}

// members yields nothing for a nil set.
func members(s *pieceset.Set) func(func(pieceset.Index) bool) {
	if s == nil {
		return func(func(pieceset.Index) bool) {}
	}
	return s.All()
}

// Begin starts what New left to do.
func (t *Torrent) Begin(now mono.Instant, fx Effects) {
	if t.count[Written] > 0 {
		t.commit.arm(now)
	}
	t.settle(now, fx)
}

// Tick is due at NextDeadline, and does no harm at other times.
func (t *Torrent) Tick(now mono.Instant, fx Effects) {
	t.endLongWait(now, fx)
	t.writeAged(now, fx)
	t.retryClaim(now, fx)
	t.settle(now, fx)
}

// NextDeadline is when Tick is due.
func (t *Torrent) NextDeadline() mono.Instant {
	d := mono.Earliest(t.commit.deadline(), t.gathering.due)
	if a := t.oldest(); a != nil {
		d = mono.Earliest(d, a.since.Add(PartialAge))
	}
	return d
}

// settle ends every input: what became possible is begun.
func (t *Torrent) settle(now mono.Instant, fx Effects) {
	t.readMore(fx)
	t.endCheck(now, fx)
	t.openWindow(now, fx)
	t.finish(now, fx)
	if !t.lost.IsEmpty() {
		fx.PiecesLost(t.lost.Clone())
		t.lost.Clear()
	}
}

// move takes piece i to a stage.
func (t *Torrent) move(i pieceset.Index, to Stage) {
	t.count[t.pieces[i].stage]--
	t.pieces[i].stage = to
	t.count[to]++
}

// actives are the assemblies in the order of their pieces.
func (t *Torrent) actives() []*assembly {
	out := make([]*assembly, 0, len(t.active))
	for _, a := range t.active {
		out = append(out, a)
	}
	slices.SortFunc(out, func(a, b *assembly) int { return int(a.piece) - int(b.piece) })
	return out
}
