package storage

import "math/bits"

// BlockSet is a set of block numbers of one piece: block n is bit n%64 of word
// n/64. Words that are absent have no member; the nil BlockSet is empty.
type BlockSet []uint64

func blockWords(n uint32) int { return int(n+63) / 64 }

// NewBlockSet returns the set of the given members, with room for numbers below
// blocks.
func NewBlockSet(blocks uint32, members ...uint32) BlockSet {
	s := make(BlockSet, blockWords(blocks))
	for _, n := range members {
		s.add(n)
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

func (s BlockSet) add(n uint32)    { s[n/64] |= 1 << (n % 64) }
func (s BlockSet) remove(n uint32) { s[n/64] &^= 1 << (n % 64) }

func (s BlockSet) addRun(first, count uint32) {
	for n := first; n < first+count; n++ {
		s.add(n)
	}
}

func (s BlockSet) removeRun(first, count uint32) {
	for n := first; n < first+count; n++ {
		s.remove(n)
	}
}

func (s BlockSet) isEmpty() bool {
	for _, w := range s {
		if w != 0 {
			return false
		}
	}
	return true
}

// hasAny says whether s has a member among [first, first+count).
func (s BlockSet) hasAny(first, count uint32) bool {
	for n := first; n < first+count; n++ {
		if s.Has(n) {
			return true
		}
	}
	return false
}

// covers says whether every member of t among [first, first+count) is in s.
func (s BlockSet) covers(t BlockSet, first, count uint32) bool {
	for n := first; n < first+count; n++ {
		if t.Has(n) && !s.Has(n) {
			return false
		}
	}
	return true
}

// clone copies the set into a slice of its own, with room for blocks numbers.
func (s BlockSet) clone(blocks uint32) BlockSet {
	out := make(BlockSet, blockWords(blocks))
	copy(out, s)
	return out
}

// limit takes out what is not below blocks, which a row from elsewhere may have.
func (s BlockSet) limit(blocks uint32) {
	for i, w := range s {
		for ; w != 0; w &= w - 1 {
			if n := uint32(i*64 + bits.TrailingZeros64(w)); n >= blocks {
				s.remove(n)
			}
		}
	}
}

// fullBlocks is the set of all numbers below blocks.
func fullBlocks(blocks uint32) BlockSet {
	s := make(BlockSet, blockWords(blocks))
	s.addRun(0, blocks)
	return s
}

// hasAll says whether all of [first, first+count) are members.
func (s BlockSet) hasAll(first, count uint32) bool {
	for n := first; n < first+count; n++ {
		if !s.Has(n) {
			return false
		}
	}
	return true
}
