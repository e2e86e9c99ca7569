package utpsim

import (
	"math/rand/v2"
	"time"
)

// Link is one direction of the way. Random numbers are drawn for those faults only
// that it has.
type Link struct {
	Rate      int64         // bits a second, what lies below UDP included; 0 has no limit
	Delay     time.Duration // from the end of the queue to the other end, MinDelay at least
	Queue     int           // bytes that wait or are on their way into the link; 0 has no limit
	Loss      float64       // share that is lost behind the queue
	Duplicate float64       // share that comes twice
	Jitter    time.Duration // up to which each is late, on its own
	Outage    Outage
	// Judge, if there is one, is asked before all else whether a datagram is lost. It
	// may change the bytes.
	Judge func(at time.Duration, flow int, datagram []byte) Fate
	// Hold, if there is one, says by how much a datagram that arrives is late, beside all
	// else.
	Hold func(flow int, datagram []byte) time.Duration
}

// MinDelay is the least delay of a link: ends run alone for that long.
const MinDelay = 50 * time.Microsecond

// Outage is a time in which a link loses all that leaves its queue, the first after
// Every, then again.
type Outage struct{ Every, Lasts time.Duration }

func (o Outage) at(t time.Duration) Fate {
	if o.Lasts > 0 && t >= o.Every && t%o.Every < o.Lasts {
		return LostInOutage
	}
	return Arrives
}

// Fate is what becomes of a datagram.
type Fate uint8

// The fates.
const (
	Arrives Fate = iota
	ArrivesTwice
	LostAtRandom
	LostInQueue // which was full
	LostInOutage
	LostByJudge
	fates
)

// direction is a link with its state.
type direction struct {
	Link
	random *rand.Rand
	free   time.Duration // when it has sent all that is in it
}

// ride is how a datagram fares.
type ride struct {
	fate   Fate
	waited time.Duration // in the queue
	at     [2]time.Duration
}

// take puts a datagram of n bytes on the link. Datagrams come in order of time.
func (d *direction) take(t time.Duration, n int) ride {
	begin := max(t, d.free)
	if d.Queue > 0 && d.Rate > 0 && int64(begin-t)*d.Rate/8/int64(time.Second)+int64(n) > int64(d.Queue) {
		return ride{fate: LostInQueue}
	}
	if d.Rate > 0 {
		d.free = begin + time.Duration(int64(n)*8*int64(time.Second)/d.Rate)
	} else {
		d.free = begin
	}
	r := ride{waited: begin - t}
	r.at[0] = d.free + d.Delay + d.late()
	switch {
	case d.Outage.at(d.free) != Arrives:
		r.fate = LostInOutage
	case d.Loss > 0 && d.random.Float64() < d.Loss:
		r.fate = LostAtRandom
	case d.Duplicate > 0 && d.random.Float64() < d.Duplicate:
		r.fate = ArrivesTwice
		r.at[1] = d.free + d.Delay + d.late()
	}
	return r
}

func (d *direction) late() time.Duration {
	if d.Jitter <= 0 {
		return 0
	}
	return time.Duration(d.random.Int64N(int64(d.Jitter)))
}
