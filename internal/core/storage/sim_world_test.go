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

type event struct {
	at  mono.Instant
	seq int
	do  func()
}

type eventHeap []event

func (h eventHeap) Len() int { return len(h) }
func (h eventHeap) Less(i, j int) bool {
	return h[i].at < h[j].at || h[i].at == h[j].at && h[i].seq < h[j].seq
}
func (h eventHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *eventHeap) Push(x any)   { *h = append(*h, x.(event)) }
func (h *eventHeap) Pop() any {
	last := len(*h) - 1
	e := (*h)[last]
	*h = (*h)[:last]
	return e
}

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
		Geometry: w.geometry, Memory: &w.budget, Chunk: uint32(1 + w.rnd.IntN(mostChunk)), Reads: 2, Files: w.row.files,
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
	if err := w.t.broken(&w.budget); err != "" {
		w.fail("%s", err)
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

// meddle takes a file away and puts an empty one in its place.
func (w *world) meddle() {
	f := w.rnd.IntN(len(w.disk.files))
	w.disk.wipe(f)
	w.facts[f]++
}

// differing are the files of which two accounts differ.
func differing(a, b []int) map[int]bool {
	out := map[int]bool{}
	for f := range a {
		if a[f] != b[f] {
			out[f] = true
		}
	}
	return out
}

// foreign are the files that somebody replaced, which this life has not seen.
func (w *world) foreign() map[int]bool { return differing(w.facts, w.seen) }

// stale are the files of which a next life would see that they were replaced.
func (w *world) stale() map[int]bool { return differing(w.facts, w.row.facts) }

// seeForeign is what the process does when it finds that files are not as they
// were left. It reports whether there were any.
func (w *world) seeForeign() bool {
	pieces := w.piecesOf(w.foreign())
	if len(w.foreign()) == 0 {
		return false
	}
	w.seen = slices.Clone(w.facts)
	f := w.fault(OpExamine)
	w.input(func() { w.t.Suspect(w.now, pieces, w) })
	w.input(func() { w.t.Pause(w.now, f, w) })
	return true
}

// learn takes facts of the files into the row, but for those that are being read.
func (w *world) learn(facts []int, unproven *pieceset.Set) {
	keep := w.disk.filesOf(w.geometry, unproven)
	for f := range facts {
		if !keep[f] {
			w.row.facts[f] = facts[f]
		}
	}
}

func (w *world) piecesOf(files map[int]bool) *pieceset.Set {
	s := pieceset.New(w.geometry.Pieces())
	for k := range w.disk.sectors {
		if files[w.disk.fileOf(k)] {
			s.Add(pieceset.Index(int64(k/sectorsPerBlock) * geometry.BlockSize / w.geometry.PieceLength))
		}
	}
	return s
}

// arrive brings one block, mostly a missing one.
func (w *world) arrive() {
	if _, running := w.t.Phase().(Running); !running {
		return
	}
	missing := w.missing()
	if len(missing) == 0 || w.happens(20) {
		i := pieceset.Index(w.rnd.IntN(w.geometry.Pieces()))
		missing = []geometry.Block{{Piece: i, Number: uint32(w.rnd.IntN(int(w.geometry.Blocks(i))))}}
	}
	w.bring(missing[w.rnd.IntN(len(missing))])
}

func (w *world) bring(b geometry.Block) {
	begin, length := w.geometry.BlockBytes(b)
	c := good
	if w.happens(w.chances.corrupt) {
		c = bad
	}
	w.input(func() {
		if w.t.StoreBlock(w.now, Block{Piece: b.Piece, Begin: begin, Length: length}, w) == BlockStored {
			w.memory[b] = c
		}
	})
}

// missing are the blocks that a picker would ask for.
func (w *world) missing() []geometry.Block {
	v := w.t.View()
	var out []geometry.Block
	for k := range w.geometry.Pieces() {
		i := pieceset.Index(k)
		for n := range w.geometry.Blocks(i) {
			if !v.Held.Has(i) && !v.Present[i].Has(n) {
				out = append(out, geometry.Block{Piece: i, Number: n})
			}
		}
	}
	return out
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
