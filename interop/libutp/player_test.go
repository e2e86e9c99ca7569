//go:build linux

package libutp

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/serial"
	"github.com/etorrent/etorrent/internal/vocab/utpwire"
)

// player plays a script to an end, and writes down what it does.
type player struct {
	*wire
	s      *script
	first  serial.Number     // of the script's stream
	theirs serial.Number     // of the end's stream
	seen   []*utpwire.Packet // of the end's stream
	deaf   int               // so many of its packets are lost
	acked  int               // of them, also by masks
	told   map[int]struct{}  // those that masks told of
	heard  int               // of the script's stream, that the end has acknowledged
	progress
	trace  []progress // after each move
	before progress   // before the application closed, if it did
	died   error      // of the end itself
}

// progress is how far both streams are.
type progress struct {
	delivered int // bytes of the script's stream
	differs   int // of them that are not its
	ended     int
	failed    int
	why       uint32
	destroyed int
	received  int // bytes of the end's stream, as far as it is whole
	finished  int // its Fin behind them
}

func (o progress) String() string {
	return fmt.Sprintf("%d bytes came (%d wrong, ended %d), %d left (Fin %d); failed %d (%d), destroyed %d",
		o.delivered, o.differs, o.ended, o.received, o.finished, o.failed, o.why, o.destroyed)
}

// does takes what an end did, but for its packets.
func (o *progress) does(r Record) {
	switch r.Kind {
	case Delivered:
		o.delivered += int(r.N)
	case Differs:
		o.delivered += int(r.N)
		o.differs += int(r.N)
	case Ended:
		o.ended++
	case Failed:
		o.failed++
		o.why = r.N
	case Destroyed:
		o.destroyed++
	case Sent, Probed, Accepted, Connected, Writable, NotUTP:
	}
}

func (o progress) isOver() bool { return o.failed > 0 || o.destroyed > 0 }

// play plays all of a script to an end.
func play(t testing.TB, s *script, end subject) *player {
	p := &player{wire: wireTo(t, end), s: s, told: map[int]struct{}{}}
	p.greet()
	for _, m := range s.moves {
		if p.died != nil || p.isOver() {
			break
		}
		p.move(m)
		p.trace = append(p.trace, p.progress)
	}
	p.settle()
	return p
}

// events has something happen to the end, unless it has died.
func (p *player) events(of ...Event) []answer {
	if p.died != nil {
		return nil
	}
	var out []answer
	out, p.died = p.exchange(of)
	p.hear(out)
	return out
}

func (p *player) op(op Op, n int) []answer { return p.events(Event{Op: op, N: uint32(n)}) }

// pass lets time pass.
func (p *player) pass(d time.Duration) {
	for until := p.now.Add(d); p.now < until && p.died == nil; {
		next := p.tick
		if due := p.child.due(); due > p.now {
			next = min(next, due)
		}
		p.now = min(until, next)
		if p.now >= p.tick {
			p.tick = p.tick.Add(ticks)
		}
		p.op(Tick, 0)
	}
}

// hear notes what the end did.
func (p *player) hear(of []answer) {
	for i := range of {
		if a := &of[i]; a.Record.Kind == Sent || a.Record.Kind == Probed {
			p.note(&a.Packet)
		}
		p.does(of[i].Record)
	}
}

// note notes a packet of the end.
func (p *player) note(packet *utpwire.Packet) {
	if p.deaf > 0 {
		p.deaf--
		return
	}
	if packet.Kind == utpwire.Reset || packet.Kind == utpwire.Syn {
		return
	}
	p.heard = max(p.heard, packet.Ack.Diff(p.first)+1)
	if packet.Kind == utpwire.State {
		return
	}
	i := packet.Seq.Diff(p.theirs)
	if i < 0 || i > 5000 {
		p.Fatalf("it sent packet %d", i)
	}
	for len(p.seen) <= i {
		p.seen = append(p.seen, nil)
	}
	if was := p.seen[i]; was != nil {
		if was.Kind != packet.Kind || !bytes.Equal(was.Payload, packet.Payload) {
			p.Fatalf("packet %d was sent again, and is another", i)
		}
		return
	}
	p.seen[i] = packet
	p.gather()
}

// gather is how far the end's stream is whole.
func (p *player) gather() {
	p.received, p.finished = 0, 0
	for _, packet := range p.seen {
		if packet == nil || p.finished > 0 {
			return
		}
		if !bytes.Equal(packet.Payload, pattern(p.received, len(packet.Payload))) {
			p.Fatalf("what it sent behind %d bytes is not its stream", p.received)
		}
		p.received += len(packet.Payload)
		if packet.Kind == utpwire.Fin {
			p.finished++
		}
	}
}

// whole is how many packets of the end have come in order.
func (p *player) whole() int {
	for i, packet := range p.seen {
		if packet == nil {
			return i
		}
	}
	return len(p.seen)
}

// greet opens the connection.
func (p *player) greet() {
	if p.s.role == accepts {
		synAck := p.ask(p.s.first.Previous())
		p.first, p.theirs = p.s.first, synAck.Seq
		return
	}
	syn := spoken(p.op(Connect, 0))
	if len(syn) != 1 {
		p.Fatalf("it asks by %v", syn)
	}
	p.first, p.theirs = p.s.first, syn[0].Seq.Next()
	p.header.ID = syn[0].ID
	for _, m := range p.s.premises {
		p.move(m)
	}
	p.move(move{act: putsState, window: openWindow})
	p.op(Drained, 0)
}

func (p *player) move(m move) {
	switch m.act {
	case putsData:
		p.packet(utpwire.Data, m, pattern(beginOf(m.index), size(m.index)))
	case putsState:
		p.packet(utpwire.State, m, nil)
	case putsFin:
		p.packet(utpwire.Fin, m, nil)
	case putsReset:
		m.ack = acksAll
		p.packet(utpwire.Reset, m, nil)
	case putsSynAgain:
		p.synAgain()
	case putsBytes:
		p.mangled(m)
	case drains:
		p.op(Drained, 0)
	case passes:
		p.pass(m.d)
	case lives:
		p.live(m.d)
	case writes:
		p.op(Write, m.n)
	case holdsAll:
		p.op(Hold, 0)
	case readsOn:
		p.op(Read, 0)
	case shutsDown:
		p.op(Shutdown, 0)
	case deafens:
		p.deaf = m.n
	}
}

// headerOf is the header of a move. What it acknowledges counts, and what masks told of behind
// that: libutp goes on to the first of which it was not told, and drops what is more than three
// before it.
func (p *player) headerOf(kind utpwire.Kind, m move) utpwire.Header {
	ack := p.acked
	switch m.ack {
	case acksAll:
		ack = p.whole()
	case acksSome:
		ack = max(p.whole()-m.back, p.acked)
	case acksOld:
		ack -= 1 + m.back%3
	case acksFar:
		ack += 3000 + m.back
	case acksNone:
	}
	if m.ack != acksFar {
		p.acked = max(p.acked, ack)
		for _, told := p.told[p.acked]; told; _, told = p.told[p.acked] {
			p.acked++
		}
	}
	return utpwire.Header{
		Kind: kind, ID: p.header.ID, Stamp: utpwire.StampAt(p.now) + m.early, Delay: 1000 + m.delay, Window: m.window,
		Seq: p.first.Add(m.index), Ack: p.theirs.Add(ack - 1),
	}
}

func (p *player) packet(kind utpwire.Kind, m move, payload []byte) {
	h := p.headerOf(kind, m)
	p.events(Event{Op: Datagram, Datagram: append(h.Append(nil, p.honest(h.Ack, m.mask)), payload...)})
}

// honest is a mask without the bits of packets that were lost. What was never sent may
// have one.
func (p *player) honest(ack serial.Number, mask utpwire.SelectiveAck) utpwire.SelectiveAck {
	out := bytes.Clone(mask)
	for bit := range 8 * len(out) {
		i := ack.Add(2 + bit).Diff(p.theirs)
		if maybeLost := i < len(p.seen)+1100 && (i < 0 || i >= len(p.seen) || p.seen[i] == nil); maybeLost {
			out[bit/8] &^= 1 << (bit % 8)
		} else if out[bit/8]>>(bit%8)&1 == 1 {
			p.told[i] = struct{}{}
		}
	}
	return out
}

// synAgain repeats the SYN, or sends an end that asked one with its own id.
func (p *player) synAgain() {
	h := utpwire.Header{Kind: utpwire.Syn, ID: p.header.ID.Previous(), Stamp: 1, Seq: p.first.Previous()}
	p.events(Event{Op: Datagram, Datagram: h.Append(nil, nil)})
}

// mangled sends what is no packet of the connection, or one that is dressed up.
func (p *player) mangled(m move) {
	how, x := m.n>>8, byte(m.n)
	h := p.headerOf(utpwire.Data, m)
	dressed := func(extension byte, chain ...byte) []byte {
		b := h.Append(nil, nil)
		b[1] = extension
		b = append(b, chain...)
		return append(b, pattern(beginOf(m.index), size(m.index))...)
	}
	var b []byte
	switch how {
	case 0:
		b = h.Append(nil, nil)[:int(x)%utpwire.HeaderBytes]
	case 1:
		b = dressed(0)
		b[0] = b[0]&0xf0 | x&0x0f
		if x&0x0f == 1 {
			b[0]++
		}
	case 2:
		b = dressed(0)
		b[0] = (5+x%11)<<4 | 1
	case 3:
		h.ID += 100 + utpwire.ConnID(x)
		b = dressed(0)
	case 4:
		h.Seq += 3000 + serial.Number(x)<<7
		b = dressed(0)
	case 5:
		h.Ack += 3000 + serial.Number(x)<<7
		b = dressed(0)
	case 6:
		b = append(h.Append(nil, nil), 0, 200, x, x)
		b[1] = 1 + x%2
	case 7:
		b = dressed(1, append(append([]byte{3 + x%200, 4}, p.honest(h.Ack, []byte{x, x, x, x})...), 0, 3, x, x, x)...)
	case 8:
		b = dressed(2, append([]byte{1, 8, x, x, x, x, x, x, x, x, 0, 1}, p.honest(h.Ack, []byte{x})...)...)
	case 9:
		b = dressed(1, append([]byte{1, 0, 0, 2}, p.honest(h.Ack, []byte{x, x})...)...)
	case 10:
		b = bytes.Repeat([]byte{x | 0x80}, int(x))
	case 11:
		b = append(h.Append(nil, nil), 1)
		b[1] = 1
	}
	p.events(Event{Op: Datagram, Datagram: b})
}
