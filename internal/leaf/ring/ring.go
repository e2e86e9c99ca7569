// Package ring keeps the newest events for readers of any speed. A reader that
// falls behind the oldest is told how many it missed; nothing waits for it.
package ring

import (
	"slices"
	"sync"
)

// Revision numbers what was appended, from 1 on.
type Revision uint64

// Ring is a bounded list. It is a passive leaf: its lock guards slice work.
type Ring[T any] struct {
	mu      sync.Mutex
	kept    []T
	next    Revision // of the next value
	readers map[chan<- struct{}]struct{}
}

// New returns a ring that keeps the newest size values, at least one.
func New[T any](size int) *Ring[T] {
	return &Ring[T]{kept: make([]T, 0, size), next: 1, readers: map[chan<- struct{}]struct{}{}}
}

// Append adds the value that build makes for its revision. Build must be quick:
// it runs under the lock.
func (r *Ring[T]) Append(build func(Revision) T) {
	r.mu.Lock()
	defer r.mu.Unlock()
	v := build(r.next)
	if len(r.kept) < cap(r.kept) {
		r.kept = append(r.kept, v)
	} else {
		r.kept[r.at(r.next)] = v
	}
	r.next++
	for wake := range r.readers {
		select {
		case wake <- struct{}{}:
		default:
		}
	}
}

// at is the place of a revision that is kept, or of the next.
func (r *Ring[T]) at(rev Revision) int { return int((rev - 1) % Revision(cap(r.kept))) }

// Join has a one-place channel woken at every Append, until Leave.
func (r *Ring[T]) Join(wake chan<- struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.readers[wake] = struct{}{}
}

// Leave ends the wakes of a reader.
func (r *Ring[T]) Leave(wake chan<- struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.readers, wake)
}

// Batch is what Since found.
type Batch[T any] struct {
	Values []T
	Missed uint64   // values that were asked for and are gone
	Next   Revision // where to go on: behind the newest value
}

// Since returns the values of revision from and later that are still kept, in
// into[:0]. There is nothing from a revision that is yet to come.
func (r *Ring[T]) Since(from Revision, into []T) Batch[T] {
	r.mu.Lock()
	defer r.mu.Unlock()
	oldest := r.next - Revision(len(r.kept))
	b := Batch[T]{Next: r.next, Values: into[:0]}
	from = max(from, 1)
	if from < oldest {
		b.Missed = uint64(oldest - from)
		from = oldest
	}
	if from < r.next {
		b.Values = slices.Grow(b.Values, int(r.next-from))
	}
	for rev := from; rev < r.next; rev++ {
		b.Values = append(b.Values, r.kept[r.at(rev)])
	}
	return b
}

// Next is the revision that the next value will get.
func (r *Ring[T]) Next() Revision {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.next
}
