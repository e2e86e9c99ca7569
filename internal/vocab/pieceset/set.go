// Package pieceset holds piece indices and fixed-size sets of them (the
// bitfields of BEP 3) as plain values.
package pieceset

import (
	"iter"
	"math/bits"
)

// Index is the zero-based number of a piece in a torrent (BEP 3).
type Index uint32

// Set is a set of piece indices below a fixed size. The zero Set has size 0.
// A Set has one owner: copy it with Clone.
type Set struct {
	words []uint64
	size  int
	count int
}

// New returns an empty set of indices in [0, size).
func New(size int) *Set {
	return &Set{words: make([]uint64, (size+63)/64), size: size}
}

// Full returns the set of all indices in [0, size).
func Full(size int) *Set {
	s := New(size)
	s.Fill()
	return s
}

// Of returns a set of the given size with the given members.
func Of(size int, members ...Index) *Set {
	s := New(size)
	for _, i := range members {
		s.Add(i)
	}
	return s
}

// Size is the number of indices that the set ranges over.
func (s *Set) Size() int { return s.size }

// Count is the number of members.
func (s *Set) Count() int { return s.count }

// IsEmpty says whether the set has no member.
func (s *Set) IsEmpty() bool { return s.count == 0 }

// IsFull says whether every index in range is a member.
func (s *Set) IsFull() bool { return s.count == s.size }

// Has says whether i is a member; an index out of range never is.
func (s *Set) Has(i Index) bool {
	return uint64(i) < uint64(s.size) && s.words[i/64]&(1<<(i%64)) != 0
}

// Add makes i a member. An index out of range is a bug of the caller and panics.
func (s *Set) Add(i Index) {
	s.mustHold(i)
	w, bit := &s.words[i/64], uint64(1)<<(i%64)
	if *w&bit == 0 {
		*w |= bit
		s.count++
	}
}

// Remove takes i out. An index out of range is a bug of the caller and panics.
func (s *Set) Remove(i Index) {
	s.mustHold(i)
	w, bit := &s.words[i/64], uint64(1)<<(i%64)
	if *w&bit != 0 {
		*w &^= bit
		s.count--
	}
}

// Fill makes every index in range a member.
func (s *Set) Fill() {
	for i := range s.words {
		s.words[i] = ^uint64(0)
	}
	if tail := s.size % 64; tail != 0 {
		s.words[len(s.words)-1] = 1<<tail - 1
	}
	s.count = s.size
}

// Clear removes every member.
func (s *Set) Clear() {
	clear(s.words)
	s.count = 0
}

// Clone returns a copy with an owner of its own.
func (s *Set) Clone() *Set {
	return &Set{words: append([]uint64(nil), s.words...), size: s.size, count: s.count}
}

// Equal says whether both sets have the same size and members.
func (s *Set) Equal(t *Set) bool {
	if s.size != t.size || s.count != t.count {
		return false
	}
	for i, w := range s.words {
		if w != t.words[i] {
			return false
		}
	}
	return true
}

// AddAll makes every member of t a member of s. Sizes must be equal.
func (s *Set) AddAll(t *Set) { s.merge(t, func(a, b uint64) uint64 { return a | b }) }

// RemoveAll takes every member of t out of s. Sizes must be equal.
func (s *Set) RemoveAll(t *Set) { s.merge(t, func(a, b uint64) uint64 { return a &^ b }) }

// Retain keeps only those members of s that are also in t. Sizes must be equal.
func (s *Set) Retain(t *Set) { s.merge(t, func(a, b uint64) uint64 { return a & b }) }

// Overlap is the number of members that s and t share. Sizes must be equal.
func (s *Set) Overlap(t *Set) int {
	s.mustMatch(t)
	n := 0
	for i, w := range s.words {
		n += bits.OnesCount64(w & t.words[i])
	}
	return n
}

// All yields the members in ascending order. The set may lose the yielded
// member during the iteration, but must not change otherwise.
func (s *Set) All() iter.Seq[Index] {
	return func(yield func(Index) bool) {
		for i, w := range s.words {
			for w != 0 {
				bit := bits.TrailingZeros64(w)
				w &^= 1 << bit
				if !yield(Index(i*64 + bit)) {
					return
				}
			}
		}
	}
}

func (s *Set) merge(t *Set, op func(a, b uint64) uint64) {
	s.mustMatch(t)
	n := 0
	for i := range s.words {
		s.words[i] = op(s.words[i], t.words[i])
		n += bits.OnesCount64(s.words[i])
	}
	s.count = n
}

func (s *Set) mustHold(i Index) {
	if uint64(i) >= uint64(s.size) {
		panic("pieceset: index out of range")
	}
}

func (s *Set) mustMatch(t *Set) {
	if s.size != t.size {
		panic("pieceset: sets of different sizes")
	}
}
