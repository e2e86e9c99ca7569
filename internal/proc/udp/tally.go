package udp

import "sync"

// tally shows the counters to anyone. It is a passive leaf: its lock guards a copy, and what
// readers count of uTP, which does not come by the process.
type tally struct {
	mu        sync.Mutex
	c         Counters
	utp       uint64
	unclaimed uint64
}

// all are the counters with what readers counted.
func (t *tally) all() Counters {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.c
	c.UTP += t.utp
	c.Unclaimed += t.unclaimed
	return c
}

// pass counts datagrams of uTP, of which some were lost for want of who takes them.
func (t *tally) pass(datagrams, unclaimed int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.utp += uint64(datagrams)
	t.unclaimed += uint64(unclaimed)
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
