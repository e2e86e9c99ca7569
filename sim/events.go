package sim

import (
	"container/heap"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/mono"
)

// event is something that will happen at an instant; of those of one instant the
// older comes first.
type event struct {
	at  mono.Instant
	seq uint64
	do  func()
}

type events []event

func (h events) Len() int { return len(h) }
func (h events) Less(i, j int) bool {
	return h[i].at < h[j].at || h[i].at == h[j].at && h[i].seq < h[j].seq
}
func (h events) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *events) Push(x any)   { *h = append(*h, x.(event)) }
func (h *events) Pop() any {
	last := len(*h) - 1
	e := (*h)[last]
	(*h)[last] = event{}
	*h = (*h)[:last]
	return e
}

// at lets something happen at an instant.
func (w *World) at(t mono.Instant, do func()) {
	w.seq++
	heap.Push(&w.due, event{max(t, w.now), w.seq, do})
}

// after lets something happen after a span.
func (w *World) after(d time.Duration, do func()) { w.at(w.now.Add(d), do) }

// next takes the world to what happens next.
func (w *World) next() {
	e := heap.Pop(&w.due).(event)
	w.now = e.at
	w.count++
	e.do()
}

// within is a random span below most.
func (w *World) within(most time.Duration) time.Duration {
	if most <= 0 {
		return 0
	}
	return time.Duration(w.rnd.Int64N(int64(most)))
}

// happens draws one of a thousand lots.
func (w *World) happens(perThousand int) bool {
	return perThousand > 0 && w.rnd.IntN(1000) < perThousand
}

// gap is a random span whose mean is given, as between independent events.
func (w *World) gap(mean time.Duration) time.Duration {
	return time.Duration(w.rnd.ExpFloat64() * float64(mean))
}

// mailbox is where others leave what a process does later, in its order. The
// process wakes a little after the first message came and does all there is.
type mailbox struct {
	l     *life
	queue []func()
	state mailState
	then  func() // after each waking; may be nil
}

type mailState uint8

const (
	mailNone mailState = iota
	mailWaits
)

func (m *mailbox) put(do func()) {
	m.queue = append(m.queue, do)
	m.wake()
}

func (m *mailbox) wake() {
	if m.state == mailNone {
		m.state = mailWaits
		m.l.after(m.l.hop(), m.run)
	}
}

func (m *mailbox) run() {
	m.state = mailNone
	all := m.queue
	m.queue = nil
	for _, do := range all {
		do()
	}
	if m.then != nil {
		m.then()
	}
}
