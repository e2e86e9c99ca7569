package sim

import (
	"math"
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

func TestEntropyIsThatOfHowManyCopiesEachPieceHas(t *testing.T) {
	for _, c := range []struct {
		copies []int
		want   float64
	}{
		{[]int{3, 3, 3, 3}, 1}, {[]int{5, 0, 0, 0}, 0}, {[]int{2, 2, 0, 0}, 0.5}, {[]int{0, 0, 0, 0}, 1}, {[]int{7}, 1},
		{[]int{1, 2, 1, 0}, 0.75},
	} {
		e := entropy{copies: make([]int, len(c.copies)), since: begins}
		for i, n := range c.copies {
			for range n + 2 { // in detours
				e.change(pieceset.Index(i), 1)
			}
			e.change(pieceset.Index(i), -2)
		}
		if math.Abs(e.value()-c.want) > 1e-9 {
			t.Errorf("%v: %f, want %f", c.copies, e.value(), c.want)
		}
	}
}

func TestTheEntropyOfAWorldIsItsMeanOverTime(t *testing.T) {
	e := entropy{copies: make([]int, 2), since: begins}
	e.change(0, 1)
	e.pass(begins.Add(3 * time.Second))
	e.change(1, 1)
	e.pass(begins.Add(4 * time.Second))
	if math.Abs(e.mean()-0.25) > 1e-9 {
		t.Errorf("%f", e.mean())
	}
}

func TestRarestFirstSpreadsPiecesMoreEvenlyThanTheirOrder(t *testing.T) {
	of := func(picker string) float64 {
		c := first(1, 8, OrdinarySeeding)
		c.Pieces, c.Picker = 64, picker
		r := Run(c)
		if r.Err != nil {
			t.Fatal(r.Err)
		}
		return r.Entropy
	}
	rarest, sequential := of("rarest"), of("sequential")
	t.Logf("rarest %.3f, sequential %.3f", rarest, sequential)
	if rarest <= sequential || rarest > 1 {
		t.Errorf("rarest first %.3f, in order %.3f", rarest, sequential)
	}
}
