package mono_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/etorrent/etorrent/internal/vocab/mono"
)

func instants() *rapid.Generator[mono.Instant] {
	return rapid.Map(rapid.Int64Range(0, 1<<60), func(n int64) mono.Instant { return mono.Instant(n) })
}

func TestAddAndSubAreInverse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		i := instants().Draw(t, "instant")
		d := time.Duration(rapid.Int64Range(-1<<60, 1<<60).Draw(t, "span"))
		if later := i.Add(d); later.Sub(i) != d || i.Sub(later) != -d || (later > i) != (d > 0) {
			t.Fatalf("%d and %v make %d", i, d, later)
		}
	})
}

func TestEarliestIsTheLeastDeadlineThatIsArmed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		deadlines := rapid.OneOf(rapid.Just(mono.Never), instants())
		a, b := deadlines.Draw(t, "a"), deadlines.Draw(t, "b")
		want := min(a, b)
		if want == mono.Never {
			want = max(a, b)
		}
		if got := mono.Earliest(a, b); got != want {
			t.Fatalf("of %d and %d: %d", a, b, got)
		}
	})
}

func TestNeverIsTheZeroInstant(t *testing.T) {
	var i mono.Instant
	if i != mono.Never {
		t.Error("the zero Instant is not Never")
	}
}
