package clock

import (
	"errors"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/sup"
)

const (
	// soundAfter is how long a process runs before its crash is no sign that the next
	// one will crash too.
	soundAfter = 2500 * time.Millisecond
	shortest   = 10 * time.Millisecond
	longest    = 4 * time.Second
)

var errRests = errors.New("it crashed again and again, and rests before it begins")

// Respite is how long the incarnations of a process rest before they begin, so that one
// that each message crashes does so less often than its supervisor gives up at: then
// nobody would start it again. It doubles with each crash soon after a begin. It is one
// incarnation's at a time; the zero value is that of the first.
type Respite struct {
	began mono.Instant // of the process before; Never: there was none
	wait  time.Duration
}

// next is how long the process that is there from now on rests.
func (r *Respite) next(now mono.Instant) time.Duration {
	if r.began == mono.Never || now.Sub(r.began) >= soundAfter {
		r.wait = 0
	} else {
		r.wait = min(max(2*r.wait, shortest), longest)
	}
	r.began = now.Add(r.wait)
	return r.wait
}

// Rest waits until a process that is there from now on may begin, or is stopped.
func (r *Respite) Rest(p *sup.Process, now mono.Instant) sup.PauseEnd {
	span := r.next(now)
	if span == 0 {
		return sup.PauseOver
	}
	p.Degraded(errRests)
	defer p.Healthy()
	return p.Pause(span)
}
