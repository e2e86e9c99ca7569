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

// Entropies of pickers say little beside each other: who is slower has more time in
// which little is missing.
func TestRarestFirstIsDoneSoonerThanThePiecesInTheirOrder(t *testing.T) {
	of := func(picker string) Result {
		c := first(1, 8, OrdinarySeeding)
		c.Pieces, c.Picker = 96, picker
		r := Run(c)
		if r.Err != nil {
			t.Fatal(r.Err)
		}
		return r
	}
	rarest, sequential := of("rarest"), of("sequential")
	took, inOrder := median(rarest, Leech), median(sequential, Leech)
	t.Logf("rarest %v (entropy %.3f), in order %v (%.3f)", took, rarest.Entropy, inOrder, sequential.Entropy)
	if 3*took > 2*inOrder {
		t.Errorf("rarest first took %v, in order %v", took, inOrder)
	}
}
