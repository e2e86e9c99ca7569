package assign

import (
	"testing"

	"github.com/etorrent/etorrent/internal/vocab/pieceset"
	"pgregory.net/rapid"
)

func TestLevelsFollowAvailabilityStepByStep(t *testing.T) {
	for avail := range uint32(100_000) {
		step := levelOf(avail+1) - levelOf(avail)
		if step < 0 || step > 1 || levelOf(avail) >= levels {
			t.Fatalf("levels %d and %d of %d and the next", levelOf(avail), levelOf(avail+1), avail)
		}
		if avail < 16 && levelOf(avail) != int(avail) {
			t.Fatalf("a rare availability %d has level %d", avail, levelOf(avail))
		}
	}
}

func TestRarityOrderKeepsPiecesInTheirLevels(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const n = 20
		o, rnd, at := rarity{place: make([]uint32, n)}, random(3), map[pieceset.Index]int{}
		steps := rapid.SliceOfN(rapid.IntRange(0, n*3-1), 0, 200).Draw(t, "steps")
		for _, step := range steps {
			i := pieceset.Index(step % n)
			level, in := at[i]
			switch {
			case !in:
				at[i] = step % 7 * 10
				o.insert(i, at[i], rnd)
			case step < n:
				o.remove(i, level)
				delete(at, i)
			case step < 2*n:
				at[i] = min(level+1, levels-1)
				o.move(i, level, at[i], rnd)
			default:
				at[i] = max(level-1, 0)
				o.move(i, level, at[i], rnd)
			}
			for i, l := range at {
				if err := o.check(i, l); err != nil {
					t.Fatalf("%v", err)
				}
			}
			if len(o.seq) != len(at) || int(o.start[levels]) != len(at) {
				t.Fatalf("%d pieces ordered, %d put in", len(o.seq), len(at))
			}
		}
	})
}

func TestTiesAreBrokenAtRandom(t *testing.T) {
	const pieces, runs = 8, 4000
	first := map[pieceset.Index]int{}
	for n := range uint64(runs) {
		o, rnd := rarity{place: make([]uint32, pieces)}, random(n)
		for i := range pieceset.Index(pieces) {
			o.insert(i, 3, rnd)
		}
		o.remove(o.seq[0], 3)
		first[o.seq[0]]++
	}
	for i, n := range first {
		if n < runs/pieces*7/10 || n > runs/pieces*13/10 {
			t.Errorf("piece %d was first %d times in %d", i, n, runs)
		}
	}
}
