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
	a, b, file, write := &hashJob{}, &hashJob{}, &hashJob{run: core.HashRun{Source: core.FromFile}}, &writeJob{}
	for _, j := range []job{file, a, write, b} {
		c.give(j)
	}
	var order []job
	for range 3 {
		c.ended()
		order = append(order, <-c.jobs)
	}
	two, is := order[1].(*pairJob)
	if order[0] != job(file) || !is || two.a != a || two.b != b || order[2] != job(write) || len(c.waiting) > 0 {
		t.Errorf("got %T, %T, %T and %d more", order[0], order[1], order[2], len(c.waiting))
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
