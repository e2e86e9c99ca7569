package disk

import (
	"github.com/etorrent/etorrent/internal/leaf/sha1pair"
)

// pairJob lets the hashes of two pieces take a run each, from memory, at once.
type pairJob struct {
	keeps
	a, b *hashJob
	room sha1pair.Pair
}

func (x *process) pairJob(a, b *hashJob) *pairJob {
	j := x.spare.pairs.take()
	j.a, j.b = a, b
	return j
}

func (j *pairJob) work() result {
	j.take()
	j.a.judge()
	j.b.judge()
	return j
}

// take feeds both hashes, span by span, as far as both have bytes; then what one of
// them has beyond.
func (j *pairJob) take() {
	p, q := walk{spans: j.a.spans}, walk{spans: j.b.spans}
	for n := min(p.left(), q.left()); n > 0; n = min(p.left(), q.left()) {
		j.room.Write(j.a.state, j.b.state, p.next(n), q.next(n))
	}
	for p.left() > 0 {
		_, _ = j.a.state.Write(p.next(p.left()))
	}
	for q.left() > 0 {
		_, _ = j.b.state.Write(q.next(q.left()))
	}
}

func (j *pairJob) apply(x *process) {
	a, b := j.a, j.b
	j.a, j.b = nil, nil
	x.spare.pairs.keep(j)
	a.apply(x)
	b.apply(x)
}

// walk goes through spans.
type walk struct {
	spans [][]byte
	at    int // in the first
}

// left is how many bytes are left of the span that it is at, 0 behind the last.
func (w *walk) left() int {
	if len(w.spans) == 0 {
		return 0
	}
	return len(w.spans[0]) - w.at
}

// next returns the next n bytes, of which there must be as many.
func (w *walk) next(n int) []byte {
	part := w.spans[0][w.at : w.at+n]
	if w.at += n; w.at == len(w.spans[0]) {
		w.spans, w.at = w.spans[1:], 0
	}
	return part
}
