// Package ordered orders things that know their place, so that one which moves or leaves is
// not looked for.
package ordered

// Item is what a Heap holds: a pointer to something with a place.
type Item[T any] interface {
	comparable
	// Before says whether it comes before another.
	Before(T) bool
	// Place is where the Heap keeps its place, from 1 on; 0 is nowhere. Nobody else sets it.
	Place() *int
}

// Heap is a binary heap. The zero Heap is empty. An item is in one Heap at most by the same
// place.
type Heap[T Item[T]] struct{ items []T }

// Len is how many items there are.
func (h *Heap[T]) Len() int { return len(h.items) }

// Items are all, in no order but that the first is the first. They are the Heap's.
func (h *Heap[T]) Items() []T { return h.items }

// First is what comes before all others, or nil.
func (h *Heap[T]) First() *T {
	if len(h.items) == 0 {
		return nil
	}
	return &h.items[0]
}

// Add puts an item in that is nowhere.
func (h *Heap[T]) Add(x T) {
	h.items = append(h.items, x)
	h.up(len(h.items)-1, x)
}

// Moved notes that an item of the Heap comes earlier or later than it did.
func (h *Heap[T]) Moved(x T) { h.settle(*x.Place()-1, x) }

// Remove takes an item out, if it is in.
func (h *Heap[T]) Remove(x T) {
	i, end := *x.Place()-1, len(h.items)-1
	if i < 0 {
		return
	}
	last := h.items[end]
	var none T
	h.items[end] = none
	h.items = h.items[:end]
	*x.Place() = 0
	if last != x {
		h.settle(i, last)
	}
}

// settle puts an item at an index, or where it belongs from there.
func (h *Heap[T]) settle(i int, x T) {
	if i > 0 && x.Before(h.items[(i-1)/2]) {
		h.up(i, x)
		return
	}
	h.down(i, x)
}

func (h *Heap[T]) put(i int, x T) {
	h.items[i] = x
	*x.Place() = i + 1
}

// up puts an item at an index or nearer to the first.
func (h *Heap[T]) up(i int, x T) {
	for i > 0 && x.Before(h.items[(i-1)/2]) {
		h.put(i, h.items[(i-1)/2])
		i = (i - 1) / 2
	}
	h.put(i, x)
}

// down puts an item at an index or further from the first.
func (h *Heap[T]) down(i int, x T) {
	for {
		next := 2*i + 1
		if next+1 < len(h.items) && h.items[next+1].Before(h.items[next]) {
			next++
		}
		if next >= len(h.items) || !h.items[next].Before(x) {
			break
		}
		h.put(i, h.items[next])
		i = next
	}
	h.put(i, x)
}
