package utpsim

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// Flow has two ends. What Left sends goes by the link Forward.
type Flow struct {
	Left, Right Endpoint
	Extra       time.Duration // delay each way, beside that of the links
}

// Config describes a world.
type Config struct {
	Seed             uint64
	Forward, Reverse Link
	Flows            []Flow
	Overhead         int // bytes of each datagram below UDP's payload (utpwire.HeadersOfIPv4)
	MaxEvents        int // datagrams and rounds after which Run gives up; 0: 200 million
	// Watch is told of every datagram when it is sent, in order of time.
	Watch func(Event)
}

// Event is a datagram that was sent.
type Event struct {
	At       time.Duration
	Arrival  time.Duration // where it arrives
	Flow     int
	Side     Side // that sent it
	Fate     Fate
	Datagram []byte // the world's
}

// Side is one of the ends of a flow.
type Side uint8

// The sides.
const (
	Left Side = iota
	Right
)

// World is a network that runs. It has one owner.
type World struct {
	Config
	links     [2]direction // by the side that sends
	ends      []Endpoint   // two of each flow: end 2*f+s
	inbox     [][]Arrival  // of each end, in order of time
	sent      []parcel
	free      [][]byte
	now       time.Duration
	lookahead time.Duration
	events    int
	stats     recorder
}

type parcel struct {
	at       time.Duration
	end      int
	datagram []byte
}

// What can be wrong with a world, by errors.Is.
var (
	// ErrDelay is a link whose delay is less than MinDelay.
	ErrDelay = errors.New("a link has no delay")
	// ErrStuck is an end for which time does not go on.
	ErrStuck = errors.New("an end does not come to an end of its round")
	// ErrEvents is more than MaxEvents.
	ErrEvents = errors.New("too many events")
)

// New makes a world at time 0.
func New(c Config) (*World, error) {
	if c.MaxEvents == 0 {
		c.MaxEvents = 200_000_000
	}
	w := &World{Config: c, lookahead: min(c.Forward.Delay, c.Reverse.Delay)}
	if w.lookahead < MinDelay {
		return nil, fmt.Errorf("%w: at least %v", ErrDelay, MinDelay)
	}
	for side, l := range []Link{c.Forward, c.Reverse} {
		w.links[side] = direction{Link: l, random: rand.New(rand.NewPCG(c.Seed, uint64(side)))}
	}
	for _, f := range c.Flows {
		w.ends = append(w.ends, f.Left, f.Right)
	}
	w.inbox = make([][]Arrival, len(w.ends))
	w.stats = newRecorder(len(w.ends))
	return w, nil
}

// Now is how far the world is.
func (w *World) Now() time.Duration { return w.now }

// Run takes the world to a time, or less far where nothing more can happen.
func (w *World) Run(until time.Duration) error {
	for {
		start := w.next()
		if start >= until {
			w.now = until
			return nil
		}
		end := min(max(start, w.now)+w.lookahead, until)
		if err := w.round(end); err != nil {
			return fmt.Errorf("at %v: %w", start, err)
		}
		w.now = end
	}
}

// next is when something happens next.
func (w *World) next() time.Duration {
	t := Forever
	for i, e := range w.ends {
		t = min(t, e.Next())
		if len(w.inbox[i]) > 0 {
			t = min(t, w.inbox[i][0].At)
		}
	}
	return t
}

// round has every end run alone until a time.
func (w *World) round(until time.Duration) error {
	for i, e := range w.ends {
		due := 0
		for due < len(w.inbox[i]) && w.inbox[i][due].At < until {
			due++
		}
		if due == 0 && e.Next() >= until {
			continue
		}
		w.events += 1 + due
		e.Run(until, w.inbox[i][:due], &Outbox{world: w, end: i})
		if e.Next() < until {
			return fmt.Errorf("%w: flow %d, side %d", ErrStuck, i/2, i%2)
		}
		for _, a := range w.inbox[i][:due] {
			w.free = append(w.free, a.Datagram)
		}
		w.inbox[i] = slices.Delete(w.inbox[i], 0, due)
	}
	w.post()
	if w.events > w.MaxEvents {
		return fmt.Errorf("%w: more than %d", ErrEvents, w.MaxEvents)
	}
	return nil
}

// post puts on the links what was sent in the round.
func (w *World) post() {
	slices.SortStableFunc(w.sent, func(a, b parcel) int { return cmp.Compare(a.at, b.at) })
	for _, p := range w.sent {
		w.postOne(p)
	}
	clear(w.sent)
	w.sent = w.sent[:0]
}

func (w *World) postOne(p parcel) {
	flow, side, d := p.end/2, p.end%2, &w.links[p.end%2]
	r := ride{}
	if d.Judge != nil {
		r.fate = d.Judge(p.at, flow, p.datagram)
	}
	if r.fate == Arrives {
		r = d.take(p.at, len(p.datagram)+w.Overhead)
	}
	w.stats.sent(p.end, len(p.datagram)+w.Overhead, r)
	to, extra := flow*2+1-side, w.Flows[flow].Extra
	if d.Hold != nil {
		extra += d.Hold(flow, p.datagram)
	}
	if w.Watch != nil {
		w.Watch(Event{At: p.at, Arrival: r.at[0] + extra, Flow: flow, Side: Side(side), Fate: r.fate, Datagram: p.datagram})
	}
	switch r.fate {
	case ArrivesTwice:
		w.arrive(to, Arrival{r.at[1] + extra, w.copyOf(p.datagram)})
		w.arrive(to, Arrival{r.at[0] + extra, p.datagram})
	case Arrives:
		w.arrive(to, Arrival{r.at[0] + extra, p.datagram})
	case LostAtRandom, LostInQueue, LostInOutage, LostByJudge, fates:
		w.free = append(w.free, p.datagram)
	}
}

// arrive keeps the inbox of an end in order, those of one time as they were sent.
func (w *World) arrive(end int, a Arrival) {
	in := w.inbox[end]
	i := len(in)
	for i > 0 && in[i-1].At > a.At {
		i--
	}
	w.inbox[end] = slices.Insert(in, i, a)
}

func (w *World) copyOf(datagram []byte) []byte {
	w.events++
	var b []byte
	if n := len(w.free); n > 0 {
		b, w.free = w.free[n-1], w.free[:n-1]
	}
	return append(b[:0], datagram...)
}
