package disk

import (
	"bytes"
	"crypto/sha1"
	"math/rand/v2"
	"testing"

	core "github.com/etorrent/etorrent/internal/core/storage"
)

func TestHashesThatWaitForAWorkerAreDoneInTwos(t *testing.T) {
	x := &process{}
	c := &crew{x: x, jobs: make(chan job, 1), workers: 1, busy: 1}
	a, b, file, write := &hashJob{}, &hashJob{}, &hashJob{run: core.HashRun{Source: core.FromFile}}, &writeJob{t: &open{}}
	for _, j := range []job{file, a, write, b} {
		c.give(j)
	}
	var order []job
	for range 3 {
		c.ended(nil)
		order = append(order, <-c.jobs)
	}
	two, is := order[1].(*pairJob)
	if order[0] != job(file) || !is || two.a != a || two.b != b || order[2] != job(write) || len(c.waiting) > 0 {
		t.Errorf("got %T, %T, %T and %d more", order[0], order[1], order[2], len(c.waiting))
	}
}

// Of a torrent's runs one is written at a time; others are not kept waiting by that.
func TestOneWorkerWritesToATorrentAtATime(t *testing.T) {
	c := &crew{x: &process{}, jobs: make(chan job, 2), workers: 2}
	one, other := &open{}, &open{}
	first, second, third, hash := &writeJob{t: one}, &writeJob{t: one}, &writeJob{t: other}, &hashJob{}
	next := func() job {
		select {
		case j := <-c.jobs:
			return j
		default:
			return nil
		}
	}
	c.give(first)
	c.give(second)
	if got, more := next(), next(); got != job(first) || more != nil {
		t.Fatalf("two at once: %p and %v", got, more)
	}
	c.give(third)
	c.give(hash)
	if got, more := next(), next(); got != job(third) || more != nil {
		t.Fatalf("the other torrent's write was kept waiting: %v and %v", got, more)
	}
	c.ended(third)
	if got := next(); got != job(hash) {
		t.Fatalf("the hash waits behind a write that must wait: %v", got)
	}
	c.ended(first)
	if got := next(); got != job(second) {
		t.Fatalf("the second write was not begun: %v", got)
	}
	c.ended(hash)
	c.ended(second)
	if c.busy != 0 || len(c.waiting) != 0 {
		t.Errorf("%d workers busy, %d jobs waiting", c.busy, len(c.waiting))
	}
}

// spansOf cuts b at random.
func spansOf(r *rand.Rand, b []byte) (spans [][]byte) {
	for len(b) > 0 {
		n := 1 + r.IntN(len(b))
		spans = append(spans, b[:n])
		b = b[n:]
	}
	return spans
}

func TestAPairTakesAllOfBothRuns(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		p, q := make([]byte, r.IntN(10_000)), make([]byte, r.IntN(10_000))
		for _, b := range [][]byte{p, q} {
			for i := range b {
				b[i] = byte(r.Uint32())
			}
		}
		j := &pairJob{a: &hashJob{state: sha1.New(), spans: spansOf(r, p)}, b: &hashJob{state: sha1.New(), spans: spansOf(r, q)}}
		j.work()
		wantP, wantQ := sha1.Sum(p), sha1.Sum(q)
		if !bytes.Equal(j.a.state.Sum(nil), wantP[:]) || !bytes.Equal(j.b.state.Sum(nil), wantQ[:]) {
			t.Fatalf("%d and %d bytes in %d and %d spans hash to something else", len(p), len(q), len(j.a.spans), len(j.b.spans))
		}
	}
}
