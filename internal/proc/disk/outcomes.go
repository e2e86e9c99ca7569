package disk

import (
	"sync"

	"github.com/etorrent/etorrent/sup"
)

// outcomes is where workers leave the results of jobs for the loop. Once the
// loop has ended, what a result holds is given back instead. It is a passive
// leaf: its lock guards a state.
type outcomes struct {
	box   *sup.Mailbox[result] // bounded by the jobs that are out
	taken []result             // out of it and not applied yet; the loop's

	mu    sync.Mutex
	state outcomesState
}

type outcomesState uint8

const (
	outcomesAwaited outcomesState = iota
	outcomesUnwanted
)

func newOutcomes() *outcomes { return &outcomes{box: sup.NewMailbox[result]()} }

// put leaves a result.
func (o *outcomes) put(r result) {
	if o.offer(r) == outcomesUnwanted {
		r.discard()
	}
}

func (o *outcomes) offer(r result) outcomesState {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.state == outcomesAwaited {
		o.box.Put(r)
	}
	return o.state
}

// take takes what was left, and next takes the first of it to be applied.
func (o *outcomes) take() { o.taken = o.box.Take(o.taken) }

func (o *outcomes) next() result {
	r := o.taken[0]
	o.taken[0] = nil
	o.taken = o.taken[1:]
	return r
}

// close is called when the loop has ended.
func (o *outcomes) close() {
	o.mu.Lock()
	o.state = outcomesUnwanted
	o.mu.Unlock()
	for _, r := range append(o.taken, o.box.Take(nil)...) {
		r.discard()
	}
	o.taken = nil
}
