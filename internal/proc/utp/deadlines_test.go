package utp

import (
	"math/rand/v2"
	"testing"

	"github.com/etorrent/etorrent/internal/vocab/mono"
)

// The heap is compared with a list of all deadlines, of which the least is looked for.
func TestTheEarliestDeadlineIsFirstWhateverMoves(t *testing.T) {
	for seed := range runs() {
		r := rand.New(rand.NewPCG(seed, 0))
		var d deadlines
		all := make([]*cell, 1+r.IntN(40))
		want := map[*cell]mono.Instant{}
		for i := range all {
			all[i] = &cell{}
		}
		for range 500 {
			c := all[r.IntN(len(all))]
			at := mono.Instant(r.IntN(60)) // 0 is Never
			d.set(c, at)
			want[c] = at
			least := mono.Never
			armed := 0
			for _, at := range want {
				least = mono.Earliest(least, at)
				if at != mono.Never {
					armed++
				}
			}
			if d.first() != least || d.heap.Len() != armed {
				t.Fatalf("run %d: the first of %d is at %d, of %d it should be at %d", seed, d.heap.Len(), d.first(), armed, least)
			}
			for i, c := range d.heap.Items() {
				if c.due.place != i+1 || c.due.at != want[c] {
					t.Fatalf("run %d: one at %d thinks that it is at %+v, and is due at %d", seed, i, c.due, want[c])
				}
			}
		}
	}
}

func TestMovingADeadlineAllocatesNothing(t *testing.T) {
	var d deadlines
	all := make([]cell, 100)
	at := mono.Instant(1)
	move := func() {
		for i := range all {
			at += 7919
			d.set(&all[i], at%1009+1)
		}
	}
	move()
	if n := testing.AllocsPerRun(100, move); n > 0 {
		t.Errorf("a hundred moves allocate %v times", n)
	}
}
