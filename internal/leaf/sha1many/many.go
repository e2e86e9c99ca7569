// Package sha1many advances several SHA-1 hashes at once. The rounds of a hash wait for
// each other, and the processor has room for others meanwhile: two cost little more than
// one where it has instructions for SHA-1, and sixteen little more than two where its
// registers hold a word of each. The hashes are those of crypto/sha1, and stay so between
// two calls.
package sha1many

import "hash"

// Most is how many hashes are advanced at once at the most.
const Most = 16

// wideLeast is how many hashes take less time at once than two by two.
const wideLeast = 6

// Lane is a hash, and what it is to take.
type Lane struct {
	Hash  hash.Hash
	Spans [][]byte
}

// AtOnce is how many hashes like h are worth advancing at once on this processor: Most or 2.
func AtOnce(h hash.Hash) int {
	var l lane
	if _, f := l.view(h); hasWide && f == plain {
		return Most
	}
	return 2
}

// Of is how many of so many hashes are best advanced at once, and the others by somebody
// else.
func Of(hashes int) int {
	if hasWide && hashes >= wideLeast {
		return min(hashes, Most)
	}
	return min(hashes, 2)
}

// Many is room to advance hashes in. The zero value is ready; one goroutine may use it at
// a time, for any hashes.
type Many struct {
	pair   Pair
	lanes  [Most]strand
	states [5][Most]uint32
	from   [Most]*byte
}

// Write has each hash take its spans. There may be Most lanes.
func (m *Many) Write(lanes []Lane) {
	all := m.lanes[:len(lanes)]
	for i := range all {
		all[i].lane, all[i].spans, all[i].at = lanes[i], lanes[i].Spans, 0
	}
	if hasWide && len(all) >= wideLeast {
		m.wide(all)
	}
	m.byTwos(all)
	for i := range all {
		all[i].lane, all[i].spans = Lane{}, nil
	}
}

// strand is a lane, and how far it is.
type strand struct {
	room  lane
	lane  Lane
	spans [][]byte
	at    int // in the first of them
	taken int // bytes since the state was taken out of the hash
	held  form
}

// left is what is left of the span that it is at; nothing behind the last.
func (s *strand) left() []byte {
	for len(s.spans) > 0 {
		if rest := s.spans[0][s.at:]; len(rest) > 0 {
			return rest
		}
		s.spans, s.at = s.spans[1:], 0
	}
	return nil
}

// write has the hash take so many bytes.
func (s *strand) write(n int) {
	_, _ = s.lane.Hash.Write(s.left()[:n]) // a hash takes everything
	s.at += n
}

// byTwos writes what is left, two by two.
func (m *Many) byTwos(all []strand) {
	var a *strand
	for i := range all {
		b := &all[i]
		for a != nil {
			p, q := a.left(), b.left()
			n := min(len(p), len(q))
			if n == 0 {
				break
			}
			m.pair.Write(a.lane.Hash, b.lane.Hash, p[:n], q[:n])
			a.at += n
			b.at += n
		}
		if len(b.left()) > 0 {
			a = b
		}
	}
	for a != nil && len(a.left()) > 0 {
		a.write(len(a.left()))
	}
}

// wide advances all of them at once, as long as they are enough.
func (m *Many) wide(all []strand) {
	for i := range all {
		m.takeOut(all, i)
	}
	for {
		n, first := m.aim(all)
		if n == 0 {
			break
		}
		for i := range m.from {
			if i >= len(all) || m.from[i] == nil {
				m.from[i] = first // of which nothing comes
			}
		}
		blocksWide(&m.states, &m.from, n/blockSize)
		for i := range all {
			if all[i].held == plain {
				all[i].at += n
				all[i].taken += n
			}
		}
	}
	for i := range all {
		m.putBack(all, i)
	}
	clear(m.from[:])
}

// aim has the lanes that go on point at whole blocks, as many of each, and returns how many
// bytes those are, 0 if too few lanes have some. Those that have none are put back.
func (m *Many) aim(all []strand) (n int, first *byte) {
	live := 0
	for i := range all {
		s := &all[i]
		m.from[i] = nil
		if !m.settle(all, i) {
			continue
		}
		rest := s.left()
		if live++; live == 1 || len(rest) < n {
			n = len(rest)
		}
		m.from[i] = &rest[0]
		first = m.from[i]
	}
	if live < wideLeast {
		return 0, nil
	}
	return n / blockSize * blockSize, first
}

// settle brings a lane to where a whole block follows, and says whether one does.
func (m *Many) settle(all []strand, i int) bool {
	s := &all[i]
	for s.held == plain && len(s.left()) < blockSize {
		m.putBack(all, i)
		if n := len(s.left()); n > 0 {
			s.write(n)
			m.takeOut(all, i)
		}
	}
	return s.held == plain
}

// takeOut takes the state out of a hash, if it can be, at the border of a block.
func (m *Many) takeOut(all []strand, i int) {
	s := &all[i]
	s.held, s.taken = opaque, 0
	for {
		within, f := s.room.view(s.lane.Hash)
		rest := s.left()
		switch {
		case f == opaque || len(rest) == 0:
			return
		case within > 0:
			s.write(min(blockSize-within, len(rest)))
		default:
			for w, v := range s.room.state {
				m.states[w][i] = v
			}
			s.held = plain
			return
		}
	}
}

// putBack gives a hash the state that was taken out of it.
func (m *Many) putBack(all []strand, i int) {
	s := &all[i]
	if s.held == opaque {
		return
	}
	for w := range s.room.state {
		s.room.state[w] = m.states[w][i]
	}
	s.room.putBack(s.lane.Hash, s.taken)
	s.held = opaque
}
