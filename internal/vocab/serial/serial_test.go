package serial_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/etorrent/etorrent/internal/vocab/serial"
)

func numbers() *rapid.Generator[serial.Number] {
	edges := []serial.Number{0, 1, 0x7fff, 0x8000, 0x8001, 0xffff}
	return rapid.OneOf(rapid.SampledFrom(edges),
		rapid.Map(rapid.Uint16(), func(n uint16) serial.Number { return serial.Number(n) }))
}

func TestAddAndDiffAreInverse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := numbers().Draw(t, "a"), numbers().Draw(t, "b")
		if got := b.Add(a.Diff(b)); got != a {
			t.Fatalf("%d.Add(%d) is %d, want %d", b, a.Diff(b), got, a)
		}
		n := rapid.IntRange(-1<<15, 1<<15-1).Draw(t, "n")
		if got := a.Add(n).Diff(a); got != n {
			t.Fatalf("%d.Add(%d) is %d away", a, n, got)
		}
	})
}

func TestAddWrapsAndAddsUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := numbers().Draw(t, "a")
		n, m := rapid.IntRange(-1<<20, 1<<20).Draw(t, "n"), rapid.IntRange(-1<<20, 1<<20).Draw(t, "m")
		if a.Add(n).Add(m) != a.Add(n+m) || a.Add(n+1<<16) != a.Add(n) {
			t.Fatalf("adding %d and %d to %d", n, m, a)
		}
		if a.Next() != a.Add(1) || a.Previous() != a.Add(-1) {
			t.Fatalf("neighbours of %d are %d and %d", a, a.Previous(), a.Next())
		}
	})
}

func TestLessIsTheSignOfDiffButForOpposites(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := numbers().Draw(t, "a"), numbers().Draw(t, "b")
		if d := a.Diff(b); a.Less(b) != (d < 0 && d > -1<<15) {
			t.Fatalf("%d.Less(%d) is %v at a difference of %d", a, b, a.Less(b), d)
		}
		if a.Less(b) && b.Less(a) {
			t.Fatalf("%d and %d are before each other", a, b)
		}
	})
}

// Within a window of half a circle the order is that of the integers, wherever
// the window begins.
func TestLessOrdersAWindow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		start := numbers().Draw(t, "start")
		i, j := rapid.IntRange(0, 1<<15-1).Draw(t, "i"), rapid.IntRange(0, 1<<15-1).Draw(t, "j")
		if start.Add(i).Less(start.Add(j)) != (i < j) {
			t.Fatalf("offsets %d and %d from %d", i, j, start)
		}
	})
}

func TestOrderAtTheWrap(t *testing.T) {
	for _, c := range []struct {
		a, b serial.Number
		diff int
		less bool
	}{
		{0, 0, 0, false},
		{0xffff, 0, -1, true},
		{0, 0xffff, 1, false},
		{0, 0x7fff, -0x7fff, true},
		{0, 0x8000, -0x8000, false},
		{0x8000, 0, -0x8000, false},
		{0, 0x8001, 0x7fff, false},
	} {
		if c.a.Diff(c.b) != c.diff || c.a.Less(c.b) != c.less {
			t.Errorf("%v and %v: Diff %d, Less %v", c.a, c.b, c.a.Diff(c.b), c.a.Less(c.b))
		}
	}
}
