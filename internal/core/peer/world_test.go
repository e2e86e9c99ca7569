package peer

import (
	"container/heap"
	"math/rand/v2"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
	"github.com/etorrent/etorrent/internal/vocab/wire"
)

// world is two cores on the two ends of one connection, in virtual time.
type world struct {
	t       failer
	rnd     *rand.Rand
	now     mono.Instant
	agenda  agenda
	serial  int
	ends    [2]*end
	latency time.Duration
	perByte time.Duration
	block   []byte
}

// event is something that will happen.
type event struct {
	at     mono.Instant
	serial int // events of one instant come in the order they were planned
	what   func()
}

type agenda []event

func (a agenda) Len() int { return len(a) }
func (a agenda) Less(i, j int) bool {
	return a[i].at < a[j].at || a[i].at == a[j].at && a[i].serial < a[j].serial
}
func (a agenda) Swap(i, j int) { a[i], a[j] = a[j], a[i] }
func (a *agenda) Push(x any)   { *a = append(*a, x.(event)) }
func (a *agenda) Pop() any {
	last := len(*a) - 1
	e := (*a)[last]
	*a = (*a)[:last]
	return e
}

// plan has something happen at an instant, or now if that is over.
func (w *world) plan(at mono.Instant, what func()) {
	w.serial++
	heap.Push(&w.agenda, event{max(at, w.now), w.serial, what})
}

// within is a random span up to most.
func (w *world) within(most time.Duration) mono.Instant {
	return w.now.Add(time.Duration(w.rnd.Int64N(int64(most) + 1)))
}

// run lets events happen until none is left or the time is over.
func (w *world) run(until mono.Instant) {
	for len(w.agenda) > 0 && w.agenda[0].at <= until {
		e := heap.Pop(&w.agenda).(event)
		w.now = e.at
		e.what()
		for _, x := range w.ends {
			x.settle()
		}
	}
}

// newWorld returns two ends that have a part of the pieces each, everything
// together, with a path and a picker of random properties.
func newWorld(t failer, run uint64, caps wire.Capabilities) *world {
	rnd := rand.New(rand.NewPCG(run, 7))
	w := &world{
		t: t, rnd: rnd, now: mono.Instant(time.Hour), block: make([]byte, wire.MaxBlockBytes),
		latency: time.Duration(rnd.Int64N(int64(200 * time.Millisecond))),
		perByte: time.Duration(rnd.Int64N(int64(5 * time.Microsecond))),
	}
	pieces, blocks := 1+rnd.IntN(30), 1+rnd.IntN(8)
	g := geometry.Geometry{PieceLength: int64(blocks) * geometry.BlockSize}
	g.TotalLength = int64(pieces)*g.PieceLength - rnd.Int64N(geometry.BlockSize)
	has := [2]*pieceset.Set{pieceset.New(pieces), pieceset.New(pieces)}
	for i := range pieceset.Index(pieces) {
		owner := rnd.IntN(3)
		if owner != 0 {
			has[0].Add(i)
		}
		if owner != 1 {
			has[1].Add(i)
		}
	}
	for n := range w.ends {
		w.ends[n] = newEnd(w, g, caps, has[n])
	}
	w.ends[0].other, w.ends[1].other = w.ends[1], w.ends[0]
	for _, x := range w.ends {
		x.core.Open(w.now, x)
	}
	return w
}
