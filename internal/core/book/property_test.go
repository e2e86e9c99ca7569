package book

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/mono"
	"pgregory.net/rapid"
)

// model is the diagram of the package, endpoint by endpoint.
type model struct {
	t     *rapid.T
	core  *Core
	now   mono.Instant
	phase map[netip.AddrPort]phase
	until map[netip.AddrPort]mono.Instant
	// people are the endpoints that a person named.
	people map[netip.AddrPort]bool
}

// endpoint is one of a dozen endpoints; the first few are only a person's.
func endpointOf(n int) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2, 1}), uint16(1020+n))
}

func (m *model) draw(t *rapid.T) netip.AddrPort {
	return endpointOf(rapid.IntRange(0, 11).Draw(t, "endpoint"))
}

// Dial checks that an endpoint may be dialled.
func (m *model) Dial(to netip.AddrPort, _ time.Duration) {
	if p, known := m.phase[to]; !known || p != idle {
		m.t.Fatalf("dialled %v in phase %d (known %v)", to, p, known)
	}
	m.phase[to], m.until[to] = dialling, m.now.Add(attempt)
}

// settle takes over how long an endpoint has to wait, within what is allowed.
func (m *model) settle(to netip.AddrPort, most time.Duration) {
	e := m.core.entries[to]
	if e == nil {
		m.left(to)
		return
	}
	if span := e.until.Sub(m.now); span < crashWait || span > most {
		m.t.Fatalf("%v waits %v", to, span)
	}
	m.phase[to], m.until[to] = waiting, e.until
}

// left notes that an endpoint left the book, which one that a person named does not.
func (m *model) left(to netip.AddrPort) {
	if m.people[to] {
		m.t.Fatalf("%v left the book", to)
	}
	delete(m.phase, to)
}

// gone notes which endpoints left the book at once.
func (m *model) gone() {
	for to, p := range m.phase {
		switch {
		case m.core.entries[to] != nil:
		case p == dialling || p == connected || p == self:
			m.t.Fatalf("%v left the book in phase %d", to, p)
		default:
			m.left(to)
		}
	}
}

func (m *model) add(t *rapid.T) {
	to := m.draw(t)
	from := rapid.SampledFrom([]Origin{Person(), atTracker, {Source: SourceExchange}}).Draw(t, "source")
	want := Added
	if from.Source != SourcePerson && to.Port() < 1024 {
		want = Unusable
	} else if _, known := m.phase[to]; known {
		want = AlreadyKnown
	}
	if got := m.core.Add(to, from); got != want {
		t.Fatalf("Add is %v, want %v", got, want)
	}
	if want == Added {
		m.phase[to] = idle
	}
	if from.Source == SourcePerson {
		m.people[to] = true
	}
}

func (m *model) next(t *rapid.T) {
	for to, p := range m.phase {
		switch {
		case p == waiting && m.until[to] <= m.now:
			m.phase[to] = idle
		case p == dialling && m.until[to] <= m.now:
			m.phase[to] = waiting // the wait is looked up below
		}
	}
	room := rapid.IntRange(0, 12).Draw(t, "room")
	m.core.Next(m.now, room, m)
	for to, p := range m.phase {
		if p == waiting && m.until[to] <= m.now {
			m.settle(to, maxWait)
		}
	}
	rests := m.core.families[family4].restsUntil
	if rests != mono.Never && rests <= m.now {
		t.Fatal("the family rests for too long")
	}
	if m.core.dialing < min(room, HalfOpen) && m.core.families[family4].viewReady() == familyReady && slices.Contains(m.phases(), idle) {
		t.Fatalf("%d attempts, room for %d, and somebody idle", m.core.dialing, room)
	}
}

func (m *model) phases() []phase {
	var all []phase
	for _, p := range m.phase {
		all = append(all, p)
	}
	return all
}

func (m *model) inputs() map[string]func(*rapid.T) {
	return map[string]func(*rapid.T){
		"add":  m.add,
		"next": m.next,
		"failed": func(t *rapid.T) {
			to := m.draw(t)
			m.core.Failed(m.now, to)
			if m.phase[to] == dialling {
				m.settle(to, maxWait)
			}
		},
		"connected": func(t *rapid.T) {
			to := m.draw(t)
			m.core.Connected(m.now, to)
			if p, known := m.phase[to]; known && p != self {
				m.phase[to] = connected
			}
		},
		"ended": func(t *rapid.T) {
			to := m.draw(t)
			m.core.Ended(m.now, to, rapid.SampledFrom([]Trade{TradedNothing, TradedBlocks}).Draw(t, "trade"))
			if p := m.phase[to]; p == connected || p == dialling {
				m.settle(to, maxWait)
			}
		},
		"crashed": func(t *rapid.T) {
			to := m.draw(t)
			m.core.Crashed(m.now, to, rapid.Uint64Range(0, 2).Draw(t, "stack"))
			if p, known := m.phase[to]; known && p != self {
				m.settle(to, crashBan)
				if m.core.View(m.now, to) != BackedOff || m.core.View(m.until[to], to) != Welcome {
					t.Fatalf("%v is welcome before its time, or not at it", to)
				}
			}
		},
		"no route": func(t *rapid.T) {
			to := m.draw(t)
			m.core.NoRoute(m.now, to, rapid.SampledFrom([]Unreached{UnreachedNetwork, UnreachedHost}).Draw(t, "what"))
			if m.phase[to] == dialling {
				m.settle(to, maxWait)
			}
		},
		"forget": func(t *rapid.T) {
			from := rapid.SampledFrom([]Origin{atTracker, {Source: SourceExchange}}).Draw(t, "source")
			for _, to := range m.core.Forget(from) {
				if p := m.phase[to]; p != dialling && p != connected || m.people[to] {
					t.Fatalf("%v in phase %d was to be left", to, p)
				}
			}
			m.gone()
		},
		"external": func(t *rapid.T) {
			ours := rapid.SampledFrom([]string{"198.51.100.1:6881", "203.0.113.9:6881"}).Draw(t, "ours")
			m.core.External(netip.MustParseAddrPort(ours))
		},
		"self": func(t *rapid.T) {
			to := m.draw(t)
			m.core.Self(to)
			if _, known := m.phase[to]; known {
				m.phase[to] = self
			}
		},
		"time": func(t *rapid.T) {
			m.now = m.now.Add(time.Duration(rapid.Int64Range(0, int64(time.Minute)).Draw(t, "span")))
		},
		"until it rings": func(*rapid.T) { m.now = max(m.now, m.core.NextDeadline()) },
		"":               func(*rapid.T) { m.check() },
	}
}

// check compares what the book knows with the model.
func (m *model) check() {
	counts := map[phase]int{}
	due := mono.Never
	if len(m.core.entries) != len(m.phase) {
		m.t.Fatalf("%d endpoints, want %d", len(m.core.entries), len(m.phase))
	}
	for to, p := range m.phase {
		counts[p]++
		e := m.core.entries[to]
		timed := p == waiting || p == dialling
		if e.phase != p || timed && e.until != m.until[to] || timed != (e.timedAt > 0) {
			m.t.Fatalf("%v is %+v, want phase %d until %v", to, *e, p, m.until[to])
		}
		if e.timedAt > 0 && m.core.timers.items[e.timedAt-1] != e {
			m.t.Fatalf("%v is not at its place", to)
		}
		if (p == idle) != (e.idleAt > 0) {
			m.t.Fatalf("%v is idle and not in line, or the other way round", to)
		}
		if (e.spareAt > 0) != (e.viewWorth() == mayGiveWay) || e.spareAt > 0 && e.block.spare.items[e.spareAt-1] != e {
			m.t.Fatalf("%v is not where it may give way, or is there in spite of its worth", to)
		}
		if timed {
			due = mono.Earliest(due, e.until)
		}
	}
	if counts[idle] > 0 {
		due = mono.Earliest(due, m.core.families[family4].restsUntil)
	}
	got := []any{m.core.dialing, m.core.Known(), m.core.NextDeadline(), m.core.timers.len()}
	want := []any{counts[dialling], len(m.phase) - counts[self], due, counts[waiting] + counts[dialling]}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		m.t.Fatalf("dialling, known, due, timers: %v, want %v", got, want)
	}
}

func TestTheBookFollowsItsDiagram(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := &model{
			t: t, core: New(), now: start,
			phase: map[netip.AddrPort]phase{}, until: map[netip.AddrPort]mono.Instant{}, people: map[netip.AddrPort]bool{},
		}
		t.Repeat(m.inputs())
		m.everybodyIsDialledAgain()
	})
}

// everybodyIsDialledAgain lets time pass until each endpoint that is not
// connected nor ourselves was dialled.
func (m *model) everybodyIsDialledAgain() {
	left := map[netip.AddrPort]bool{}
	for to, p := range m.phase {
		if p != connected && p != self && m.core.entries[to].sources != 0 {
			left[to] = true
		}
	}
	for range 1000 {
		var d dials
		m.core.Next(m.now, 100, &d)
		for _, to := range d.to {
			delete(left, to)
		}
		m.now = max(m.now, m.core.NextDeadline())
	}
	if len(left) > 0 {
		m.t.Fatalf("never dialled again: %v", left)
	}
}
