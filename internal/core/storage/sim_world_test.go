package storage

import (
	"container/heap"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// lie is a way in which a simulated environment can break its promise, to prove
// that the simulator notices.
type lie uint8

const (
	honest           lie = iota
	syncsNothing         // Synced without a sync: a claim before its sync
	hidesSyncFailure     // Synced after a failed sync
	writesLater          // RunWritten before the bytes are in the file
	hashesWrong          // HashRight whatever the bytes are
	keepsClaims          // takes no claim back
)

// chances are how often, in a thousand, things go wrong.
type chances struct {
	write, sync, claim, refuse, read, begin, corrupt int
	check, meddle                                    int // at each step
}

var errInjected = errors.New("injected")

// row is the state row: what it says survives every crash.
type row struct {
	claims   *pieceset.Set
	partials []PartialPiece
	files    FilesState
	facts    []int // of each file: which it was, counted by those who replace it
}

// latest is the longest that a simulated sync or claim takes.
const latest = 40 * time.Millisecond

// mostChunk is the largest chunk of a world, in blocks.
const mostChunk = 4

// world runs one torrent on a simulated disk and row, in virtual time.
type world struct {
	rnd      *rand.Rand
	lie      lie
	chances  chances
	pace     time.Duration // most between two blocks
	err      error         // what fails with
	geometry geometry.Geometry
	disk     *simDisk
	row      row
	budget   budget

	// Of the present life.
	t         *Torrent
	now       mono.Instant
	batch     []func()
	events    eventHeap
	sequence  int
	applied   []func() // writes that are out: a crash may have done part of them
	memory    map[geometry.Block]content
	delivered map[geometry.Block]content // bad blocks on the network, by block
	writtenAt map[pieceset.Index]mono.Instant
	opened    [2]mono.Instant // when the window before the last and the last opened
	window    windowEnd
	durable   *pieceset.Set // reported so
	stopped   bool
	checked   [2]int // good and bad, at the last CheckEnded
	checks    int
	faults    []Fault
	facts     []int // of each file, as the disk has them now
	seen      []int // as this life has seen them
	failure   string
}

// windowEnd says whether the last window has ended.
type windowEnd uint8

const (
	windowIsOut windowEnd = iota
	windowHasEnded
)

// budget is a Memory that counts.
type budget struct{ bound, used int64 }

func (b *budget) Reserve(n int64) Room {
	if b.used+n > b.bound {
		return RoomNone
	}
	b.used += n
	if b.used > b.bound*3/4 {
		return RoomTight
	}
	return RoomAmple
}

func (b *budget) Return(n int64) { b.used -= n }

// newWorld makes a tiny torrent of a random shape on an empty disk.
func newWorld(run uint64, c chances, l lie) *world {
	rnd := rand.New(rand.NewPCG(run, 0))
	pieceBlocks := int64(1 + rnd.IntN(6))
	pieces := int64(1 + rnd.IntN(8))
	length := pieces*pieceBlocks*geometry.BlockSize - int64(rnd.IntN(int(pieceBlocks)*geometry.BlockSize))
	g := geometry.Geometry{TotalLength: length, PieceLength: pieceBlocks * geometry.BlockSize}
	w := &world{
		rnd: rnd, lie: l, chances: c, geometry: g, err: errInjected,
		pace:   []time.Duration{time.Millisecond, 60 * time.Millisecond, 8 * time.Second}[rnd.IntN(3)],
		disk:   newSimDisk(rnd, g, 1+rnd.IntN(4)),
		row:    row{claims: pieceset.New(g.Pieces())},
		budget: budget{bound: geometry.BlockSize * int64(mostChunk+rnd.IntN(2)*rnd.IntN(20))},
	}
	w.facts, w.row.facts = make([]int, len(w.disk.files)), make([]int, len(w.disk.files))
	w.wake(nil)
	return w
}

// wake begins a life from what the row says; recalled are the pieces that a
// former process of this program reported written.
func (w *world) wake(recalled *pieceset.Set) {
	w.now = mono.Instant(time.Second)
	w.batch, w.events, w.applied = nil, nil, nil
	w.memory, w.delivered = map[geometry.Block]content{}, map[geometry.Block]content{}
	w.writtenAt = map[pieceset.Index]mono.Instant{}
	w.opened, w.window = [2]mono.Instant{}, windowHasEnded
	w.durable = w.row.claims.Clone()
	w.stopped, w.faults, w.budget.used = false, nil, 0
	w.t = New(Config{
		Geometry: w.geometry, Memory: &w.budget, Chunk: uint32(1 + w.rnd.IntN(mostChunk)), Together: 1 + w.rnd.IntN(4), Reads: 2, Files: w.row.files,
		Known: Known{Claimed: w.row.claims, Recalled: recalled, Partials: w.row.partials},
	})
	w.input(func() { w.t.Begin(w.now, w) })
	w.seen = slices.Clone(w.row.facts)
	w.seeForeign()
}

// input steps the core and carries out the batch.
func (w *world) input(step func()) {
	step()
	for len(w.batch) > 0 {
		b := w.batch
		w.batch = nil
		for _, do := range b {
			do()
		}
	}
	if err := w.t.Audit(w.budget.used); err != nil {
		w.fail("%v", err)
	}
}

func (w *world) fail(format string, args ...any) {
	if w.failure == "" {
		w.failure = fmt.Sprintf(format, args...)
	}
}

func (w *world) after(d time.Duration, do func()) {
	w.sequence++
	heap.Push(&w.events, event{w.now.Add(d), w.sequence, do})
}

// soon lets something happen within a random span.
func (w *world) soon(do func()) { w.after(1+time.Duration(w.rnd.Int64N(int64(latest))), do) }

func (w *world) happens(perThousand int) bool {
	return perThousand > 0 && w.rnd.IntN(1000) < perThousand
}

// next takes the world to what happens next: a block comes, something that was
// out ends, or a deadline passes.
func (w *world) next() {
	d := w.t.NextDeadline()
	arrival := w.now.Add(time.Duration(w.rnd.Int64N(int64(w.pace))))
	first := arrival
	if len(w.events) > 0 && w.events[0].at <= first {
		first = w.events[0].at
	}
	switch {
	case d != mono.Never && d <= first:
		w.now = max(w.now, d)
		w.input(func() { w.t.Tick(w.now, w) })
	case len(w.events) > 0 && w.events[0].at <= arrival:
		e := heap.Pop(&w.events).(event)
		w.now = max(w.now, e.at)
		e.do()
	default:
		w.now = arrival
		w.arrive()
	}
	if w.happens(w.chances.check) {
		w.input(func() { w.t.Check(w.now, w.somePieces(), w) })
	}
	if w.happens(w.chances.meddle) {
		w.meddle()
	}
	if len(w.foreign()) > 0 && w.happens(50) {
		w.seeForeign() // somebody who reads finds the file too short
	}
	w.mend()
}

func (w *world) somePieces() *pieceset.Set {
	s := pieceset.New(w.geometry.Pieces())
	for i := range w.geometry.Pieces() {
		if w.rnd.IntN(2) == 0 {
			s.Add(pieceset.Index(i))
		}
	}
	return s
}

// mend resumes a paused torrent when nothing is out, as the process does.
func (w *world) mend() {
	if _, paused := w.t.Phase().(Paused); paused && w.t.IsQuiet() && w.t.commit.state != windowSyncing {
		w.disk.recheck()
		w.input(func() { w.t.Resume(w.now, w) })
	}
}

// isComplete says whether everything is durable.
func (w *world) isComplete() bool { return w.t.Durables() == w.geometry.Pieces() }
