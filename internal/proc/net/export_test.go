package net

// Pool is where a message is from.
func (m *Message) Pool() *MessagePool { return m.home }

// Free is how many of a pool nobody uses.
func (p *MessagePool) Free() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := 0
	for m := p.free; m != nil; m = m.next {
		n++
	}
	return n
}
