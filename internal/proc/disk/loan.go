package disk

import (
	"github.com/etorrent/etorrent/internal/leaf/slab"
)

// lentSlabs is how many slabs of a volume may hold blocks of pieces under assembly:
// as much as DefaultMemory.
const lentSlabs = DefaultMemory / slab.Size

// loan is a slab in which blocks stay until their pieces are written, so that they
// need not be copied. uses are these blocks, and one while more of them are placed.
type loan struct {
	slab slab.Slab
	uses int
	at   int // in process.loans
}

// maySpare says whether the blocks of a slab may stay in it. The more slabs are lent,
// the fuller it must be: one block may keep a whole slab for long.
func (x *process) maySpare(s slab.Slab) bool {
	return len(x.loans) < lentSlabs && 2*len(s.Blocks()) > len(x.loans)
}

// borrow keeps a slab for the blocks that are being placed. Another one is lent in
// its place meanwhile.
func (x *process) borrow(s slab.Slab) *loan {
	l := x.spare.loans.take()
	*l = loan{slab: s, uses: 1, at: len(x.loans)}
	x.loans = append(x.loans, l)
	s.GiveUpPlace()
	return l
}

// unuse ends one use of a slab.
func (x *process) unuse(l *loan) {
	if l.uses--; l.uses > 0 {
		return
	}
	last := len(x.loans) - 1
	x.loans[l.at] = x.loans[last]
	x.loans[l.at].at = l.at
	x.loans[last] = nil
	x.loans = x.loans[:last]
	l.slab.Release()
	*l = loan{}
	x.spare.loans.keep(l)
}

// forfeitLoans gives up the slabs that are lent when the process ends: a worker may
// still read them.
func (x *process) forfeitLoans() {
	for _, l := range x.loans {
		l.slab.Forfeit()
	}
	x.loans = nil
}
