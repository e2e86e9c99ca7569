//go:build linux

package libutp

import (
	"slices"
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/utpsim"
	"github.com/etorrent/etorrent/internal/vocab/mono"
)

// Act is what the application of a libutp does, at a time of the world.
type Act struct {
	At time.Duration
	Op Op
	N  uint32
}

// Peer is a libutp in lockstep, as an end of a utpsim.World. A program that died is
// an end that is silent, and Err says why.
type Peer struct {
	child  *child
	clock  utpsim.Clock
	script []Act
	tick   mono.Instant // when it looks at its timers next
	err    error
	events []Event
	times  []time.Duration // of the events
	Story  []Happening     // all but datagrams and bytes that are right
	Got    int64           // bytes to the application
}

// Happening is a record, at a time of the world.
type Happening struct {
	At   time.Duration
	Kind Kind
	N    uint32
}

// ticks is how often programs look at libutp's timers, which go no finer.
const ticks = 500 * time.Millisecond

// storyItems bounds a story.
const storyItems = 1 << 16

// New starts a libutp that does what the script says, in order of time.
func New(t testing.TB, o Options, clock utpsim.Clock, script ...Act) *Peer {
	t.Helper()
	return &Peer{child: startChild(t, o), clock: clock, script: script, tick: clock.At(0).Add(ticks)}
}

// Err is why the program ended, nil while it runs.
func (p *Peer) Err() error { return p.err }

// Happened is when something first happened, utpsim.Forever if it did not.
func (p *Peer) Happened(k Kind) time.Duration {
	for _, h := range p.Story {
		if h.Kind == k {
			return h.At
		}
	}
	return utpsim.Forever
}

// Next is when the application acts or the timers are looked at.
func (p *Peer) Next() time.Duration {
	if p.err != nil {
		return utpsim.Forever
	}
	t := p.clock.When(p.tick)
	if len(p.script) > 0 {
		t = min(t, p.script[0].At)
	}
	return t
}

// Run makes one request of all that happens until then. Datagrams of one instant are
// read together, and their acknowledgement is one.
func (p *Peer) Run(until time.Duration, arrivals []utpsim.Arrival, out *utpsim.Outbox) {
	p.events, p.times = p.events[:0], p.times[:0]
	for {
		t := p.Next()
		if len(arrivals) > 0 {
			t = min(t, arrivals[0].At)
		}
		if t >= until {
			break
		}
		arrivals = p.instant(t, arrivals)
	}
	if len(p.events) == 0 || p.err != nil {
		return
	}
	records, err := p.child.do(p.events)
	p.err = err
	for _, r := range records {
		p.tell(p.times[r.Event], r, out)
	}
}

// instant adds what happens at a time, and returns the arrivals that are later.
func (p *Peer) instant(t time.Duration, arrivals []utpsim.Arrival) []utpsim.Arrival {
	for len(p.script) > 0 && p.script[0].At <= t {
		p.add(t, Event{Op: p.script[0].Op, N: p.script[0].N})
		p.script = p.script[1:]
	}
	if n := len(arrivals); n > 0 && arrivals[0].At <= t {
		for len(arrivals) > 0 && arrivals[0].At <= t {
			p.add(t, Event{Op: Datagram, Datagram: arrivals[0].Datagram})
			arrivals = arrivals[1:]
		}
		p.add(t, Event{Op: Drained})
	}
	if p.clock.When(p.tick) <= t {
		p.add(t, Event{Op: Tick})
		p.tick = p.tick.Add(ticks)
	}
	return arrivals
}

func (p *Peer) add(t time.Duration, e Event) {
	e.At = p.clock.At(t)
	p.events = append(p.events, e)
	p.times = append(p.times, t)
}

func (p *Peer) tell(t time.Duration, r Record, out *utpsim.Outbox) {
	out.At(t)
	switch r.Kind {
	case Sent, Probed:
		out.Send(r.Datagram)
		return
	case Delivered, Differs:
		p.Got += int64(r.N)
		out.Deliver(int(r.N))
	case Accepted, Connected, Writable, Ended, Destroyed, Failed, NotUTP:
	}
	if quiet := []Kind{Delivered, Writable}; !slices.Contains(quiet, r.Kind) && len(p.Story) < storyItems {
		p.Story = append(p.Story, Happening{t, r.Kind, r.N})
	}
}
