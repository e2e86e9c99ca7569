// Package send is the side of a uTP connection that sends (BEP 29): it knows which
// packets are on their way, what an acknowledgement says of them, which are lost, and
// when to look again.
//
// A Flight has the packets from the first that is not acknowledged to the last that
// was sent. A packet is a range of the stream; its bytes are the caller's, which
// keeps them until Released has passed them, and writes them with a fresh header each
// time. A packet is never packed anew: its number is sent with the same bytes, or not
// at all.
//
//	Send ──▶ flying ──▶ acknowledged
//	           │  ▲         ▲
//	           ▼  │ Resent  │ late
//	          lost ─────────┘
//
// Losses are found by time, as in RFC 8985: a packet is lost when one that was sent
// after it has arrived, and it has not within the time that this one took and a
// window for reordering. Where the window was too small it grows, since that is found
// out: the acknowledgement of the first sending comes sooner after the second than
// any could. A silence is answered by one packet more (the probe), and only then by
// taking everything for lost (the timeout).
//
// An episode begins with a loss and ends when all is acknowledged that was sent by
// then. It is what a congestion control answers, once; and takes back when the
// episode is undone, because nothing was lost.
//
// Three things are uTP's own. What was acknowledged selectively is so for good: no
// implementation throws it away. The masks of libutp tell of 30 packets only, so what
// lies beyond the reach of a mask is not taken for lost. And an acknowledgement that
// is repeated, a round trip after the first missing packet was sent again, shows that
// it is missing still.
//
// Invariants: the bytes in flight are those of the packets that are neither
// acknowledged nor lost; nothing is acknowledged twice, and nothing that was not sent;
// never more packets are between the first and the last than Most.
package send

import (
	"github.com/etorrent/etorrent/internal/core/utp/rtt"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/serial"
	"github.com/etorrent/etorrent/internal/vocab/utpwire"
)

const (
	// MaxPackets is the most that a flight may have: numbers that are further apart
	// could be mistaken for each other.
	MaxPackets = 1 << 14
	// ForeignPackets is what libutp and libtorrent have slots for, with some to spare.
	ForeignPackets = 900
	// ForeignWindow is the most that they promise, in bytes.
	ForeignWindow = 1 << 20
	// minPackets is how many there is room for at first.
	minPackets = 64 // a word of bits
)

// Config is what a flight is made for.
type Config struct {
	First serial.Number // of the first packet
	Most  int           // packets from the first unacknowledged one on
	// Behind is how far an acknowledgement may be behind the last one. A keep-alive of
	// libutp is one behind, and it takes three; more is for paths that reorder.
	Behind int
}

// Flight is the sending side of one connection. It has one owner.
type Flight struct {
	cfg       Config
	ring      []slot   // by number modulo its length, a power of two
	have      []uint64 // the same: bits of those that have arrived
	una, next serial.Number
	sent      chain
	flying    Tally
	lost      Tally
	untold    Tally
	sacked    int           // packets behind una that have arrived
	unsent    int           // packets that no sending of came off
	end       uint64        // of the stream that was sent
	order     uint64        // of the last sending
	delivered uint64        // bytes that have arrived
	hint      serial.Number // none before it is lost
	rack      rack
	episode   episode
	timer     timer
	rtt       rtt.Estimator
}

// Tally counts packets and the bytes of their payloads.
type Tally struct{ Packets, Bytes int }

func (t *Tally) add(s *slot) { t.Packets, t.Bytes = t.Packets+1, t.Bytes+int(s.size) }
func (t *Tally) sub(s *slot) { t.Packets, t.Bytes = t.Packets-1, t.Bytes-int(s.size) }

// Packet is what a flight knows of a packet.
type Packet struct {
	Seq   serial.Number
	Kind  utpwire.Kind
	Begin uint64 // of the payload, in the stream
	Size  int    // in bytes
	Times int    // that it was sent
	First mono.Instant
	Last  mono.Instant
}

// slot is a packet between una and next.
type slot struct {
	begin       uint64
	first, last mono.Instant
	order       uint64 // of the last sending
	delivered   uint64 // bytes that had arrived then
	size, times int32
	before      link // in the order of the last sendings
	after       link
	episode     uint32 // in which it was lost last
	kind        utpwire.Kind
	state       state
	again       again
	trial       trial
	sight       sight
}

// state is what is known of a packet.
type state uint8

const (
	flying   state = iota
	lost           // shown by others that have arrived
	timedOut       // taken for lost since nothing came
	withheld       // the network did not take it
	arrived
)

// again says why a packet was sent the last time.
type again uint8

const (
	firstTime again = iota
	forLoss
	forTimeout
	asProbe
)

// sight says whether a packet that flies may be on its way still.
type sight uint8

const (
	onWay sight = iota
	untold
)

// New returns a flight without packets.
func New(cfg Config) *Flight {
	cfg.Most = min(max(cfg.Most, 1), MaxPackets)
	return &Flight{
		cfg: cfg, una: cfg.First, next: cfg.First, hint: cfg.First,
		sent: chain{none, none, none}, rack: rack{furthest: cfg.First.Previous(), reach: cfg.First.Previous(), factor: 1},
	}
}

// Next is the number that the next packet will have.
func (f *Flight) Next() serial.Number { return f.next }

// Unacknowledged is the first that is not; it is Next where all are.
func (f *Flight) Unacknowledged() serial.Number { return f.una }

// Span is how many packets lie between the first that is not acknowledged and the
// last, those included that have arrived.
func (f *Flight) Span() int { return f.next.Diff(f.una) }

// Room is how many packets may be sent now that were not sent before.
func (f *Flight) Room() int { return f.cfg.Most - f.Span() }

// Flying is what is on its way: sent, neither acknowledged nor lost.
func (f *Flight) Flying() Tally { return f.flying }

// Untold is what of Flying is on its way no more, though nothing has told whether it
// came: where masks are short, and something is missing. A window need not count it.
func (f *Flight) Untold() Tally { return f.untold }

// Lost is what is to be sent again.
func (f *Flight) Lost() Tally { return f.lost }

// Delivered is how many bytes have arrived since the beginning.
func (f *Flight) Delivered() uint64 { return f.delivered }

// Released is how far the stream is acknowledged: the bytes before it are not needed
// any more.
func (f *Flight) Released() uint64 {
	if f.una == f.next {
		return f.end
	}
	return f.at(f.una).begin
}

// RTT is the estimate of round trips.
func (f *Flight) RTT() *rtt.Estimator { return &f.rtt }

// at is the slot of a packet between una and next.
func (f *Flight) at(n serial.Number) *slot { return &f.ring[int(n)&(len(f.ring)-1)] }

// Send notes that a packet with so many bytes of payload is sent now: the next of the
// stream. It is not called where there is no Room.
func (f *Flight) Send(now mono.Instant, kind utpwire.Kind, size int) Packet {
	if f.Room() <= 0 {
		panic("send: more packets than there is room for")
	}
	f.grow()
	n := f.next
	f.next = n.Next()
	*f.at(n) = slot{begin: f.end, first: now, size: int32(size), kind: kind}
	f.mark(n, 0)
	f.end += uint64(size)
	f.fly(now, n)
	return f.packet(n)
}

// fly has a packet be on its way, which is in no chain.
func (f *Flight) fly(now mono.Instant, n serial.Number) {
	s := f.at(n)
	f.order++
	s.state, s.last, s.order, s.delivered = flying, now, f.order, f.delivered
	s.times++
	f.flying.add(s)
	f.push(n)
}

// unfly has a packet fly no more.
func (f *Flight) unfly(s *slot) {
	f.flying.sub(s)
	if s.sight == untold {
		f.untold.sub(s)
		s.sight = onWay
	}
}

func (f *Flight) packet(n serial.Number) Packet {
	s := f.at(n)
	return Packet{n, s.kind, s.begin, int(s.size), int(s.times), s.first, s.last}
}

// grow makes room for one packet more.
func (f *Flight) grow() {
	if f.Span() < len(f.ring) {
		return
	}
	old := *f
	f.ring = make([]slot, max(2*len(old.ring), minPackets))
	f.have = make([]uint64, len(f.ring)/64)
	for n := old.una; n != old.next; n = n.Next() {
		*f.at(n) = *old.at(n)
		if f.at(n).state == arrived {
			f.mark(n, 1)
		}
	}
}

// mark notes by 1 that a packet has arrived, by 0 that it has not.
func (f *Flight) mark(n serial.Number, bit uint64) {
	at := int(n) & (len(f.ring) - 1)
	f.have[at>>6] = f.have[at>>6]&^(1<<(at&63)) | bit<<(at&63)
}

// arrivedFrom has a bit for each of 64 packets from the given one on.
func (f *Flight) arrivedFrom(n serial.Number) uint64 {
	at := int(n) & (len(f.ring) - 1)
	word, shift := at>>6, at&63
	return f.have[word]>>shift | f.have[(word+1)&(len(f.have)-1)]<<(64-shift)
}

// Rest gives back the memory for packets, where there are none: for a connection that
// is idle.
func (f *Flight) Rest() {
	if f.una == f.next {
		f.ring, f.have = nil, nil
	}
}
