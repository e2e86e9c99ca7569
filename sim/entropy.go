package sim

import (
	"math"

	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// entropy is how evenly pieces are spread among the nodes that fetch: Shannon's, of
// the copies of each piece among all copies, as a part of the most that it can be.
type entropy struct {
	copies  []int
	sum     int     // of the copies
	weights float64 // sum of n ln n over them
	since   mono.Instant
	area    float64 // of the entropy over time
	span    float64 // seconds in which there were copies
}

// value is the entropy now. One piece is spread evenly.
func (e *entropy) value() float64 {
	if len(e.copies) < 2 || e.sum == 0 {
		return 1
	}
	return (math.Log(float64(e.sum)) - e.weights/float64(e.sum)) / math.Log(float64(len(e.copies)))
}

// pass counts the time until now.
func (e *entropy) pass(now mono.Instant) {
	if e.sum > 0 {
		seconds := now.Sub(e.since).Seconds()
		e.area += seconds * e.value()
		e.span += seconds
	}
	e.since = now
}

// mean is the entropy over the time in which there were copies.
func (e *entropy) mean() float64 {
	if e.span == 0 {
		return 1
	}
	return e.area / e.span
}

// change counts copies more of a piece, or less.
func (e *entropy) change(i pieceset.Index, by int) {
	e.weights -= weight(e.copies[i])
	e.copies[i] += by
	e.sum += by
	e.weights += weight(e.copies[i])
}

func weight(n int) float64 {
	if n == 0 {
		return 0
	}
	return float64(n) * math.Log(float64(n))
}

// spreads counts what a node that fetches has on its disk now, or nothing if it left.
func (w *World) spreads(n *node) {
	if n.role == Seed || n.role == Liar || w.state != worldRuns {
		return
	}
	w.entropy.pass(w.now)
	has := pieceset.New(n.platter.Pieces())
	if n.state == nodeThere {
		has.AddAll(n.platter.row.claims)
	}
	gone := n.counted.Clone()
	gone.RemoveAll(has)
	for i := range gone.All() {
		w.entropy.change(i, -1)
	}
	fresh := has.Clone()
	fresh.RemoveAll(n.counted)
	for i := range fresh.All() {
		w.entropy.change(i, 1)
	}
	n.counted = has
}
