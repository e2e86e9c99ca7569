package bencode

import (
	"bytes"
	"cmp"
	"slices"
)

// keyOrder is how the keys of a dictionary are ordered, the worse the higher.
type keyOrder uint8

const (
	ascending keyOrder = iota
	repeating
	unsorted
)

// compare says how key stands to the key before it, and notes the first one of
// its dictionary that is out of order.
func (p *parser) compare(start int, last, key []byte, so keyOrder) keyOrder {
	switch c := bytes.Compare(last, key); {
	case c < 0:
		return ascending
	case c == 0:
		return repeating
	}
	if so != unsorted {
		p.note(start, KeysUnsorted)
	}
	return unsorted
}

// keyStack holds where keys begin. The first are kept in place, so that the
// parser of a message of ordinary size needs no memory of its own.
type keyStack struct {
	few  [32]int
	many []int
	size int
}

func (s *keyStack) push(start int) {
	if s.size < len(s.few) {
		s.few[s.size] = start
	} else {
		s.many = append(s.many, start)
	}
	s.size++
}

func (s *keyStack) shrink(size int) {
	s.size = size
	s.many = s.many[:max(size-len(s.few), 0)]
}

// from returns a copy of the stack from base on.
func (s *keyStack) from(base int) []int {
	few := s.few[:min(s.size, len(s.few))]
	return slices.Concat(few[min(base, len(few)):], s.many[max(base-len(s.few), 0):])
}

// noteRepeated notes the keys that equal an earlier one, of those on the stack
// from base on.
func (p *parser) noteRepeated(base int) {
	keyAt := func(start int) []byte {
		key, _ := stringAt(p.b, start)
		return key
	}
	keys := p.keys.from(base)
	slices.SortFunc(keys, func(a, b int) int {
		return cmp.Or(bytes.Compare(keyAt(a), keyAt(b)), cmp.Compare(a, b))
	})
	for i := 1; i < len(keys); i++ {
		if bytes.Equal(keyAt(keys[i-1]), keyAt(keys[i])) {
			p.note(keys[i], KeyRepeated)
		}
	}
}
