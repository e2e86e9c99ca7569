package utpsim

import (
	"encoding/binary"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/mono"
)

// TCPControl is what a model of TCP asks how much may be on its way. It counts
// packets.
type TCPControl interface {
	// Window is how many packets may be on their way, 1 at least.
	Window() float64
	// Acked tells of n packets that arrived, outside of a recovery.
	Acked(now mono.Instant, n int, rtt time.Duration)
	// Lost tells of a loss, once for each window.
	Lost(now mono.Instant)
	// TimedOut tells that all that was on its way is taken for lost.
	TimedOut(now mono.Instant)
}

// The model's packets: full ones have 1500 bytes with IPv4's and UDP's headers in the
// place of IPv4's and TCP's with time stamps, acknowledgements 52.
const (
	tcpPacket  = 1472
	tcpPayload = TCPPayload
	tcpAck     = 24
	tcpHead    = 12 // number of the packet, of its sending
)

// TCPPayload is how many bytes of its stream a packet of the model has.
const TCPPayload = 1448

// Bounds of the model's retransmission timeout: those of Linux.
const (
	tcpFirstTimeout = time.Second
	tcpLeastTimeout = 200 * time.Millisecond
	tcpMostTimeout  = time.Minute
)

// tcpReorder is how many packets that were sent later arrive before one is lost.
const tcpReorder = 3

// TCPSender has always something to send between two instants of its clock: selective
// acknowledgements that know every packet, losses found by the order of sending, one
// reduction a window, a timeout. It has no limit but its control's.
type TCPSender struct {
	control     TCPControl
	from, until mono.Instant
	segments    []segment // from number first on
	first, next uint32
	sendings    []sending // on their way, in order
	sends       uint32    // how often it sent
	lost        []uint32  // numbers to send again
	inFlight    int
	newest      uint32 // the latest sending that arrived, plus one
	recover     uint32 // a loss before this number is of a window that was cut
	rtt, vary   time.Duration
	timeout     time.Duration
	armed       mono.Instant
	arrived     int
}

type segment struct {
	sentAt  mono.Instant
	sending uint32
	times   int
	state   segmentState
}

type segmentState uint8

const (
	segmentOnItsWay segmentState = iota
	segmentLost
	segmentArrived
)

type sending struct{ order, number uint32 }

// NewTCPSender makes a sender that sends from an instant on until another, or for ever
// where that is mono.Never.
func NewTCPSender(c TCPControl, from, until mono.Instant) *TCPSender {
	return &TCPSender{control: c, from: from, until: until, timeout: tcpFirstTimeout}
}

// Deliver takes an acknowledgement: all before a number, and one packet by number and
// sending.
func (s *TCPSender) Deliver(now mono.Instant, ack []byte) {
	if len(ack) < tcpHead {
		return
	}
	below, number, order := binary.BigEndian.Uint32(ack), binary.BigEndian.Uint32(ack[4:]), binary.BigEndian.Uint32(ack[8:])
	s.arrived = 0
	for n := s.first; n < below && n < s.next; n++ {
		s.arrive(n)
	}
	if number >= s.first && number < s.next {
		g := &s.segments[number-s.first]
		if g.sending == order && g.state != segmentArrived && g.times == 1 {
			s.measure(now.Sub(g.sentAt))
		}
		s.arrive(number)
	}
	for s.first < s.next && s.segments[0].state == segmentArrived {
		s.segments = s.segments[1:]
		s.first++
	}
	s.newest = max(s.newest, order+1)
	if s.arrived > 0 {
		s.armed = mono.Never // Advance arms it again
		s.calm()
		if s.first >= s.recover {
			s.control.Acked(now, s.arrived, s.rtt)
		}
	}
	s.judge(now)
}

func (s *TCPSender) arrive(number uint32) {
	switch g := &s.segments[number-s.first]; g.state {
	case segmentOnItsWay:
		s.inFlight--
		s.arrived++
		g.state = segmentArrived
	case segmentLost:
		s.arrived++
		g.state = segmentArrived
	case segmentArrived:
	}
}

// judge finds what is lost by what was sent later and arrived.
func (s *TCPSender) judge(now mono.Instant) {
	for len(s.sendings) > 0 && s.sendings[0].order+tcpReorder < s.newest {
		x := s.sendings[0]
		s.sendings = s.sendings[1:]
		if x.number < s.first {
			continue
		}
		g := &s.segments[x.number-s.first]
		if g.state != segmentOnItsWay || g.sending != x.order {
			continue
		}
		s.lose(x.number)
		if x.number >= s.recover {
			s.recover = s.next
			s.control.Lost(now)
		}
	}
}

func (s *TCPSender) lose(number uint32) {
	s.segments[number-s.first].state = segmentLost
	s.inFlight--
	s.lost = append(s.lost, number)
}

func (s *TCPSender) measure(sample time.Duration) {
	if s.rtt == 0 {
		s.rtt, s.vary = sample, sample/2
	} else {
		s.vary += ((s.rtt - sample).Abs() - s.vary) / 4
		s.rtt += (sample - s.rtt) / 8
	}
}

// calm ends the doubling of the timeout, as Linux does where anything arrives.
func (s *TCPSender) calm() {
	if s.rtt > 0 {
		s.timeout = max(s.rtt+4*s.vary, tcpLeastTimeout)
	}
}

// Deadline is the timeout, or when it begins.
func (s *TCPSender) Deadline() mono.Instant {
	if s.next == 0 && (s.until == mono.Never || s.from < s.until) {
		return s.from
	}
	return s.armed
}

// Advance sends what may be sent.
func (s *TCPSender) Advance(now mono.Instant, out *Outbox) {
	if now < s.from {
		return
	}
	if s.armed != mono.Never && now >= s.armed {
		s.expire(now)
	}
	for float64(s.inFlight) < max(s.control.Window(), 1) {
		number, is := s.pick(now)
		if !is {
			break
		}
		s.send(now, number, out)
	}
	switch {
	case s.inFlight == 0:
		s.armed = mono.Never
	case s.armed == mono.Never:
		s.armed = now.Add(s.timeout)
	}
}

func (s *TCPSender) expire(now mono.Instant) {
	s.armed = mono.Never
	s.timeout = min(2*s.timeout, tcpMostTimeout)
	s.lost, s.sendings = s.lost[:0], s.sendings[:0]
	for i := range s.segments {
		switch s.segments[i].state {
		case segmentOnItsWay:
			s.lose(s.first + uint32(i))
		case segmentLost:
			s.lost = append(s.lost, s.first+uint32(i))
		case segmentArrived:
		}
	}
	s.recover = s.next
	s.control.TimedOut(now)
}

// pick returns what is to be sent next: what was lost, then new packets.
func (s *TCPSender) pick(now mono.Instant) (uint32, bool) {
	for len(s.lost) > 0 {
		n := s.lost[0]
		s.lost = s.lost[1:]
		if n >= s.first && s.segments[n-s.first].state == segmentLost {
			return n, true
		}
	}
	if s.until != mono.Never && now >= s.until {
		return 0, false
	}
	s.segments = append(s.segments, segment{state: segmentLost})
	s.next++
	return s.next - 1, true
}

func (s *TCPSender) send(now mono.Instant, number uint32, out *Outbox) {
	var packet [tcpPacket]byte
	binary.BigEndian.PutUint32(packet[0:], number)
	binary.BigEndian.PutUint32(packet[4:], s.sends)
	out.Send(packet[:])
	g := &s.segments[number-s.first]
	g.state, g.sentAt, g.sending = segmentOnItsWay, now, s.sends
	g.times++
	s.sendings = append(s.sendings, sending{s.sends, number})
	s.sends++
	s.inFlight++
}

// TCPReceiver acknowledges every packet.
type TCPReceiver struct {
	below   uint32
	beyond  map[uint32]struct{}
	acks    []byte // to be sent, tcpAck bytes each
	arrived int
}

// NewTCPReceiver makes the other end of a TCPSender.
func NewTCPReceiver() *TCPReceiver { return &TCPReceiver{beyond: map[uint32]struct{}{}} }

// Deliver takes a packet.
func (r *TCPReceiver) Deliver(_ mono.Instant, packet []byte) {
	if len(packet) < tcpHead {
		return
	}
	number := binary.BigEndian.Uint32(packet)
	if number >= r.below {
		r.beyond[number] = struct{}{}
	}
	for _, is := r.beyond[r.below]; is; _, is = r.beyond[r.below] {
		delete(r.beyond, r.below)
		r.below++
		r.arrived += tcpPayload
	}
	var ack [tcpAck]byte
	binary.BigEndian.PutUint32(ack[0:], r.below)
	copy(ack[4:12], packet[:8])
	r.acks = append(r.acks, ack[:]...)
}

// Deadline is none.
func (r *TCPReceiver) Deadline() mono.Instant { return mono.Never }

// Advance acknowledges.
func (r *TCPReceiver) Advance(_ mono.Instant, out *Outbox) {
	if r.arrived > 0 {
		out.Deliver(r.arrived)
	}
	for ; len(r.acks) > 0; r.acks = r.acks[tcpAck:] {
		out.Send(r.acks[:tcpAck])
	}
	r.arrived = 0
}
