package utpsim

import (
	"math"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/mono"
)

// Forever is later than any time of a world.
const Forever = time.Duration(math.MaxInt64)

// Arrival is a datagram that comes to an end. It is the world's: an end keeps a copy of
// what it needs.
type Arrival struct {
	At       time.Duration
	Datagram []byte
}

// Endpoint is an end that can run alone for a while. Times are those of the world.
type Endpoint interface {
	// Next is when the end does something unasked, Forever if it does not.
	Next() time.Duration
	// Run takes the end to until, exclusive. What arrives in that time is in order.
	// Afterwards Next is not before until.
	Run(until time.Duration, arrivals []Arrival, out *Outbox)
}

// Stepper is an end that goes from instant to instant, of its own clock.
type Stepper interface {
	// Deliver gives it a datagram, of which it keeps nothing.
	Deliver(now mono.Instant, datagram []byte)
	// Deadline is when it is to advance though nothing comes, or mono.Never.
	Deadline() mono.Instant
	// Advance has it do what is due, after what was delivered at the instant. The
	// next deadline is later.
	Advance(now mono.Instant, out *Outbox)
}

// Step makes an end of a stepper, with its clock.
func Step(s Stepper, c Clock) Endpoint { return &stepped{s, c} }

type stepped struct {
	of    Stepper
	clock Clock
}

func (s *stepped) Next() time.Duration { return s.clock.When(s.of.Deadline()) }

// Run stops where the outbox is full, or the stepper has a deadline that it just had:
// the world sees that it is behind, and says so.
func (s *stepped) Run(until time.Duration, arrivals []Arrival, out *Outbox) {
	for last := time.Duration(-1); !out.full(); {
		t := s.Next()
		if len(arrivals) > 0 {
			t = min(t, arrivals[0].At)
		}
		if t >= until || t <= last {
			return
		}
		last = t
		now := s.clock.At(t)
		for len(arrivals) > 0 && arrivals[0].At <= t {
			s.of.Deliver(now, arrivals[0].Datagram)
			arrivals = arrivals[1:]
		}
		out.At(t)
		s.of.Advance(now, out)
	}
}

// Outbox takes what an end does.
type Outbox struct {
	world *World
	end   int
	at    time.Duration
	items int
}

// outboxItems is how much one end may do in one round: 64 Gbit/s of full packets for
// a tenth of a second are less.
const outboxItems = 1 << 19

func (o *Outbox) full() bool { return o.items >= outboxItems }

// At says when the end does what follows.
func (o *Outbox) At(t time.Duration) { o.at = t }

// Send sends a datagram, which is copied, to the other end of the flow.
func (o *Outbox) Send(datagram []byte) {
	if o.items++; o.full() {
		return
	}
	o.world.sent = append(o.world.sent, parcel{at: o.at, end: o.end, datagram: o.world.copyOf(datagram)})
}

// Deliver says that the application of the end got n bytes more.
func (o *Outbox) Deliver(n int) {
	o.items++
	o.world.stats.delivered(o.end, o.at, n)
}
