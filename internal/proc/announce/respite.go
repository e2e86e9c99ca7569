package announce

import (
	"errors"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/sup"
)

const (
	// soundAfter is how long a process runs before its crash is no sign that the next
	// one will crash too.
	soundAfter      = 2500 * time.Millisecond
	shortestRespite = 10 * time.Millisecond
	longestRespite  = 4 * time.Second
)

var errRests = errors.New("it crashed again and again, and rests before it begins")

// respite is how long a process rests before it begins, so that one that each answer of
// some tracker crashes does so less often than its supervisor gives up at. It doubles
// with each crash soon after a begin.
type respite struct {
	began mono.Instant // of the process before; Never: there was none
	wait  time.Duration
}

// next is how long the process that is there from now on rests.
func (r *respite) next(now mono.Instant) time.Duration {
	if r.began == mono.Never || now.Sub(r.began) >= soundAfter {
		r.wait = 0
	} else {
		r.wait = min(max(2*r.wait, shortestRespite), longestRespite)
	}
	r.began = now.Add(r.wait)
	return r.wait
}

// rest waits until the process may begin, or is stopped.
func (x *process) rest() sup.PauseEnd {
	span := x.state.respite.next(x.now())
	if span == 0 {
		return sup.PauseOver
	}
	x.p.Degraded(errRests)
	defer x.p.Healthy()
	return x.p.Pause(span)
}
