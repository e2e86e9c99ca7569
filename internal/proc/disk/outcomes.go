package disk

import (
	"sync"

	"github.com/etorrent/etorrent/sup"
)

// outcomes is where workers leave the results of jobs for the loop. Once the
// loop has ended, what a result holds is given back instead. It is a passive
// leaf: its lock guards a state.
type outcomes struct {
	box   *sup.Mailbox[finished] // bounded by the jobs that are out
	taken sup.Taken[finished]    // out of it and not applied yet; the loop's

	mu    sync.Mutex
	state outcomesState
}

type outcomesState uint8

const (
	outcomesAwaited outcomesState = iota
	outcomesUnwanted
)

func newOutcomes() *outcomes { return &outcomes{box: sup.NewMailbox[finished]()} }

// put leaves a result.
func (o *outcomes) put(r finished) {
	if o.offer(r) == outcomesUnwanted {
		r.discard()
	}
}

func (o *outcomes) offer(r finished) outcomesState {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.state == outcomesAwaited {
		o.box.Put(r)
	}
	return o.state
}

// close is called when the loop has ended.
func (o *outcomes) close() {
	o.mu.Lock()
	o.state = outcomesUnwanted
	o.mu.Unlock()
	for o.taken.Take(o.box); o.taken.Left() > 0; {
		o.taken.Next().discard()
	}
}
