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

// Depth is how many values wait.
func (m *Mailbox[T]) Depth() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.values)
}

// Depth is a queue whose length a snapshot shows. Depth must not block.
type Depth interface{ Depth() int }

// remind puts the token back that an earlier consumer received without a Take.
func (m *Mailbox[T]) remind() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.values) == 0 {
		return
	}
	select {
	case m.wake <- struct{}{}:
	default:
	}
}
