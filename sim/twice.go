package sim

import (
	"iter"
	"slices"

	"github.com/etorrent/etorrent/internal/core/assign"
	"github.com/etorrent/etorrent/internal/core/peer"
	"github.com/etorrent/etorrent/internal/vocab/geometry"
)

// Twice says why a block was asked for again that came the first time too.
type Twice uint8

// The reasons.
const (
	TwiceCopied   Twice = iota // two were to fetch it, whoever comes first
	TwiceStolen                // it was taken from one that had sent it
	TwiceTimedOut              // it was waited for too long
	TwiceChoked                // one that choked us had sent it
	TwiceRejected              // one that refused it sent it
	TwiceLost                  // a process crashed, or a connection, and its word was lost
	twiceReasons
)

// String names the reason.
func (t Twice) String() string {
	return [...]string{"copied", "stolen", "timed out", "choked", "rejected", "lost"}[t]
}

// origins remembers of a program's blocks who was asked for them, and how that ended,
// so that one that comes twice can be accounted for.
type origins map[geometry.Block]*origin

// origin is how one block was asked for: each time is one ask, until the block is
// forgotten.
type origin struct {
	asks  []ask
	first assign.HolderID // who it came from; Nobody: it has not come
}

// ask is a request for a block, and why it was asked of another after that.
type ask struct {
	of    assign.HolderID
	again Twice
}

func (o origins) of(b geometry.Block) *origin {
	x := o[b]
	if x == nil {
		x = &origin{}
		o[b] = x
	}
	return x
}

// ended notes how the last ask of one ended before the block came.
func (x *origin) ended(of assign.HolderID, why Twice) {
	if x.first != assign.Nobody {
		return
	}
	for k := len(x.asks) - 1; k >= 0; k-- {
		if x.asks[k].of == of {
			x.asks[k].again = why
			return
		}
	}
}

// deals notes that a run is asked for.
func (o origins) deals(h assign.HolderID, r geometry.Run) {
	for n := r.First; n < r.First+r.Count; n++ {
		x := o.of(geometry.Block{Piece: r.Piece, Number: n})
		x.asks = append(x.asks, ask{h, TwiceCopied})
	}
}

// cancels notes that a block is not wanted of one any more: before it came it is
// another's.
func (o origins) cancels(h assign.HolderID, b geometry.Block) { o.of(b).ended(h, TwiceStolen) }

// came notes that a block came.
func (o origins) came(h assign.HolderID, b geometry.Block) {
	if x := o.of(b); x.first == assign.Nobody {
		x.first = h
	}
}

// returned notes that one gave a block back.
func (o origins) returned(h assign.HolderID, b geometry.Block, why peer.Return) {
	switch why {
	case peer.ReturnTimedOut:
		o.of(b).ended(h, TwiceTimedOut)
	case peer.ReturnChoked:
		o.of(b).ended(h, TwiceChoked)
	case peer.ReturnRejected:
		o.of(b).ended(h, TwiceRejected)
	}
}

// left notes that one left who was asked for blocks.
func (o origins) left(h assign.HolderID, blocks iter.Seq[geometry.Block]) {
	for b := range blocks {
		o.of(b).ended(h, TwiceLost)
	}
}

// why accounts for a block that comes twice, now of one: by the end of that ask, else
// by the end of the first.
func (o origins) why(h assign.HolderID, b geometry.Block) Twice {
	x := o.of(b)
	for _, of := range []assign.HolderID{h, x.first} {
		for _, a := range slices.Backward(x.asks) {
			if a.of == of && a.again != TwiceCopied {
				return a.again
			}
		}
	}
	if len(x.asks) < 2 {
		return TwiceLost
	}
	return TwiceCopied
}
