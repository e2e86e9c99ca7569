package storage

import (
	"testing"

	"pgregory.net/rapid"
)

func TestABlockSetIsASetOfNumbers(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		blocks := rapid.Uint32Range(1, 200).Draw(rt, "blocks")
		s, model := NewBlockSet(blocks), map[uint32]bool{}
		for range rapid.IntRange(0, 20).Draw(rt, "steps") {
			first := rapid.Uint32Range(0, blocks-1).Draw(rt, "first")
			count := rapid.Uint32Range(0, blocks-first).Draw(rt, "count")
			member := rapid.Bool().Draw(rt, "member")
			for n := first; n < first+count; n++ {
				model[n] = member
			}
			if member {
				s.addRun(first, count)
			} else {
				s.removeRun(first, count)
			}
		}
		total, limit := 0, rapid.Uint32Range(0, blocks).Draw(rt, "limit")
		for n := range blocks {
			if s.Has(n) != model[n] {
				rt.Fatalf("block %d", n)
			}
			if model[n] && n < limit {
				total++
			}
		}
		s.limit(limit)
		if s.Count() != total || s.isEmpty() != (total == 0) {
			rt.Fatalf("%v has not %d", s, total)
		}
	})
}
