// Package board publishes the latest value of something to any number of
// readers, who may wait for the next change.
package board

import "sync"

// Board holds one value. It is a passive leaf: its lock guards a copy.
type Board[T any] struct {
	mu      sync.Mutex
	value   T
	changed chan struct{}
}

// New returns a board that shows v.
func New[T any](v T) *Board[T] {
	return &Board[T]{value: v, changed: make(chan struct{})}
}

// Post shows v and wakes whoever waits.
func (b *Board[T]) Post(v T) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.value = v
	close(b.changed)
	b.changed = make(chan struct{})
}

// Read returns the value shown and a channel that is closed when it is replaced.
func (b *Board[T]) Read() (T, <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.value, b.changed
}
