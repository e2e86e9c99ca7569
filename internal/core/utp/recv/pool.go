package recv

// Pool has the buffers for packets that came early, all of one size. Its owner is that
// of all the queues that use it.
type Pool struct {
	size, most, made int
	free             [][]byte
}

// NewPool returns a pool of buffers of so many bytes each, and at most so many of
// them. None is made before it is needed.
func NewPool(size, most int) *Pool { return &Pool{size: size, most: most} }

// lend returns a buffer with the length, nil if there is none.
func (p *Pool) lend(length int) []byte {
	switch last := len(p.free) - 1; {
	case length > p.size:
		return nil
	case last >= 0:
		b := p.free[last]
		p.free = p.free[:last]
		return b[:length]
	case p.made < p.most:
		p.made++
		return make([]byte, length, p.size)
	}
	return nil
}

// giveBack takes a buffer back; that of an empty packet is nil.
func (p *Pool) giveBack(b []byte) {
	if b != nil {
		p.free = append(p.free, b)
	}
}

// Lent is how many buffers are in use.
func (p *Pool) Lent() int { return p.made - len(p.free) }

// Rest frees the memory of buffers that are not in use.
func (p *Pool) Rest() {
	p.made -= len(p.free)
	p.free = nil
}
