package book

import (
	"container/heap"

	"github.com/etorrent/etorrent/internal/vocab/mono"
)

// inLine says whether an entry is in the line of the idle.
type inLine uint8

const (
	outOfLine inLine = iota
	lined
)

// line is the idle entries in the order in which they became so. Those that
// stopped being idle meanwhile are passed over; none stands in it twice.
type line struct {
	entries []*entry
	head    int
}

func (l *line) join(e *entry) {
	if e.line == lined {
		return
	}
	e.line = lined
	if l.head > len(l.entries)/2 {
		l.entries = l.entries[:copy(l.entries, l.entries[l.head:])]
		l.head = 0
	}
	l.entries = append(l.entries, e)
}

// next takes the first idle entry out, or returns nil.
func (l *line) next() *entry {
	for l.head < len(l.entries) {
		e := l.entries[l.head]
		l.head++
		e.line = outOfLine
		if e.phase == idle {
			return e
		}
	}
	return nil
}

// timers is the waiting and dialling entries by when that ends.
type timers struct{ heap byUntil }

// due is an entry whose time is over, or nil.
func (t *timers) due(now mono.Instant) *entry {
	if len(t.heap) == 0 || t.heap[0].until > now {
		return nil
	}
	return t.heap[0]
}

// set adds an entry, which must not be there, until an instant.
func (t *timers) set(e *entry, until mono.Instant) {
	e.until = until
	heap.Push(&t.heap, e)
}

// remove takes an entry out, if it is there.
func (t *timers) remove(e *entry) {
	if e.place > 0 {
		heap.Remove(&t.heap, e.place-1)
	}
}

// byUntil is the heap behind timers; each entry knows its place in it.
type byUntil []*entry

func (h byUntil) Len() int           { return len(h) }
func (h byUntil) Less(i, j int) bool { return h[i].until < h[j].until }

func (h byUntil) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].place, h[j].place = i+1, j+1
}

func (h *byUntil) Push(x any) {
	e := x.(*entry)
	*h = append(*h, e)
	e.place = len(*h)
}

func (h *byUntil) Pop() any {
	last := len(*h) - 1
	e := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	e.place = 0
	return e
}
