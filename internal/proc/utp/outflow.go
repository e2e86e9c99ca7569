package utp

// outflow is our stream between who writes it and the process, which has it until the
// remote has acknowledged it. Its bytes lie in chunks, the first of each at a multiple of
// chunkBytes in the stream: who writes does so behind those that the process was told of,
// which it reads without a lock.
type outflow struct {
	kept struct { // the process's
		chunks []*chunk
		begin  uint64 // of the first, in the stream
		end    uint64 // of what it was told of
		sent   uint64 // of what was sent
		freed  uint64 // of what is not needed any more
	}
	told struct { // under the lock of the connection
		last     *chunk
		fresh    []*chunk // that the process does not know of
		appended uint64
		sent     uint64
		pool     *chunks // says how many bytes may be appended and not sent
	}
}

func newOutflow(pool *chunks) outflow {
	var f outflow
	f.told.pool = pool
	return f
}

// room is for how many bytes there is room.
func (f *outflow) room() int { return f.most() - int(f.told.appended-f.told.sent) }

func (f *outflow) most() int { return f.told.pool.share() }

// isOpen says whether there is room for more than a little: then who waits writes on.
func (f *outflow) isOpen() bool { return f.room() >= f.most()/2 }

// write appends what there is room for, with the lock.
func (f *outflow) write(b []byte, from *chunks) int {
	t, n := &f.told, 0
	b = b[:max(0, min(len(b), f.room()))]
	for n < len(b) {
		used := int(t.appended % chunkBytes)
		if t.last == nil || used == 0 {
			t.last = from.get()
			t.fresh = append(t.fresh, t.last)
		}
		k := copy(t.last.b[used:], b[n:])
		n += k
		t.appended += uint64(k)
	}
	return n
}

// take tells the process of what was written, and who writes of what was sent; it says
// how many bytes came. The process calls it, with the lock.
func (f *outflow) take() int {
	k, t := &f.kept, &f.told
	if len(k.chunks) == 0 {
		k.begin = k.end - k.end%chunkBytes
	}
	k.chunks = append(k.chunks, t.fresh...)
	clear(t.fresh)
	t.fresh = t.fresh[:0]
	n := int(t.appended - k.end)
	k.end, t.sent = t.appended, k.sent
	return n
}

// bytes appends some of the stream to dst.
func (f *outflow) bytes(dst []byte, begin uint64, size int) []byte {
	at := int(begin - f.kept.begin)
	for size > 0 {
		c, from := f.kept.chunks[at/chunkBytes], at%chunkBytes
		n := min(size, chunkBytes-from)
		dst = append(dst, c.b[from:from+n]...)
		at += n
		size -= n
	}
	return dst
}

// free gives back what is acknowledged.
func (f *outflow) free(until uint64, back *chunks) {
	k := &f.kept
	k.freed = until
	n := int(until-k.begin) / chunkBytes
	if n == 0 {
		return
	}
	for _, c := range k.chunks[:n] {
		back.put(c)
	}
	left := copy(k.chunks, k.chunks[n:])
	clear(k.chunks[left:])
	k.chunks = k.chunks[:left]
	k.begin += uint64(n) * chunkBytes
}

// rest gives the memory back if all is acknowledged. The process calls it, with the lock,
// behind take.
func (f *outflow) rest(back *chunks) {
	if f.kept.freed == f.kept.end && len(f.kept.chunks) > 0 {
		f.drop(back)
	}
}

// drop gives the memory back, whatever lies in it. The process calls it, with the lock.
func (f *outflow) drop(back *chunks) {
	for _, c := range f.kept.chunks {
		back.put(c)
	}
	for _, c := range f.told.fresh {
		back.put(c)
	}
	f.kept.chunks, f.told.fresh, f.told.last = nil, nil, nil
}
