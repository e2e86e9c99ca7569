package sim

import (
	"slices"
	"testing"

	"github.com/etorrent/etorrent/internal/core/assign"
	"github.com/etorrent/etorrent/internal/core/peer"
	"github.com/etorrent/etorrent/internal/vocab/geometry"
)

func TestABlockThatComesTwiceIsAccountedForByTheEndOfTheFirstAsk(t *testing.T) {
	b := geometry.Block{Piece: 3, Number: 1}
	ask := func(o origins, h assign.HolderID) { o.deals(h, geometry.Run{Piece: 3, First: 0, Count: 2}) }
	for _, tc := range []struct {
		want Twice
		play func(o origins) // until 2 has sent it, and 1 sends it too
	}{
		{TwiceCopied, func(o origins) { ask(o, 1); ask(o, 2); o.came(2, b); o.cancels(1, b) }},
		{TwiceStolen, func(o origins) { ask(o, 1); o.cancels(1, b); ask(o, 2); o.came(2, b) }},
		{TwiceTimedOut, func(o origins) { ask(o, 1); o.returned(1, b, peer.ReturnTimedOut); ask(o, 2); o.came(2, b) }},
		{TwiceChoked, func(o origins) { ask(o, 1); o.returned(1, b, peer.ReturnChoked); ask(o, 2); o.came(2, b) }},
		{TwiceRejected, func(o origins) { ask(o, 1); o.returned(1, b, peer.ReturnRejected); ask(o, 2); o.came(2, b) }},
		{TwiceLost, func(o origins) {
			ask(o, 1)
			o.left(1, slices.Values([]geometry.Block{b}))
			ask(o, 2)
			o.came(2, b)
		}},
		{TwiceLost, func(o origins) { ask(o, 2); o.came(2, b) }},
		{TwiceCopied, func(o origins) { // 3 choked, and sends nothing
			ask(o, 3)
			o.returned(3, b, peer.ReturnChoked)
			ask(o, 1)
			ask(o, 2)
			o.came(2, b)
		}},
	} {
		o := origins{}
		tc.play(o)
		if got := o.why(1, b); got != tc.want {
			t.Errorf("accounted for as %v, want %v", got, tc.want)
		}
	}
}
