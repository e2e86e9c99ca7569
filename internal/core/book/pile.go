package book

// pile is a binary heap whose items know their place in it, so that each can be
// taken out or moved at the cost of a logarithm. An item lies in it once at most;
// place 0 is nowhere.
type pile[T any] struct {
	items  []T
	before func(a, b T) bool
	place  func(T) *int
}

func (p *pile[T]) len() int { return len(p.items) }

// first is the item that comes before all others; there must be one.
func (p *pile[T]) first() T { return p.items[0] }

func (p *pile[T]) put(x T) {
	p.items = append(p.items, x)
	*p.place(x) = len(p.items)
	p.up(len(p.items) - 1)
}

// take takes an item out, if it is there.
func (p *pile[T]) take(x T) {
	at := *p.place(x) - 1
	if at < 0 {
		return
	}
	last := len(p.items) - 1
	p.swap(at, last)
	var none T
	p.items[last] = none
	p.items = p.items[:last]
	*p.place(x) = 0
	if at < last {
		p.settle(at)
	}
}

// reorder puts all items to their places.
func (p *pile[T]) reorder() {
	for at := len(p.items)/2 - 1; at >= 0; at-- {
		p.down(at)
	}
}

func (p *pile[T]) settle(at int) {
	x := p.items[at]
	p.up(at)
	p.down(*p.place(x) - 1)
}

func (p *pile[T]) swap(a, b int) {
	p.items[a], p.items[b] = p.items[b], p.items[a]
	*p.place(p.items[a]), *p.place(p.items[b]) = a+1, b+1
}

func (p *pile[T]) up(at int) {
	for at > 0 {
		parent := (at - 1) / 2
		if !p.before(p.items[at], p.items[parent]) {
			return
		}
		p.swap(at, parent)
		at = parent
	}
}

func (p *pile[T]) down(at int) {
	for {
		child := 2*at + 1
		if child >= len(p.items) {
			return
		}
		if next := child + 1; next < len(p.items) && p.before(p.items[next], p.items[child]) {
			child = next
		}
		if !p.before(p.items[child], p.items[at]) {
			return
		}
		p.swap(at, child)
		at = child
	}
}
