package peer

import (
	"iter"
	"slices"
)

// queue holds requests, oldest first. Its front is taken without moving the
// rest; the room is used again when the back needs it.
type queue struct {
	requests []Request
	head     int
}

func (q *queue) len() int { return len(q.requests) - q.head }

// at is the k-th request from the front.
func (q *queue) at(k int) Request { return q.requests[q.head+k] }

// all is the content; it is good until the next change.
func (q *queue) all() []Request { return q.requests[q.head:] }

func (q *queue) push(r Request) {
	if len(q.requests) == cap(q.requests) && q.head > len(q.requests)/2 {
		q.keep(q.all())
	}
	q.requests = append(q.requests, r)
}

// unshift puts requests before the front, in their order.
func (q *queue) unshift(all []Request) {
	q.requests, q.head = slices.Concat(all, q.all()), 0
}

// pop takes the front out, which must be there.
func (q *queue) pop() Request {
	r := q.requests[q.head]
	if q.head++; q.head == len(q.requests) {
		q.requests, q.head = q.requests[:0], 0
	}
	return r
}

// keep makes kept, a part of all in its order, the content.
func (q *queue) keep(kept []Request) {
	q.requests = q.requests[:copy(q.requests, kept)]
	q.head = 0
}

// dropping says whether there was something to drop.
type dropping uint8

const (
	notThere dropping = iota
	dropped
)

// drop takes r out of those waiting, or else of those being read.
func (o *owed) drop(r Request) dropping {
	if k := slices.Index(o.waiting.all(), r); k >= 0 {
		all := o.waiting.all()
		copy(all[1:k+1], all[:k])
		o.waiting.pop()
		return dropped
	}
	if k := slices.Index(o.reading, r); k >= 0 {
		o.reading = slices.Delete(o.reading, k, k+1)
		return dropped
	}
	return notThere
}

// readingIn yields the requests of a run among those being read.
func (o *owed) readingIn(run ReadRun) iter.Seq[Request] {
	return func(yield func(Request) bool) {
		for _, r := range o.reading {
			if run.holds(r) && !yield(r) {
				return
			}
		}
	}
}

// doneReading takes the requests of a run out of those being read.
func (o *owed) doneReading(run ReadRun) {
	o.reading = slices.DeleteFunc(o.reading, run.holds)
}

// holds says whether the run has every byte of r.
func (run ReadRun) holds(r Request) bool {
	return r.Piece == run.Piece && r.Begin >= run.Begin &&
		uint64(r.Begin)+uint64(r.Length) <= uint64(run.Begin)+uint64(run.Length)
}
