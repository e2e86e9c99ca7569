// Package bounded has a mailbox that holds so many bytes and no more: what finds
// no room is dropped and counted, and nobody waits.
package bounded

import "sync"

const (
	// overhead is what a value costs besides its own bytes, so that empty ones are
	// bounded too.
	overhead = 64
	// keptCapacity is the largest buffer, in values, that is kept after a burst.
	keptCapacity = 1024
)

// Fit says whether a value found room.
type Fit uint8

// The answers.
const (
	Fits Fit = iota
	Full     // it was dropped, and counted
)

// Load is what a value brings: its bytes, and how much it counts for where it is
// dropped.
type Load struct{ Bytes, Count int }

// Queue carries values from many producers to one consumer, who may come and go:
// what lies in it stays. It is a passive leaf: its lock guards slice work.
type Queue[T any] struct {
	wake  chan struct{}
	bound int

	mu     sync.Mutex
	values []T
	bytes  int
	missed int
}

// New returns an empty queue of at most so many bytes, 64 a value included.
func New[T any](bound int) *Queue[T] {
	return &Queue[T]{wake: make(chan struct{}, 1), bound: bound}
}

// Put appends v if there is room. It never blocks.
func (q *Queue[T]) Put(v T, l Load) Fit {
	q.mu.Lock()
	defer q.mu.Unlock()
	fit := Fits
	if q.bytes+l.Bytes+overhead > q.bound {
		fit = Full
		q.missed += l.Count
	} else {
		q.values = append(q.values, v)
		q.bytes += l.Bytes + overhead
	}
	select {
	case q.wake <- struct{}{}: // also where v was dropped: the consumer is to hear of it
	default:
	}
	return fit
}

// Wake is a one-place channel that holds a token while there is something to
// Take. A token received obliges the consumer to Take; one that begins anew takes
// first.
func (q *Queue[T]) Wake() <-chan struct{} { return q.wake }

// Take empties the queue, oldest value first, into into[:0], and says how much was
// dropped since the last Take. The result is the caller's.
func (q *Queue[T]) Take(into []T) (values []T, missed int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	into = append(into[:0], q.values...)
	if cap(q.values) > keptCapacity {
		q.values = nil
	} else {
		clear(q.values)
		q.values = q.values[:0]
	}
	missed, q.missed, q.bytes = q.missed, 0, 0
	select {
	case <-q.wake:
	default:
	}
	return into, missed
}

// Depth is how many values wait.
func (q *Queue[T]) Depth() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.values)
}
