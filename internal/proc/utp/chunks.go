package utp

import "sync"

const (
	// chunkBytes is what a piece of a stream's memory holds: with the link it is 16 KiB.
	chunkBytes = 16<<10 - 8
	// chunksKept is how many are kept for the next who needs one, 4 MiB; where more are in
	// use it is as many as that, so that much traffic makes no garbage.
	chunksKept = 256
)

// chunk is a piece of the memory that a stream waits in.
type chunk struct {
	next *chunk
	b    [chunkBytes]byte
}

// chunks lends the memory that the streams of all connections wait in. It is a passive
// leaf: its lock guards a list.
type chunks struct {
	mu     sync.Mutex
	free   *chunk
	kept   int
	lent   int
	spare  *stretch // of those that nobody uses
	spares int
	unsent int // bytes of each stream that may wait to be sent for the first time
}

// allow says how many bytes of each stream may wait to be sent for the first time.
func (p *chunks) allow(unsent int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.unsent = unsent
}

// share is what was said last.
func (p *chunks) share() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.unsent
}

func (p *chunks) get() *chunk {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lent++
	c := p.free
	if c == nil {
		return new(chunk)
	}
	p.free, c.next = c.next, nil
	p.kept--
	return c
}

func (p *chunks) put(c *chunk) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lent--
	c.next, p.free = p.free, c
	p.kept++
	for p.kept > max(chunksKept, p.lent) {
		p.free, p.kept = p.free.next, p.kept-1
	}
}

// stretch returns one that has nothing.
func (p *chunks) stretch() *stretch {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.spare
	if s == nil {
		return new(stretch)
	}
	p.spare, p.spares = s.next, p.spares-1
	*s = stretch{}
	return s
}

// drop takes one back, and gives up its memory.
func (p *chunks) drop(s *stretch) {
	s.release(p)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.spares < chunksKept {
		s.next, p.spare = p.spare, s
		p.spares++
	}
}

// rest frees what nobody uses.
func (p *chunks) rest() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.free, p.kept = nil, 0
	p.spare, p.spares = nil, 0
}
