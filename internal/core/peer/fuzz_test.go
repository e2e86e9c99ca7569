package peer

import (
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/fuzzseed"
	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
	"github.com/etorrent/etorrent/internal/vocab/wire"
)

// act lets our side do something between two messages, by a byte of the input.
func (m *machine) act(by byte) {
	b := geometry.Block{Piece: pieceset.Index(by>>4) % 9, Number: uint32(by>>6) % 3}
	if by >= 0xe0 {
		m.actRarely(by)
		return
	}
	switch by % 8 {
	case 0, 1:
		if m.closes == 0 {
			m.dealt[b] = 1
			m.core.Request(m.now, geometry.Run{Piece: b.Piece, First: b.Number, Count: 1}, m)
		}
	case 2:
		m.core.SetInterest(m.now, Interest(by>>7), m)
	case 3:
		m.setChoke(Choke(by >> 7))
	case 4:
		m.read()
		for _, run := range m.runs {
			m.core.ReadDone(run, m)
		}
		m.runs = nil
	case 5:
		delete(m.dealt, b)
		m.core.CancelBlock(m.now, b, m)
	case 6:
		m.now = m.now.Add(time.Duration(by) * time.Second)
		m.core.Tick(m.now, m)
	case 7:
		m.core.EndOfBatch(m)
	}
}

// actRarely does what happens now and then.
func (m *machine) actRarely(by byte) {
	switch by % 8 {
	case 0:
		m.core.Announce(m.now, []pieceset.Index{pieceset.Index(by>>3) % 9}, m)
	case 1:
		m.core.SetGoal(m.now, Goal(by>>3&1), m)
	case 2:
		for _, run := range m.runs {
			m.core.ReadFailed(run, m)
		}
		m.runs = nil
	case 3:
		m.takeBack()
	case 4:
		m.core.HeldBack(m.now)
	case 5:
		m.core.Wrote(m.now, 0)
	case 6:
		m.now = max(m.now, min(m.core.NextDeadline(), m.now.Add(time.Hour)))
		m.core.Tick(m.now, m)
	case 7:
		m.rejoin(m)
		m.now = m.now.Add(time.Millisecond)
	}
}

// takeBack uploads what was read, but sends none of it.
func (m *machine) takeBack() {
	if m.closes > 0 || len(m.runs) == 0 {
		return
	}
	var back []Request
	for _, run := range m.runs {
		for r := range m.core.owed.readingIn(run) {
			back = append(back, r)
		}
		m.core.ReadDone(run, m)
	}
	m.runs = nil
	for _, r := range back {
		m.owed[r]++ // it waits for its answer again
	}
	m.core.TakeBack(back, m)
	if m.core.local.choke == Choked && !m.core.speaksFast() {
		clear(m.owed)
	}
}

// namelessly lets the core hear before it knows its torrent.
func namelessly(t *testing.T, caps wire.Capabilities, input []byte) {
	l := open(t, Config{Capabilities: caps, Client: "test"})
	limits := wire.Limits{}
	l.feed(&limits, input[:len(input)/2])
	l.core.Learn(l.now, tiny(), pieceset.Of(9, 0, 1), l)
	limits.Geometry = tiny()
	if l.core.life == trading {
		l.feed(&limits, input[len(input)/2:])
	}
}

// stream is a fuzz input: messages, with a byte for our side before each.
func stream(by byte, messages ...wire.Message) []byte {
	var s []byte
	for i := range messages {
		s = messages[i].Append(append(s, by))
	}
	return s
}

func FuzzReceive(f *testing.F) {
	fuzzseed.Add(f)
	kind := func(k wire.Kind) wire.Message { return wire.Message{Kind: k} }
	f.Add(byte(fast|extended), stream(0, kind(wire.HaveAll), kind(wire.Unchoke), piece(0), about(wire.Reject, 0), kind(wire.Choke)))
	f.Add(byte(extended), stream(0x83, bitfield(0xff, 0x80), handshake(wire.ExtendedHandshake{Reqq: 3, Client: "x"}), about(wire.Request, 0), about(wire.Cancel, 0)))
	f.Add(byte(plain), stream(6, kind(wire.Interested), have(1), kind(wire.Port), kind(wire.KeepAlive)))
	f.Add(byte(fast), stream(0x13, kind(wire.HaveNone), kind(wire.Unchoke), about(wire.Request, 1), piece(1)))
	f.Add(byte(fast|extended), stream(0xe3, kind(wire.Interested), about(wire.Request, 0), about(wire.Request, 1), kind(wire.HaveAll)))
	f.Add(byte(fast), stream(0x82, allowedFast(0), allowedFast(1), have(0), kind(wire.Choke), about(wire.Reject, 0)))
	f.Fuzz(func(t *testing.T, caps byte, input []byte) {
		namelessly(t, wire.Capabilities(caps)&(fast|extended), input)
		m := newMachine(t, wire.Capabilities(caps)&(fast|extended), Goal(caps>>7))
		limits := wire.Limits{Geometry: tiny()}
		var msg wire.Message
		for len(input) > 1 && m.closes == 0 {
			m.act(input[0])
			input = input[1:]
			switch d := wire.Decode(input, &limits, &msg); d.Outcome {
			case wire.Complete:
				m.hear(msg)
				input = input[d.Size:]
			case wire.Malformed:
				m.core.Malformed(d.Fault, m)
			case wire.Incomplete:
				input = nil
			}
			m.check()
		}
		m.core.Malformed(wire.FrameTooLong, m)
		m.check()
	})
}
