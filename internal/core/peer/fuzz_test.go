package peer

import (
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
	"github.com/etorrent/etorrent/internal/vocab/wire"
)

// act lets our side do something between two messages, by a byte of the input.
func (m *machine) act(by byte) {
	b := geometry.Block{Piece: pieceset.Index(by>>4) % 9, Number: uint32(by>>6) % 3}
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

// stream is a fuzz input: messages, with a byte for our side before each.
func stream(by byte, messages ...wire.Message) []byte {
	var s []byte
	for i := range messages {
		s = messages[i].Append(append(s, by))
	}
	return s
}

func FuzzReceive(f *testing.F) {
	kind := func(k wire.Kind) wire.Message { return wire.Message{Kind: k} }
	f.Add(byte(fast|extended), stream(0, kind(wire.HaveAll), kind(wire.Unchoke), piece(0), about(wire.Reject, 0), kind(wire.Choke)))
	f.Add(byte(extended), stream(0x83, bitfield(0xff, 0x80), handshake(wire.ExtendedHandshake{Reqq: 3, Client: "x"}), about(wire.Request, 0), about(wire.Cancel, 0)))
	f.Add(byte(plain), stream(6, kind(wire.Interested), have(1), kind(wire.Port), kind(wire.KeepAlive)))
	f.Add(byte(fast), stream(0x13, kind(wire.HaveNone), kind(wire.Unchoke), about(wire.Request, 1), piece(1)))
	f.Fuzz(func(t *testing.T, caps byte, input []byte) {
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
