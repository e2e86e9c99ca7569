package peer

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
	"github.com/etorrent/etorrent/internal/vocab/wire"
)

func compareBlocks(a, b geometry.Block) int {
	return cmp.Or(cmp.Compare(a.Piece, b.Piece), cmp.Compare(a.Number, b.Number))
}

// end is one side: a core with a picker, a disk and a wire to the other side.
type end struct {
	*auditor
	w     *world
	other *end

	held    *pieceset.Set
	got     map[geometry.Block]int // blocks of pieces that are not complete
	remote  *pieceset.Set
	planned map[geometry.Block]int // dealt, by the picker's view
	room    int                    // credit, by the picker's view
	doubled int                    // blocks that came though they were there

	told     Interest
	picker   int          // how many took over
	wireIdle mono.Instant // when the last bytes on the way will have arrived
	orders   mono.Instant // when the last order on the way arrives
	alarm    mono.Instant
	reading  int
}

func newEnd(w *world, g geometry.Geometry, caps wire.Capabilities, held *pieceset.Set) *end {
	x := &end{
		auditor: newAuditor(w.t), w: w, held: held, remote: pieceset.New(g.Pieces()),
		got: map[geometry.Block]int{}, planned: map[geometry.Block]int{},
	}
	cfg := Config{
		Geometry: g, Capabilities: caps, Held: held, Announce: held.Clone(),
		RemoteAddr: netip.MustParseAddrPort("192.0.2.1:1"),
	}
	if held.IsFull() {
		cfg.Goal = UploadOnly
	}
	x.core = New(cfg)
	return x
}

// settle does after each event what an owner does after each step.
func (x *end) settle() {
	if x.closes > 0 {
		return
	}
	x.deal()
	for x.reading < 2 {
		run := x.core.NextRead(uint32(1 + x.w.rnd.IntN(ReadAheadLimit)))
		if run.Length == 0 {
			break
		}
		x.reading++
		x.w.plan(x.w.within(20*time.Millisecond), func() { x.finishRead(run) })
	}
	if d := x.core.NextDeadline(); d != x.alarm {
		x.alarm = d
		x.w.plan(d, func() {
			if x.alarm == d {
				x.alarm = mono.Never
				x.core.Tick(x.w.now, x)
			}
		})
	}
	x.check()
}

func (x *end) finishRead(run ReadRun) {
	x.reading--
	if x.w.rnd.IntN(50) == 0 {
		x.core.ReadFailed(run, x)
		return
	}
	x.core.ReadDone(run, x)
}

// order has the core hear something from the picker after a while, in order. What an
// earlier picker ordered is not heard any more.
func (x *end) order(what func()) {
	x.orders = max(x.orders, x.w.within(2*time.Millisecond))
	by := x.picker
	x.w.plan(x.orders, func() {
		if x.closes == 0 && x.picker == by {
			what()
		}
	})
}

// deal is the picker: it fills the credit with missing blocks of the remote.
func (x *end) deal() {
	wanted := NotInterested
	g := x.core.cfg.Geometry
	for i := range x.remote.All() {
		if x.held.Has(i) {
			continue
		}
		wanted = Interested
		for n := range g.Blocks(i) {
			b := geometry.Block{Piece: i, Number: n}
			if len(x.planned) >= x.room || x.planned[b] != 0 || x.got[b] != 0 {
				continue
			}
			x.planned[b] = 1
			x.order(func() {
				x.dealt[b] = 1
				x.core.Request(x.w.now, geometry.Run{Piece: i, First: n, Count: 1}, x)
			})
		}
	}
	if wanted != x.told {
		x.told = wanted
		x.order(func() { x.core.SetInterest(x.w.now, wanted, x) })
	}
}

// cancel is the picker's change of mind about a block that it dealt.
func (x *end) cancel() {
	for _, b := range slices.SortedFunc(maps.Keys(x.planned), compareBlocks) {
		delete(x.planned, b)
		x.order(func() {
			delete(x.dealt, b)
			x.core.CancelBlock(x.w.now, b, x)
		})
		return
	}
}

// takeOver puts another picker in the place of the one that was there. It knows what
// is on the disk, and nothing else.
func (x *end) takeOver() {
	x.picker++
	x.planned, x.room, x.remote = map[geometry.Block]int{}, 0, pieceset.New(x.held.Size())
	x.rejoin(x)
}

// put sends a message to the other side, which takes as long as it is.
func (x *end) put(m wire.Message) {
	m.Payload = slices.Clone(m.Payload)
	x.travel(m, len(m.Payload)+17)
}

func (x *end) travel(m wire.Message, size int) {
	w := x.w
	x.wireIdle = max(x.wireIdle, w.now) + mono.Instant(time.Duration(size)*w.perByte)
	w.plan(x.wireIdle.Add(w.latency), func() {
		y := x.other
		if y.closes > 0 {
			return
		}
		y.receive(w.now, m, y)
		if w.rnd.IntN(3) > 0 {
			y.core.EndOfBatch(y)
		}
	})
}

// finish takes a piece of which every block came.
func (x *end) finish(i pieceset.Index) {
	g := x.core.cfg.Geometry
	for n := range g.Blocks(i) {
		if x.got[geometry.Block{Piece: i, Number: n}] == 0 {
			return
		}
	}
	for n := range g.Blocks(i) {
		delete(x.got, geometry.Block{Piece: i, Number: n})
	}
	x.held.Add(i)
	x.w.plan(x.w.within(100*time.Millisecond), func() {
		x.core.Announce(x.w.now, []pieceset.Index{i}, x)
		if x.held.IsFull() {
			x.core.SetGoal(x.w.now, UploadOnly, x)
		}
	})
}
