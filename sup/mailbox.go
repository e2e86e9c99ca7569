package sup

import "sync"

// keptCapacity is the largest buffer, in values, that a mailbox keeps after a
// burst.
const keptCapacity = 1024

// Mailbox carries values from many producers to one consumer. It never blocks a
// producer and has no bound of its own: what bounds it is the protocol, to be
// said where it is made.
type Mailbox[T any] struct {
	wake chan struct{}

	mu     sync.Mutex
	values []T
}

// NewMailbox makes an empty mailbox.
func NewMailbox[T any]() *Mailbox[T] {
	return &Mailbox[T]{wake: make(chan struct{}, 1)}
}

// Put appends v. It never blocks.
func (m *Mailbox[T]) Put(v T) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.values = append(m.values, v)
	select {
	case m.wake <- struct{}{}:
	default:
	}
}

// PutAll appends all of vs, next to each other. It never blocks, and vs stays the
// caller's.
func (m *Mailbox[T]) PutAll(vs []T) {
	if len(vs) == 0 {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.values = append(m.values, vs...)
	select {
	case m.wake <- struct{}{}:
	default:
	}
}

// Wake is a one-place channel that holds a token while the mailbox is not
// empty. A token received obliges the consumer to Take.
func (m *Mailbox[T]) Wake() <-chan struct{} { return m.wake }

// Take empties the mailbox, oldest value first, into into[:0] and returns it.
// The result is the caller's; it shares no memory with the mailbox.
func (m *Mailbox[T]) Take(into []T) []T {
	m.mu.Lock()
	defer m.mu.Unlock()
	into = append(into[:0], m.values...)
	if cap(m.values) > keptCapacity {
		m.values = nil
	} else {
		clear(m.values)
		m.values = m.values[:0]
	}
	select {
	case <-m.wake:
	default:
	}
	return into
}

// Taken is what a consumer took out of a mailbox and has not handled yet. It and
// the mailbox change places in two pieces of memory, so that a steady flow
// allocates nothing; what a burst needed is not kept. The zero Taken is empty.
type Taken[T any] struct {
	values []T
	next   int
}

// Take empties the mailbox behind what is left in t.
func (t *Taken[T]) Take(m *Mailbox[T]) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if t.next < len(t.values) {
		t.values = append(t.values, m.values...)
		clear(m.values)
		m.values = m.values[:0]
	} else {
		room := t.values[:0]
		if cap(room) > keptCapacity {
			room = nil
		}
		t.values, t.next, m.values = m.values, 0, room
	}
	select {
	case <-m.wake:
	default:
	}
}

// Next takes out the oldest value. There must be one.
func (t *Taken[T]) Next() T {
	var none T
	v := t.values[t.next]
	t.values[t.next] = none
	t.next++
	return v
}

// Left is how many values are left.
func (t *Taken[T]) Left() int { return len(t.values) - t.next }

// Rest is what is left, oldest first. It is t's memory until the next Take.
func (t *Taken[T]) Rest() []T { return t.values[t.next:] }

// Depth is how many values wait.
func (m *Mailbox[T]) Depth() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.values)
}

// Depth is a queue whose length a snapshot shows. Depth must not block.
type Depth interface{ Depth() int }
