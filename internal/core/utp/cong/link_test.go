package cong_test

import (
	"container/heap"
	"math/rand/v2"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/utpwire"
)

const (
	ms      = time.Millisecond
	mbit    = 1_000_000 / 8 // bytes a second
	segment = 1382          // bytes of payload
	framed  = segment + 48  // with the headers of uTP, UDP and IPv4
	most    = 2000          // packets on their way: masks tell of no more
)

// link is a bottleneck, and the path around it.
type link struct {
	rate    int64 // bytes a second
	rtt     time.Duration
	queue   time.Duration // that a packet waits at most
	loss    float64       // of data, behind the queue
	ackLoss float64
	dup     float64
	jitter  time.Duration // of each packet of data
	short   bool          // masks are those of libutp
	every   time.Duration // outages of both directions; 0: none
	out     time.Duration
	seed    uint64
}

// world is a link with flows, in virtual time.
type world struct {
	link
	random *rand.Rand
	now    mono.Instant
	busy   mono.Instant // until when the bottleneck is
	flows  []*flow
	under  events
	number int
	free   []*packet
	waits  histogram
	since  mono.Instant // what is measured
	refuse int          // packets that found the queue full
	passed int
}

// packet is data or an acknowledgement.
type packet struct {
	data utpwire.Packet
	size int
	mask [utpwire.MaxMaskBytes]byte
}

type event struct {
	at     mono.Instant
	number int
	flow   *flow
	packet *packet // nil: a timer
}

type events []event

func (e events) Len() int { return len(e) }
func (e events) Less(i, j int) bool {
	return e[i].at < e[j].at || e[i].at == e[j].at && e[i].number < e[j].number
}
func (e events) Swap(i, j int) { e[i], e[j] = e[j], e[i] }
func (e *events) Push(x any)   { *e = append(*e, x.(event)) }
func (e *events) Pop() any {
	x := (*e)[len(*e)-1]
	*e = (*e)[:len(*e)-1]
	return x
}

// push and pop are those of package heap, without its boxes.
func (w *world) push(at mono.Instant, f *flow, p *packet) {
	w.number++
	w.under = append(w.under, event{at, w.number, f, p})
	heap.Fix(&w.under, len(w.under)-1)
}

func (w *world) pop() event {
	top, last := w.under[0], len(w.under)-1
	w.under[0] = w.under[last]
	w.under = w.under[:last]
	if last > 0 {
		heap.Fix(&w.under, 0)
	}
	return top
}

// histogram counts waits by tenths of a millisecond.
type histogram struct {
	counts [20_001]int
	count  int
	sum    time.Duration
}

func (h *histogram) add(d time.Duration) {
	h.counts[min(int(d/(ms/10)), len(h.counts)-1)]++
	h.count++
	h.sum += d
}

func (h *histogram) mean() time.Duration { return h.sum / time.Duration(max(h.count, 1)) }

func (h *histogram) percentile(p int) time.Duration {
	left := h.count * p / 100
	for i, n := range h.counts {
		if left -= n; left < 0 {
			return time.Duration(i) * ms / 10
		}
	}
	return 0
}

func newWorld(l link) *world {
	return &world{link: l, random: rand.New(rand.NewPCG(l.seed, 7)), now: 1}
}

func (w *world) borrow() *packet {
	if n := len(w.free); n > 0 {
		p := w.free[n-1]
		w.free = w.free[:n-1]
		return p
	}
	return new(packet)
}

// down says whether the path is out.
func (w *world) down() bool {
	return w.every > 0 && w.now.Sub(0)%w.every >= w.every-w.out
}

// carry has the bottleneck take data.
func (w *world) carry(f *flow, p *packet) {
	start := max(w.now, w.busy)
	wait := start.Sub(w.now)
	takes := time.Duration(int64(p.size) * int64(time.Second) / w.rate)
	if wait+takes > w.queue && wait > 0 {
		if w.since != 0 {
			w.refuse++
		}
		w.free = append(w.free, p)
		return
	}
	w.busy = start.Add(takes)
	if w.since != 0 {
		w.waits.add(wait)
		w.passed++
	}
	if w.random.Float64() < w.loss || w.down() {
		w.free = append(w.free, p)
		return
	}
	late := time.Duration(0)
	if w.jitter > 0 {
		late = time.Duration(w.random.Int64N(int64(w.jitter)))
	}
	at := w.busy.Add(w.rtt/2 + late)
	if w.dup > 0 && w.random.Float64() < w.dup {
		again := w.borrow()
		*again = *p
		w.push(at, f, again)
	}
	w.push(at, f, p)
}

// run goes on until the given time.
func (w *world) run(until time.Duration) *world {
	end := mono.Instant(1).Add(until)
	for len(w.under) > 0 && w.under[0].at <= end {
		e := w.pop()
		w.now = e.at
		f := e.flow
		switch {
		case e.packet == nil:
			if f.timer > w.now {
				continue
			}
			f.timer = mono.Never
			f.expire()
			f.fill()
		case e.packet.data.Kind == utpwire.State:
			f.acknowledged(e.packet)
			w.free = append(w.free, e.packet)
			f.fill()
		default:
			f.arrived(e.packet)
		}
	}
	w.now = end
	return w
}

// measure begins what is measured.
func (w *world) measure() *world {
	w.since = w.now
	for _, f := range w.flows {
		f.counted = f.got
	}
	return w
}

// jain is Jain's index of the flows.
func (w *world) jain() float64 {
	sum, squares := 0.0, 0.0
	for _, f := range w.flows {
		sum += f.percent()
		squares += f.percent() * f.percent()
	}
	return sum * sum / (float64(len(w.flows)) * squares)
}
