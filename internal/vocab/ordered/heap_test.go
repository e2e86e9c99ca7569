package ordered_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/etorrent/etorrent/internal/vocab/ordered"
)

type item struct{ key, place int }

func (x *item) Before(o *item) bool { return x.key < o.key }
func (x *item) Place() *int         { return &x.place }

// A heap is compared with a list.
func TestTheFirstIsFirstWhateverComesMovesAndLeaves(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var h ordered.Heap[*item]
		var in []*item
		all := make([]item, 20)
		for range rapid.IntRange(1, 100).Draw(t, "steps") {
			x := &all[rapid.IntRange(0, len(all)-1).Draw(t, "item")]
			switch at := slices.Index(in, x); {
			case at < 0:
				h.Remove(x) // nothing
				x.key = rapid.IntRange(0, 9).Draw(t, "key")
				h.Add(x)
				in = append(in, x)
			case rapid.Bool().Draw(t, "moves"):
				x.key = rapid.IntRange(0, 9).Draw(t, "key")
				h.Moved(x)
			default:
				h.Remove(x)
				in = slices.Delete(in, at, at+1)
			}
			if h.Len() != len(in) || (h.First() == nil) != (len(in) == 0) {
				t.Fatalf("%d are in, of %d", h.Len(), len(in))
			}
			for i, x := range h.Items() {
				if x.place != i+1 || !slices.Contains(in, x) || x.key < (*h.First()).key {
					t.Fatalf("%+v is at %d, and first is %+v", *x, i, **h.First())
				}
			}
			for _, x := range all {
				if x.place > 0 != slices.ContainsFunc(in, func(o *item) bool { return *o == x }) {
					t.Fatalf("%+v has a place, or has none", x)
				}
			}
		}
	})
}
