package testnet

import (
	"container/heap"
	"sync"
	"time"
)

// courier hands packets over when they are due, those of one instant in their
// order.
type courier struct {
	mu    sync.Mutex
	due   parcels
	seq   uint64
	wake  chan struct{}
	ended chan struct{}
}

type parcel struct {
	at   time.Time
	seq  uint64
	hand func()
}

func newCourier() *courier {
	return &courier{wake: make(chan struct{}, 1), ended: make(chan struct{})}
}

// post takes what is to be handed over at an instant.
func (c *courier) post(at time.Time, hand func()) {
	c.mu.Lock()
	c.seq++
	heap.Push(&c.due, parcel{at, c.seq, hand})
	c.mu.Unlock()
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// run hands over until the courier is closed.
func (c *courier) run() {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		timer.Reset(c.handDue())
		select {
		case <-c.ended:
			return
		case <-c.wake:
		case <-timer.C:
		}
	}
}

// handDue hands over what is due, and returns how long to wait for the next.
func (c *courier) handDue() time.Duration {
	for {
		c.mu.Lock()
		if len(c.due) == 0 {
			c.mu.Unlock()
			return time.Hour
		}
		if wait := time.Until(c.due[0].at); wait > 0 {
			c.mu.Unlock()
			return wait
		}
		p := heap.Pop(&c.due).(parcel)
		c.mu.Unlock()
		p.hand()
	}
}

func (c *courier) close() { close(c.ended) }

// parcels is a heap by time.
type parcels []parcel

func (h parcels) Len() int { return len(h) }
func (h parcels) Less(i, j int) bool {
	return h[i].at.Before(h[j].at) || h[i].at.Equal(h[j].at) && h[i].seq < h[j].seq
}
func (h parcels) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *parcels) Push(x any)   { *h = append(*h, x.(parcel)) }
func (h *parcels) Pop() any {
	last := len(*h) - 1
	p := (*h)[last]
	(*h)[last] = parcel{}
	*h = (*h)[:last]
	return p
}
