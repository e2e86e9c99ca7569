package conn

import (
	"time"

	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/serial"
	"github.com/etorrent/etorrent/internal/vocab/utpwire"
)

const (
	// spacing is how many numbers are between two marks.
	spacing = 1 << 13
	marks   = 4
	// lifetime is how long a packet may be under way (RFC 9293). Later the stamps of a
	// remote that set its clock count again.
	lifetime = 2 * time.Minute
	// stampsCompare is for how long: half of the time in which they come round.
	stampsCompare = 30 * time.Minute
)

// guard tells packets that were sent before the numbers came round, at a gigabyte a
// second in a tenth of a second. It is what time stamps are to TCP (RFC 7323), but that
// it goes by the numbers and is exact: a packet that belongs here was sent after its
// number came into reach, which is less than 3 * spacing ahead; an old one long before.
type guard struct {
	seen [marks]mark // the newest first
	n    int
	at   serial.Number // that of the newest
}

// mark is a number that was reached.
type mark struct {
	when  mono.Instant
	stamp utpwire.Stamp // the latest of the remote until then
}

// age says when a packet was sent.
type age uint8

const (
	latest     age = iota // after all others
	older                 // than another one
	fromBefore            // the numbers came round
)

// begin has the numbers begin with one.
func (g *guard) begin(n serial.Number) { *g = guard{at: n} }

// advance notes how far the numbers have come.
func (g *guard) advance(now mono.Instant, n serial.Number, stamp utpwire.Stamp) {
	if n.Diff(g.at) < spacing {
		return
	}
	copy(g.seen[1:], g.seen[:])
	g.seen[0] = mark{now, stamp}
	g.n = min(g.n+1, marks)
	g.at = n
}

// view says whether a packet with a stamp is fromBefore.
func (g *guard) view(now mono.Instant, s utpwire.Stamp) age {
	if g.n < marks || s == utpwire.NoStamp {
		return latest
	}
	m := g.seen[marks-1]
	if m.stamp != utpwire.NoStamp && now.Sub(m.when) < lifetime && s.Over(m.stamp) < 0 {
		return fromBefore
	}
	return latest
}

// viewStamp says whether a packet was sent after all that have come.
func (h *hearing) viewStamp(now mono.Instant, s utpwire.Stamp) age {
	if h.stamp == utpwire.NoStamp || s == utpwire.NoStamp || now.Sub(h.at) > stampsCompare || s.Over(h.stamp) >= 0 {
		return latest
	}
	return older
}
