package assign

import (
	"iter"
	"math/bits"
)

// mask is a set of small numbers, bit n%64 of word n/64. The picker walks the
// words of two masks at once, which a pieceset.Set does not offer.
type mask []uint64

func newMask(n int) mask { return make(mask, (n+63)/64) }

func (m mask) has(n uint32) bool { return m[n/64]&(1<<(n%64)) != 0 }
func (m mask) add(n uint32)      { m[n/64] |= 1 << (n % 64) }
func (m mask) remove(n uint32)   { m[n/64] &^= 1 << (n % 64) }

// overlap is the number of members that both masks have.
func (m mask) overlap(o mask) int {
	n := 0
	for i, w := range m {
		n += bits.OnesCount64(w & o[i])
	}
	return n
}

// fill makes the numbers below n the members.
func (m mask) fill(n uint32) {
	for i := range m {
		m[i] = ^uint64(0)
	}
	if tail := n % 64; tail != 0 {
		m[len(m)-1] = 1<<tail - 1
	}
}

// all yields the members in ascending order.
func (m mask) all() iter.Seq[uint32] {
	return func(yield func(uint32) bool) {
		for i, w := range m {
			for ; w != 0; w &= w - 1 {
				if !yield(uint32(i*64 + bits.TrailingZeros64(w))) {
					return
				}
			}
		}
	}
}

// takeRun takes the first run of consecutive members out, at most limit of
// them. The mask must not be empty.
func (m mask) takeRun(limit uint32) (first, count uint32) {
	i := 0
	for m[i] == 0 {
		i++
	}
	first = uint32(i*64 + bits.TrailingZeros64(m[i]))
	for n := first; count < limit && n/64 < uint32(len(m)) && m.has(n); n++ {
		m.remove(n)
		count++
	}
	return first, count
}

// BlockSet is a set of block numbers of one piece: block n is bit n%64 of word
// n/64. Words that are absent have no member; the nil BlockSet is empty.
type BlockSet []uint64

// BlocksOf returns the set of the given block numbers.
func BlocksOf(numbers ...uint32) BlockSet {
	var s BlockSet
	for _, n := range numbers {
		for int(n/64) >= len(s) {
			s = append(s, 0)
		}
		s[n/64] |= 1 << (n % 64)
	}
	return s
}

// Has says whether block n is a member.
func (s BlockSet) Has(n uint32) bool {
	return int(n/64) < len(s) && s[n/64]&(1<<(n%64)) != 0
}

// Count is the number of members.
func (s BlockSet) Count() int {
	n := 0
	for _, w := range s {
		n += bits.OnesCount64(w)
	}
	return n
}
