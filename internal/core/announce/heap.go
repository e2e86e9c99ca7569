package announce

import (
	"container/heap"

	"github.com/etorrent/etorrent/internal/vocab/mono"
)

// heapOf holds things by their order. Each knows its place, from 1 on; 0 is nowhere.
type heapOf[T item[T]] struct{ items []T }

type item[T any] interface {
	before(T) bool
	place() *int
}

// top is the first, or nil.
func (h *heapOf[T]) top() *T {
	if len(h.items) == 0 {
		return nil
	}
	return &h.items[0]
}

func (h *heapOf[T]) add(x T) { heap.Push(h, x) }

// remove takes x out, if it is there.
func (h *heapOf[T]) remove(x T) {
	if at := *x.place(); at > 0 {
		heap.Remove(h, at-1)
	}
}

// Len, Less, Swap, Push and Pop are for the package heap.
func (h *heapOf[T]) Len() int           { return len(h.items) }
func (h *heapOf[T]) Less(i, j int) bool { return h.items[i].before(h.items[j]) }

func (h *heapOf[T]) Swap(i, j int) {
	h.items[i], h.items[j] = h.items[j], h.items[i]
	*h.items[i].place(), *h.items[j].place() = i+1, j+1
}

// Push is for the package heap.
func (h *heapOf[T]) Push(x any) {
	h.items = append(h.items, x.(T))
	*x.(T).place() = len(h.items)
}

// Pop is for the package heap.
func (h *heapOf[T]) Pop() any {
	last := len(h.items) - 1
	x := h.items[last]
	var none T
	h.items[last] = none
	h.items = h.items[:last]
	*x.place() = 0
	return x
}

// timer rings a torrent or a host.
type timer struct {
	at mono.Instant
	in int // its place
	of timed
}

type timed interface {
	ring(c *Core, now mono.Instant, eff Effects)
}

func (t *timer) before(o *timer) bool { return t.at < o.at }
func (t *timer) place() *int          { return &t.in }

// ringAt sets a timer; Never is not at all.
func (c *Core) ringAt(t *timer, at mono.Instant) {
	if t.in > 0 && t.at == at {
		return
	}
	c.timers.remove(t)
	if t.at = at; at != mono.Never {
		c.timers.add(t)
	}
}

// ringBy has a timer ring at an instant, if it does not before.
func (c *Core) ringBy(t *timer, at mono.Instant) {
	if t.in == 0 || at < t.at {
		c.ringAt(t, at)
	}
}
