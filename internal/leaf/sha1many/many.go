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
	pair    Pair
	strands [Most]strand
	states  [5][Most]uint32
	from    [Most]*byte
}

// Write has each hash take its spans. There may be Most lanes.
func (m *Many) Write(lanes []Lane) {
	n := len(lanes)
	for i, l := range lanes {
		m.strands[i].hash, m.strands[i].spans, m.strands[i].at = l.Hash, l.Spans, 0
	}
	if Of(n) > 2 {
		m.wide(n)
	}
	m.byTwos(n)
	for i := range lanes {
		m.strands[i].hash, m.strands[i].spans = nil, nil
	}
}

// strand is a lane, and how far it is.
type strand struct {
	lane
	hash  hash.Hash
	spans [][]byte
	at    int  // in the first of them
	taken int  // bytes since the state was taken out of the hash
	held  form // plain: it is out
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

// write has the hash take what is left of the span.
func (s *strand) write() {
	n, _ := s.hash.Write(s.left()) // a hash takes everything
	s.at += n
}

// byTwos writes what is left of the first n, two by two.
func (m *Many) byTwos(n int) {
	var a *strand
	for i := range n {
		b := &m.strands[i]
		for a != nil {
			p, q := a.left(), b.left()
			both := min(len(p), len(q))
			if both == 0 {
				break
			}
			m.pair.Write(a.hash, b.hash, p[:both], q[:both])
			a.at += both
			b.at += both
		}
		if len(b.left()) > 0 {
			a = b
		}
	}
	for a != nil && len(a.left()) > 0 {
		a.write()
	}
}

// wide advances the first n at once, as long as enough of them go on.
func (m *Many) wide(n int) {
	for i := range n {
		m.takeOut(i)
	}
	for bytes := m.aim(n); bytes > 0; bytes = m.aim(n) {
		blocksWide(&m.states, &m.from, bytes/blockSize)
		for i := range n {
			if s := &m.strands[i]; s.held == plain {
				s.at += bytes
				s.taken += bytes
			}
		}
	}
	for i := range n {
		m.putBack(i)
	}
	clear(m.from[:])
}

// aim has the lanes that go on point at whole blocks, as many of each, and returns how many
// bytes those are, 0 if too few lanes have some. Those that have none are put back. All others
// point at somebody's, of which nothing comes.
func (m *Many) aim(n int) int {
	live, bytes := 0, 0
	var first *byte
	for i := range n {
		m.settle(i)
		if m.strands[i].held != plain {
			continue
		}
		rest := m.strands[i].left()
		if live++; live == 1 || len(rest) < bytes {
			first, bytes = &rest[0], len(rest)
		}
	}
	if live < wideLeast {
		return 0
	}
	for i := range m.from {
		m.from[i] = first
		if i < n && m.strands[i].held == plain {
			m.from[i] = &m.strands[i].left()[0]
		}
	}
	return bytes / blockSize * blockSize
}

// settle brings a lane to where a whole block follows; one that none follows is put back.
func (m *Many) settle(i int) {
	s := &m.strands[i]
	for s.held == plain && len(s.left()) < blockSize {
		m.putBack(i)
		if len(s.left()) > 0 {
			s.write()
			m.takeOut(i)
		}
	}
}

// takeOut takes the state out of a hash, if it can be, at the border of a block.
func (m *Many) takeOut(i int) {
	s := &m.strands[i]
	s.taken, s.held = 0, partial
	for s.held == partial && len(s.left()) > 0 {
		var rest []byte
		left := s.left()
		rest, s.held = s.lane.takeOut(s.hash, left)
		s.at += len(left) - len(rest)
	}
	if s.held == plain {
		for w, v := range s.state {
			m.states[w][i] = v
		}
	}
}

// putBack gives a hash the state that was taken out of it.
func (m *Many) putBack(i int) {
	s := &m.strands[i]
	if s.held != plain {
		return
	}
	for w := range s.state {
		s.state[w] = m.states[w][i]
	}
	s.lane.putBack(s.hash, s.taken)
	s.held = partial
}
