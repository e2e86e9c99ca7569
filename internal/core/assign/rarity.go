package assign

import (
	"math/bits"
	"math/rand/v2"

	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// levels is how many steps of availability the rarity order tells apart.
const levels = 64

// levelOf is the step of an availability: exact below 16, then four steps to
// the doubling. Neighbouring availabilities are at most one level apart. Which
// of two common pieces is the rarer matters little, and coarse steps make most
// changes free.
func levelOf(avail uint32) int {
	if avail < 16 {
		return int(avail)
	}
	octave := bits.Len32(avail) - 1
	return min(16+(octave-4)*4+int(avail>>(octave-2)&3), levels-1)
}

// rarity keeps pieces ordered by level, in random order within a level: one
// array whose level l is seq[start[l]:start[l+1]]. A piece crosses to the next
// level by one swap, enters and leaves by at most one swap a level. place is
// where each piece is in seq; several orders may share it.
type rarity struct {
	seq   []pieceset.Index
	start [levels + 1]uint32
	place []uint32
}

// insert adds piece i, at level l.
func (o *rarity) insert(i pieceset.Index, l int, rnd *rand.Rand) {
	o.place[i] = uint32(len(o.seq))
	o.seq = append(o.seq, i)
	o.start[levels]++
	for k := levels - 1; k > l; k-- {
		o.lower(i, k)
	}
	o.shuffle(i, l, rnd)
}

// remove takes piece i out, which is at level l.
func (o *rarity) remove(i pieceset.Index, l int) {
	for k := l; k < levels-1; k++ {
		o.raise(i, k)
	}
	last := uint32(len(o.seq) - 1)
	o.swap(o.place[i], last)
	o.seq = o.seq[:last]
	o.start[levels]--
}

// move takes piece i from one level to a neighbouring or the same one.
func (o *rarity) move(i pieceset.Index, from, to int, rnd *rand.Rand) {
	switch {
	case to > from:
		o.raise(i, from)
	case to < from:
		o.lower(i, from)
	default:
		return
	}
	o.shuffle(i, to, rnd)
}

// raise makes piece i of level l the first of level l+1.
func (o *rarity) raise(i pieceset.Index, l int) {
	o.start[l+1]--
	o.swap(o.place[i], o.start[l+1])
}

// lower makes piece i of level l the last of level l-1.
func (o *rarity) lower(i pieceset.Index, l int) {
	o.swap(o.place[i], o.start[l])
	o.start[l]++
}

// shuffle puts piece i at a random place of its level l.
func (o *rarity) shuffle(i pieceset.Index, l int, rnd *rand.Rand) {
	width := o.start[l+1] - o.start[l]
	o.swap(o.place[i], o.start[l]+rnd.Uint32N(width))
}

func (o *rarity) swap(a, b uint32) {
	if a == b {
		return
	}
	o.seq[a], o.seq[b] = o.seq[b], o.seq[a]
	o.place[o.seq[a]], o.place[o.seq[b]] = a, b
}
