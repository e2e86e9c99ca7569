package send

import (
	"math/bits"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/serial"
	"github.com/etorrent/etorrent/internal/vocab/utpwire"
)

// step is one acknowledgement under way.
type step struct {
	now     mono.Instant
	out     *Acknowledged
	newest  uint64 // order of out.Newest
	sampled uint64 // order of the sample
	rtt     time.Duration
	resent  int // packets that arrived, and had been sent again
}

// Acknowledge takes what a Data, Fin or State packet says of ours.
func (f *Flight) Acknowledge(now mono.Instant, p *utpwire.Packet) Acknowledged {
	out := Acknowledged{Kind: f.viewAck(p.Ack)}
	if out.Kind == Unsent || out.Kind == Stale {
		return out
	}
	st := step{now: now, out: &out}
	if out.Kind == Advances {
		for f.una != p.Ack.Next() {
			f.arrive(f.una, &st)
			f.pass()
		}
	}
	f.readMask(p, &st)
	f.settle(&st)
	f.noteReach(p, out.Kind)
	f.judge(now, &out.Lost)
	f.viewHole(p, &st)
	f.viewBeyond(now)
	return out
}

// viewAck says what an acknowledgement is.
func (f *Flight) viewAck(ack serial.Number) AckKind {
	switch ahead := ack.Diff(f.una.Previous()); {
	case ahead < -f.cfg.Behind:
		return Stale
	case ahead < 0:
		return Behind
	case ahead == 0:
		return Repeats
	case ahead > f.Span():
		return Unsent
	}
	for n := f.una; f.unsent > 0 && n != ack.Next(); n = n.Next() {
		if f.at(n).times == 0 {
			return Unsent
		}
	}
	return Advances
}

// readMask takes what the mask says of packets behind the first that is missing, and
// that is not known.
func (f *Flight) readMask(p *utpwire.Packet, st *step) {
	first := p.Ack.Add(utpwire.MaskOffset)
	from, below := max(f.una.Next().Diff(first), 0), min(f.next.Diff(first), p.Mask.Bits())
	if from >= below {
		return
	}
	for at := from &^ 63; at < below; at += 64 {
		w := p.Mask.Word(at/64) &^ f.arrivedFrom(first.Add(at))
		w &= ^uint64(0) << max(from-at, 0) & (^uint64(0) >> max(at+64-below, 0))
		for ; w != 0; w &= w - 1 {
			n := first.Add(at + bits.TrailingZeros64(w))
			if f.at(n).times > 0 {
				f.arrive(n, st)
				st.out.Selected++
			}
		}
	}
}

// arrive notes that a packet has arrived, unless that is known.
func (f *Flight) arrive(n serial.Number, st *step) {
	s := f.at(n)
	switch s.state {
	case arrived:
		return
	case flying:
		f.unfly(s)
	case lost, timedOut, withheld:
		f.lost.sub(s)
	}
	f.unlink(n)
	st.out.Arrived.add(s)
	f.delivered += uint64(s.size)
	f.learn(s, st)
	if n.Diff(f.rack.furthest) > 0 {
		f.rack.furthest = n
	} else if s.times == 1 {
		f.rack.path = reorders
	}
	s.state = arrived
	f.mark(n, 1)
	f.sacked++
}

// pass moves una over a packet that has arrived.
func (f *Flight) pass() {
	f.sacked--
	f.una = f.una.Next()
}

// learn says which sending of a packet arrived, as far as that can be known: after the
// last one, the acknowledgement comes no sooner than a round trip.
func (f *Flight) learn(s *slot, st *step) {
	switch {
	case s.state == withheld:
	case s.times == 1:
		f.measure(s, st)
		if s.state != flying {
			f.disprove(s, st.out)
		}
	case s.state == flying && st.now.Sub(s.last) >= f.rtt.Least():
		f.measure(s, st)
		st.resent++
	default:
		f.disprove(s, st.out)
	}
}

// measure takes a packet of which the last sending arrived.
func (f *Flight) measure(s *slot, st *step) {
	took := st.now.Sub(s.last)
	if s.order > f.rack.order {
		f.rack.order, f.rack.took = s.order, took
	}
	if s.order > st.newest {
		st.newest, st.out.Newest = s.order, Delivery{s.last, s.delivered}
	}
	if s.times == 1 && s.order > st.sampled {
		st.sampled, st.rtt = s.order, took
	}
	switch {
	case s.again == asProbe:
		f.repaired(s, &st.out.Lost)
	case s.times == 1:
		s.passed(st.out)
	}
}

// settle draws the conclusions of what arrived.
func (f *Flight) settle(st *step) {
	for f.una != f.next && f.at(f.una).state == arrived {
		f.pass() // the mask told of it, against what a mask means
	}
	if f.hint.Less(f.una) {
		f.hint = f.una
	}
	if st.out.Arrived.Packets == 0 {
		return
	}
	f.timer.heard(st.now)
	if st.resent == 0 && st.rtt > 0 {
		// Behind a packet that was missing, others may have waited untold.
		st.out.RTT = st.rtt
		f.rtt.Sample(st.now, st.rtt)
	}
	f.close(st.out)
}
