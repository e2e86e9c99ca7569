package udp

import "sync"

// tally shows the counters to anyone. It is a passive leaf: its lock guards a copy.
type tally struct {
	mu sync.Mutex
	c  Counters
}

func (t *tally) read() Counters {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.c
}

func (t *tally) post(c Counters) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.c = c
}
