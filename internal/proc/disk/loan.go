package disk

import (
	core "github.com/etorrent/etorrent/internal/core/storage"
	"github.com/etorrent/etorrent/internal/leaf/slab"
)

// lentSlabs is how many slabs of all volumes may hold blocks of pieces under
// assembly: as much as DefaultMemory.
const lentSlabs = DefaultMemory / slab.Size

// loan is a slab in which blocks stay until their pieces are written, so that they
// need not be copied. uses are these blocks, and one while more of them are placed.
type loan struct {
	slab slab.Slab
	uses int
	at   int // in process.loans
}

// borrow keeps a slab for its blocks, which are being placed, and has another one
// lent in its place; nil where they are to be copied.
func (x *process) borrow(s slab.Slab) *loan {
	if x.memory.of.lend(len(s.Blocks())) == core.RoomNone {
		return nil
	}
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
	x.memory.of.returnSlabs(1)
	*l = loan{}
	x.spare.loans.keep(l)
}

// forfeitLoans gives up the slabs that are lent when the process ends: a worker may
// still read them.
func (x *process) forfeitLoans() {
	for _, l := range x.loans {
		l.slab.Forfeit()
	}
	x.memory.of.returnSlabs(len(x.loans))
	x.loans = nil
}
