package testnet

import (
	"math/rand/v2"
	"sync"
	"time"
)

// Path says what becomes of packets in one direction. The zero Path lets all of
// them through at once.
type Path struct {
	// Delay is how long a packet takes, Jitter what may be added to it. Jitter alone
	// changes no order.
	Delay, Jitter time.Duration
	// Rate is how many bytes a second leave, 0 for any number. Queue is how many
	// bytes may wait for that; what comes beyond it is dropped. 0 is no bound.
	Rate, Queue int
	// Loss, Duplicate and Reorder are how many packets of a thousand are lost, sent
	// twice, or held back until later ones have overtaken them.
	Loss, Duplicate, Reorder int
	// Largest is how many bytes a packet may have, those of a Line with headers, 0 for
	// any number. Larger ones are lost without a word, whether they may be cut or not.
	Largest int
	// Cut loses everything while it is set.
	Cut Cable
}

// Cable says whether a path leads anywhere.
type Cable uint8

// The states of a cable.
const (
	Plugged Cable = iota
	Unplugged
)

// holdBack is what a packet that is to be overtaken waits beside Path.Delay.
const holdBack = 20 * time.Millisecond

// Counts is what a path did. Every packet that came is counted in one of Sent,
// Lost and Dropped; Duplicated and Reordered count among those sent.
type Counts struct{ Sent, Lost, Dropped, Duplicated, Reordered int64 }

// road carries packets along a Path that may change meanwhile. The same packets at
// the same times fare alike with the same random seed.
type road struct {
	mu     sync.Mutex
	path   Path
	rnd    *rand.Rand
	free   time.Time // when what waits has left
	last   time.Time // when the last packet in order comes
	counts Counts
}

func newRoad(p Path, seed uint64) *road {
	return &road{path: p, rnd: rand.New(rand.NewPCG(seed, 0))}
}

func (r *road) change(p Path) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.path = p
}

func (r *road) count() Counts {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.counts
}

// send returns when a packet of n bytes that comes now arrives: never, once or
// twice.
func (r *road) send(now time.Time, n int) []time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := r.path
	if p.Cut == Unplugged || p.Largest > 0 && n > p.Largest || r.draws(p.Loss) {
		r.counts.Lost++
		return nil
	}
	leaves := now
	if p.Rate > 0 {
		waits := max(0, r.free.Sub(now))
		if p.Queue > 0 && int(waits.Seconds()*float64(p.Rate))+n > p.Queue {
			r.counts.Dropped++
			return nil
		}
		r.free = now.Add(waits + time.Duration(n)*time.Second/time.Duration(p.Rate))
		leaves = r.free
	}
	r.counts.Sent++
	at := leaves.Add(p.Delay)
	if p.Jitter > 0 {
		at = at.Add(time.Duration(r.rnd.Int64N(int64(p.Jitter))))
	}
	if at.Before(r.last) {
		at = r.last
	}
	if r.draws(p.Reorder) {
		r.counts.Reordered++
		at = at.Add(holdBack)
	} else {
		r.last = at
	}
	if r.draws(p.Duplicate) {
		r.counts.Duplicated++
		return []time.Time{at, at}
	}
	return []time.Time{at}
}

func (r *road) draws(perThousand int) bool {
	return perThousand > 0 && r.rnd.IntN(1000) < perThousand
}
