package disk

import (
	"bytes"
	"crypto/sha1"
	"math/rand/v2"
	"slices"
	"testing"

	core "github.com/etorrent/etorrent/internal/core/storage"
	"github.com/etorrent/etorrent/internal/leaf/sha1many"
)

func TestHashesThatWaitForAWorkerAreDoneTogether(t *testing.T) {
	c := &crew{x: &process{}, jobs: make(chan job, 1), workers: 1, busy: 1}
	for range 8 { // of hashes that nothing is gained by
		c.give(&hashJob{atOnce: 2})
	}
	if c.ended(nil); len(c.waiting) != 6 {
		t.Errorf("%d jobs wait of 8", len(c.waiting))
	}
	for hashes, want := range map[int][]int{1: {1}, 2: {2}, 3: {sha1many.Of(3), 3 - sha1many.Of(3)}, 20: {sha1many.Of(20)}} {
		c := &crew{x: &process{}, jobs: make(chan job, 1), workers: 1, busy: 1}
		file, write := &hashJob{run: core.HashRun{Source: core.FromFile}}, &writeJob{t: &open{}}
		c.give(file)
		var all []*hashJob
		for n := range hashes {
			all = append(all, &hashJob{atOnce: sha1many.AtOnce(sha1.New())})
			c.give(all[n])
			if n == 0 {
				c.give(write)
			}
		}
		next := func() job {
			c.ended(nil)
			return <-c.jobs
		}
		if got := next(); got != job(file) {
			t.Errorf("%d hashes: %T is first", hashes, got)
		}
		for i, n := range want {
			switch got := next().(type) {
			case *togetherJob:
				if !slices.Equal(got.hashes, all[:n]) {
					t.Errorf("%d hashes: %d go on together, want %d", hashes, len(got.hashes), n)
				}
			case *hashJob:
				if n != 1 || got != all[0] {
					t.Errorf("%d hashes: one goes on alone", hashes)
				}
			}
			all = all[n:]
			if i == 0 {
				if got := next(); got != job(write) {
					t.Errorf("%d hashes: %T is not the write", hashes, got)
				}
			}
		}
		if len(c.waiting) != len(all) {
			t.Errorf("%d hashes: %d jobs wait, want %d", hashes, len(c.waiting), len(all))
		}
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

func TestHashesThatGoOnTogetherTakeAllOfTheirRuns(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		j, want := &togetherJob{}, make([][20]byte, 1+r.IntN(sha1many.Most))
		for i := range want {
			b := make([]byte, r.IntN(10_000))
			for k := range b {
				b[k] = byte(r.Uint32())
			}
			want[i] = sha1.Sum(b)
			j.add(&hashJob{state: sha1.New(), spans: spansOf(r, b)})
		}
		j.work()
		for i, h := range j.hashes {
			if !bytes.Equal(h.state.Sum(nil), want[i][:]) {
				t.Fatalf("hash %d of %d is another", i, len(want))
			}
		}
	}
}
