package utp

import pnet "github.com/etorrent/etorrent/internal/proc/net"

// inflow is the remote's stream between the process, which appends what comes, and who
// reads it. It is a chain of stretches: the process writes behind what it has shown, without
// a lock, and shows it once for all that came at once.
type inflow struct {
	made struct { // the process's
		open  *stretch // that is appended to; nil: a new one
		last  *stretch
		from  *stretch // the first that has something that was not shown yet
		fresh int      // bytes that were not shown yet
	}
	seen struct { // under the lock of the connection
		first *stretch
		used  int // bytes of first
		ready int // bytes to be read
	}
}

// write appends what came: itself where it lies in a message that may be kept, else a copy.
func (f *inflow) write(b []byte, in *pnet.Message, pool *chunks) {
	m := &f.made
	m.fresh += len(b)
	if in != nil && f.keep(b, in, pool) {
		return
	}
	for len(b) > 0 {
		if m.open == nil || m.open.chunk == nil || m.open.made == chunkBytes {
			f.begin(pool).chunk = pool.get()
		}
		n := copy(m.open.chunk.b[m.open.made:], b)
		f.grow(n)
		b = b[n:]
	}
}

// keep appends what lies in a message, and says whether that may be kept.
func (f *inflow) keep(b []byte, in *pnet.Message, pool *chunks) bool {
	if s := f.made.open; s == nil || !s.kept.extend(b, in, s.made) {
		if !in.Keep() {
			return false
		}
		f.begin(pool).kept = lodge(b, in)
	}
	f.grow(len(b))
	return true
}

// begin has a new stretch be appended to.
func (f *inflow) begin(pool *chunks) *stretch {
	m, s := &f.made, pool.stretch()
	if m.last != nil {
		m.last.next = s
	}
	m.open, m.last = s, s
	return s
}

// grow notes that so many bytes were appended.
func (f *inflow) grow(n int) {
	m := &f.made
	m.open.made += n
	if m.from == nil {
		m.from = m.open
	}
}

// show lets what came be read. The process calls it, with the lock. A message is done with
// then: who has read it gives it up at once.
func (f *inflow) show() {
	m, s := &f.made, &f.seen
	if s.first == nil {
		s.first = m.from
	}
	for x := m.from; x != nil; x = x.next {
		x.shown = x.made
	}
	if m.open != nil && m.open.chunk == nil {
		m.open = nil
	}
	s.ready += m.fresh
	m.from, m.fresh = nil, 0
}

// read copies what may be read, with the lock. A chunk goes back when there are bytes behind
// it: until then the process may be writing into it.
func (f *inflow) read(into []byte, pool *chunks) int {
	s, n := &f.seen, 0
	for n < len(into) && s.ready > 0 {
		if s.used == s.first.shown {
			x := s.first
			s.first, s.used = x.next, 0
			pool.drop(x)
		}
		k := copy(into[n:], s.first.from(s.used))
		s.used += k
		s.ready -= k
		n += k
		if s.used == s.first.shown && s.first.chunk == nil {
			s.first.release(pool)
		}
	}
	return n
}

// rest gives the memory back if all was read. The process calls it, with the lock.
func (f *inflow) rest(pool *chunks) {
	if f.seen.ready == 0 && f.made.fresh == 0 {
		f.drop(pool)
	}
}

// drop gives the memory back, whatever lies in it. It is called with the lock, by the process
// or, when that has done with the connection, by anybody.
func (f *inflow) drop(pool *chunks) {
	x := f.seen.first
	if x == nil {
		x = f.made.from
	}
	for x != nil {
		next := x.next
		pool.drop(x)
		x = next
	}
	*f = inflow{}
}
