package utp

// inflow is the remote's stream between the process, which appends what comes, and who
// reads it. The bytes lie in a chain of chunks: the process writes behind those that it
// has shown, without a lock, and shows them once for all that came at once.
type inflow struct {
	made struct { // the process's
		first *chunk // of a chain that was not shown yet
		last  *chunk
		used  int // bytes of last
		fresh int // bytes that were not shown yet
	}
	seen struct { // under the lock of the connection
		first *chunk
		used  int // bytes of first
		ready int // bytes to be read
	}
}

// write appends what came.
func (f *inflow) write(b []byte, from *chunks) {
	m := &f.made
	m.fresh += len(b)
	for len(b) > 0 {
		if m.last == nil || m.used == chunkBytes {
			c := from.get()
			if m.last == nil {
				m.first = c
			} else {
				m.last.next = c
			}
			m.last, m.used = c, 0
		}
		n := copy(m.last.b[m.used:], b)
		m.used += n
		b = b[n:]
	}
}

// show lets what came be read. The process calls it, with the lock.
func (f *inflow) show() {
	m, s := &f.made, &f.seen
	if s.first == nil {
		s.first, m.first = m.first, nil
	}
	s.ready += m.fresh
	m.fresh = 0
}

// read copies what may be read, with the lock. A chunk goes back when there are bytes in
// the next one: until then the process may be writing into it.
func (f *inflow) read(into []byte, to *chunks) int {
	s, n := &f.seen, 0
	for n < len(into) && s.ready > 0 {
		if s.used == chunkBytes {
			c := s.first
			s.first, s.used = c.next, 0
			to.put(c)
		}
		k := copy(into[n:], s.first.b[s.used:min(chunkBytes, s.used+s.ready)])
		s.used += k
		s.ready -= k
		n += k
	}
	return n
}

// rest gives the memory back if all was read. The process calls it, with the lock.
func (f *inflow) rest(to *chunks) {
	if f.seen.ready == 0 && f.made.fresh == 0 {
		f.drop(to)
	}
}

// drop gives the memory back, whatever lies in it. The process calls it, with the lock.
func (f *inflow) drop(to *chunks) {
	first := f.seen.first
	if first == nil {
		first = f.made.first
	}
	for first != nil {
		c := first
		first = c.next
		to.put(c)
	}
	*f = inflow{}
}
