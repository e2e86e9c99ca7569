package peer

import (
	"slices"
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
	"github.com/etorrent/etorrent/internal/vocab/wire"
	"pgregory.net/rapid"
)

// machine gives a core every input in any order.
type machine struct {
	*auditor
	now  mono.Instant
	runs []ReadRun
}

// tiny is a torrent of 9 pieces with 3 blocks each; the last block is short.
func tiny() geometry.Geometry {
	return geometry.Geometry{TotalLength: 9*3*geometry.BlockSize - 5, PieceLength: 3 * geometry.BlockSize}
}

func newMachine(t failer, caps wire.Capabilities, goal Goal) *machine {
	m := &machine{auditor: newAuditor(t), now: mono.Instant(time.Hour)}
	m.core = New(Config{
		Geometry: tiny(), Capabilities: caps, Goal: goal,
		Held: pieceset.Of(9, 0, 1, 2, 3), Announce: pieceset.Of(9, 0, 1),
	})
	m.core.Open(m.now, m)
	return m
}

func (m *machine) hear(msg wire.Message) { m.receive(m.now, msg, m) }

func (m *machine) block(t *rapid.T) geometry.Block {
	return geometry.Block{
		Piece:  pieceset.Index(rapid.IntRange(0, 8).Draw(t, "piece")),
		Number: rapid.Uint32Range(0, 2).Draw(t, "number"),
	}
}

func (m *machine) about(t *rapid.T, k wire.Kind) wire.Message {
	msg := m.core.blockMessage(k, m.block(t))
	if k == wire.Piece {
		msg.Payload = make([]byte, msg.Length)
	}
	return msg
}

// answer is a message of kind k about a request that we made.
func (m *machine) answer(t *rapid.T, k wire.Kind) {
	if len(m.asked) == 0 {
		t.Skip("nothing asked")
	}
	n := rapid.IntRange(0, len(m.asked)-1).Draw(t, "which")
	msg := m.core.blockMessage(k, m.asked[n])
	m.asked = slices.Delete(m.asked, n, n+1)
	msg.Payload = make([]byte, msg.Length)
	m.hear(msg)
}

// remoteInputs are what the remote says.
func (m *machine) remoteInputs() map[string]func(*rapid.T) {
	signal := func(k wire.Kind) func(*rapid.T) { return func(*rapid.T) { m.hear(wire.Message{Kind: k}) } }
	any := func(k wire.Kind) func(*rapid.T) { return func(t *rapid.T) { m.hear(m.about(t, k)) } }
	return map[string]func(*rapid.T){
		"piece":          func(t *rapid.T) { m.answer(t, wire.Piece) },
		"another piece":  func(t *rapid.T) { m.answer(t, wire.Piece) },
		"any piece":      any(wire.Piece),
		"reject":         m.needsFast(func(t *rapid.T) { m.answer(t, wire.Reject) }),
		"any reject":     m.needsFast(any(wire.Reject)),
		"choke":          signal(wire.Choke),
		"unchoke":        signal(wire.Unchoke),
		"unchoke again":  signal(wire.Unchoke),
		"interested":     signal(wire.Interested),
		"not interested": signal(wire.NotInterested),
		"keep-alive":     signal(wire.KeepAlive),
		"allowed fast": m.needsFast(func(t *rapid.T) {
			m.hear(wire.Message{Kind: wire.AllowedFast, Piece: m.block(t).Piece})
		}),
		"have":    func(t *rapid.T) { m.hear(have(m.block(t).Piece)) },
		"request": any(wire.Request),
		"cancel":  any(wire.Cancel),
		"queue": func(t *rapid.T) {
			if m.core.cfg.Capabilities.Has(extended) {
				m.hear(handshake(wire.ExtendedHandshake{Reqq: rapid.IntRange(1, 9).Draw(t, "reqq")}))
			}
		},
		"end of batch": func(*rapid.T) { m.core.EndOfBatch(m) },
	}
}

func (m *machine) needsFast(f func(*rapid.T)) func(*rapid.T) {
	return func(t *rapid.T) {
		if !m.core.speaksFast() {
			t.Skip("no FAST")
		}
		f(t)
	}
}

// ownInputs are what our side says, and time.
func (m *machine) ownInputs() map[string]func(*rapid.T) {
	return map[string]func(*rapid.T){
		"deal": func(t *rapid.T) { m.deal(t, max(1, m.credit-len(m.dealt))) },
		"deal that crosses a change of the credit": func(t *rapid.T) { m.deal(t, 3) },
		"cancel dealt": func(t *rapid.T) {
			b := m.block(t)
			delete(m.dealt, b)
			m.core.CancelBlock(m.now, b, m)
		},
		"choke it":       func(*rapid.T) { m.setChoke(Choked) },
		"unchoke it":     func(*rapid.T) { m.setChoke(Unchoked) },
		"be interested":  func(*rapid.T) { m.core.SetInterest(m.now, Interested, m) },
		"lose interest":  func(*rapid.T) { m.core.SetInterest(m.now, NotInterested, m) },
		"announce":       func(t *rapid.T) { m.core.Announce(m.now, []pieceset.Index{m.block(t).Piece}, m) },
		"goal":           func(t *rapid.T) { m.core.SetGoal(m.now, Goal(rapid.IntRange(0, 1).Draw(t, "goal")), m) },
		"read":           func(*rapid.T) { m.read() },
		"read done":      func(t *rapid.T) { m.finishRead(t, func(r ReadRun) { m.core.ReadDone(r, m) }) },
		"read failed":    func(t *rapid.T) { m.finishRead(t, func(r ReadRun) { m.core.ReadFailed(r, m) }) },
		"rejoin":         func(*rapid.T) { m.rejoin(m) },
		"a moment":       func(t *rapid.T) { m.now += mono.Instant(rapid.Int64Range(0, 1e9).Draw(t, "span")) },
		"until it rings": func(*rapid.T) { m.ring() },
	}
}

func (m *machine) deal(t *rapid.T, most int) {
	if m.closes > 0 {
		t.Skip("closed")
	}
	b := m.block(t)
	run := geometry.Run{Piece: b.Piece, First: b.Number, Count: min(uint32(most), 3-b.Number)}
	for n := run.First; n < run.First+run.Count; n++ {
		m.dealt[geometry.Block{Piece: run.Piece, Number: n}] = 1
	}
	m.core.Request(m.now, run, m)
}

func (m *machine) setChoke(state Choke) {
	m.core.SetChoke(m.now, state, m)
	if state == Choked && !m.core.speaksFast() {
		clear(m.owed)
	}
	for r, n := range m.owed {
		if state == Choked && n > 0 && m.closes == 0 {
			m.t.Fatalf("%v waits for an answer behind a choke", r)
		}
	}
}

func (m *machine) read() {
	if run := m.core.NextRead(2 * geometry.BlockSize); run.Length > 0 {
		m.runs = append(m.runs, run)
	}
}

func (m *machine) finishRead(t *rapid.T, how func(ReadRun)) {
	if len(m.runs) == 0 {
		t.Skip("nothing is read")
	}
	n := rapid.IntRange(0, len(m.runs)-1).Draw(t, "which")
	how(m.runs[n])
	m.runs = slices.Delete(m.runs, n, n+1)
}

// ring lets the next deadline come, unless that ends the connection of itself.
func (m *machine) ring() {
	d := m.core.NextDeadline()
	if d == mono.Never || d >= m.core.lastHeard.Add(SilenceLimit) {
		return
	}
	m.now = max(m.now, d)
	m.core.Tick(m.now, m)
	if next := m.core.NextDeadline(); next != mono.Never && next <= m.now {
		m.t.Fatalf("due at %v, now %v", next, m.now)
	}
}

func TestTheRulesHoldUnderEveryOrderOfInputs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		caps := rapid.SampledFrom([]wire.Capabilities{plain, fast, extended, fast | extended}).Draw(t, "capabilities")
		m := newMachine(t, caps, Goal(rapid.IntRange(0, 1).Draw(t, "goal")))
		inputs := m.ownInputs()
		for name, f := range m.remoteInputs() {
			inputs[name] = f
		}
		inputs[""] = func(*rapid.T) { m.check() }
		t.Repeat(inputs)
		m.core.Malformed(wire.FrameTooLong, m)
		m.check()
	})
}
