package send

import (
	"time"

	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/serial"
)

// ackDelay is how long a receiver may keep an acknowledgement of a single packet:
// none that is known does for longer.
const ackDelay = 40 * time.Millisecond

// timer is for what to do when nothing comes.
type timer struct {
	since  mono.Instant // something was heard last, or looked for
	passed int          // timeouts since something was heard
	probe  probe
}

// probe says whether one may be sent.
type probe uint8

const (
	probeReady probe = iota
	probeSent
)

func (t *timer) heard(now mono.Instant) { *t = timer{since: now} }

// Deadline is when Expire is to be called; mono.Never while nothing flies.
func (f *Flight) Deadline() mono.Instant {
	return mono.Earliest(f.rack.due, f.silence())
}

// silence is when nothing has come for too long.
func (f *Flight) silence() mono.Instant {
	if f.sent.open == none {
		return mono.Never
	}
	timeout := f.rtt.Timeout(f.timer.passed)
	at := max(f.at(f.sent.open.number()).last, f.timer.since).Add(timeout)
	if f.probes() == probeReady {
		last := max(f.at(f.sent.tail.number()).last, f.timer.since)
		at = min(at, last.Add(f.patience()))
	}
	return at
}

// probes says whether a silence is answered by a probe at first.
func (f *Flight) probes() probe {
	if f.timer.passed > 0 || f.rtt.Smoothed() == 0 {
		return probeSent
	}
	return f.timer.probe
}

// patience is how long after the last packet a probe is sent (RFC 8985).
func (f *Flight) patience() time.Duration {
	d := 2 * f.rtt.Smoothed()
	if f.flying.Packets == 1 {
		d += ackDelay
	}
	return d
}

// Expire says what is due.
func (f *Flight) Expire(now mono.Instant) Expired {
	var out Expired
	if f.rack.due != mono.Never && f.rack.due <= now {
		out.Kind = ReorderingOver
		f.judge(now, &out.Lost)
		return out
	}
	if at := f.silence(); at == mono.Never || at > now {
		return out
	}
	if f.probes() == probeReady {
		out.Kind = ProbeDue
		f.timer.probe, f.timer.since = probeSent, now
		return out
	}
	out.Kind = TimedOut
	f.timeOut(now, &out.Lost)
	out.Passed = f.timer.passed
	return out
}

// timeOut takes for lost the first packet, and all that should have arrived.
func (f *Flight) timeOut(now mono.Instant, out *Losses) {
	if f.alone() == sounding {
		f.timer = timer{since: now, passed: f.timer.passed}
		f.rack.due = mono.Never
		f.lose(f.sent.open.number(), lost, out)
		return
	}
	f.timer = timer{since: now, passed: f.timer.passed + 1}
	f.begin(TimeoutEpisode, out)
	f.rack.due = mono.Never
	if f.at(f.una).state == flying {
		f.lose(f.una, timedOut, out)
	}
	wait := f.rack.took + f.reorderWindow()
	for at := f.sent.open; at != none; at = f.sent.open {
		if f.rack.took > 0 && f.at(at.number()).last.Add(wait) > now {
			return
		}
		f.lose(at.number(), timedOut, out)
	}
}

// FirstLost is the packet to send again first, where something is Lost: the one that
// the remote waits for most.
func (f *Flight) FirstLost() Packet {
	if f.hint.Less(f.una) {
		f.hint = f.una
	}
	for s := f.at(f.hint).state; s == flying || s == arrived; s = f.at(f.hint).state {
		f.hint = f.hint.Next()
	}
	return f.packet(f.hint)
}

// Resent notes that a lost packet is sent again now.
func (f *Flight) Resent(now mono.Instant, n serial.Number) {
	s := f.at(n)
	f.lost.sub(s)
	f.unlink(n)
	switch s.state {
	case lost:
		s.again = forLoss
	case timedOut:
		s.again = forTimeout
	case withheld:
		s.again = firstTime
		if s.times == 0 {
			f.unsent--
			s.first = now
		}
	case flying, arrived:
	}
	f.fly(now, n)
}

// Probe notes that a packet that flies is sent again now: the last one, whose
// acknowledgement tells of all that are missing before it; but in an episode the first,
// which libutp may wait for with all others in its hands. Something flies.
func (f *Flight) Probe(now mono.Instant) Packet {
	n := f.next.Previous()
	for f.at(n).state != flying {
		n = n.Previous()
	}
	if f.episode.kind != NoEpisode && f.at(f.una).state == flying {
		n = f.una
	}
	s := f.at(n)
	f.unfly(s)
	f.unlink(n)
	s.again = asProbe
	f.fly(now, n)
	return f.packet(n)
}

// NotSent takes back the last sending of a packet, if it flies: the network did not take
// it. It is to be sent again, and was not lost.
func (f *Flight) NotSent(n serial.Number) {
	if n.Diff(f.una) < 0 || n.Diff(f.next) >= 0 || f.at(n).state != flying {
		return
	}
	f.ground(n, withheld)
	s := f.at(n)
	s.trial = ordinary
	if s.times--; s.times == 0 {
		f.unsent++
	}
}

// Refused takes all that flies for thrown away by a remote that had no room for it: it
// is to be sent again, and nothing was lost on the way.
func (f *Flight) Refused() {
	for at := f.sent.open; at != none; at = f.sent.open {
		f.at(at.number()).trial = ordinary
		f.ground(at.number(), timedOut)
	}
	f.rack.due = mono.Never
}
