//go:build linux

package relay

import (
	"encoding/binary"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/utpwire"
)

// path is what a relay does in a cell, and whether it did so where that is certain.
type path struct {
	name  string
	relay func() RelayConfig
	shows func(there, back Counts) bool // nil: where it does something by chance, or nothing
	// closes is how long it may take from when each end has said its end until both are
	// closed, of clock. Ours stays for four seconds, to answer a FIN that comes again.
	closes time.Duration
	// without says in which streams nothing comes that it loses; nil: in none.
	without func(direction, int64) bool
}

// How long a connection may take to close. libutp sends a FIN again after 1 s, or 3 if it
// has not seen how long an answer takes, then after twice that, and at most four times.
const (
	inOrder    = 12 * time.Second
	onceLost   = 16 * time.Second
	seldomLost = 30 * time.Second // three times at most, but one of 100,000
	oftenLost  = 45 * time.Second // four times at most, but one of 10,000
)

// bothWays is a path that is alike there and back.
func bothWays(name string, p Path) path {
	return path{name: name, closes: inOrder, relay: func() RelayConfig { return RelayConfig{There: p, Back: p} }}
}

// closed is the path with another time to close.
func (p path) closed(in time.Duration) path {
	p.closes = in
	return p
}

// swallows loses the first packets of a kind, of who dials or of who listens.
func swallows(name string, who direction, kind utpwire.Kind, n int) path {
	return path{name: name, closes: onceLost, relay: func() RelayConfig {
		if who == there {
			return RelayConfig{There: Path{Swallowed: nth(kind, n)}}
		}
		return RelayConfig{Back: Path{Swallowed: nth(kind, n)}}
	}, shows: func(there, back Counts) bool { return there.Swallowed+back.Swallowed == n }}
}

// ordinary paths do what networks do to any packet.
var (
	clean      = bothWays("clean", Path{})
	loss1      = bothWays("1 % lost", Path{Loss: 0.01}).closed(seldomLost)
	loss5      = bothWays("5 % lost", Path{Loss: 0.05}).closed(oftenLost)
	reordering = bothWays("10 % 5 ms late", Path{Held: 0.1, Hold: 5 * time.Millisecond})
	duplicates = bothWays("2 % twice", Path{Repeat: 0.02})
	corruption = bothWays("1 % corrupt", Path{Corrupt: 0.01}).closed(seldomLost)
	narrow     = bothWays("20 Mbit/s, 250 ms of queue", Path{Rate: 20_000_000, Queue: 250 * time.Millisecond}).closed(onceLost)
)

// drops are paths that lose a certain packet.
var drops = []path{
	swallows("the first SYN is lost", there, utpwire.Syn, 1),
	swallows("the first SYN-ACK is lost", back, utpwire.State, 1),
	swallows("the dialler's first data is lost", there, utpwire.Data, 1).but(func(d direction, size int64) bool {
		return d != back && size == 0
	}),
	swallows("the listener's first data is lost", back, utpwire.Data, 1).but(func(d direction, size int64) bool {
		return d == there || size == 0
	}),
	swallows("the dialler's FIN is lost", there, utpwire.Fin, 1),
	swallows("the listener's FIN is lost", back, utpwire.Fin, 1),
	ackOfFin("the ack of the dialler's FIN is lost", there),
	ackOfFin("the ack of the listener's FIN is lost", back),
}

// but is the path without some streams.
func (p path) but(streams func(direction, int64) bool) path {
	p.without = streams
	return p
}

// ackOfFin loses the first State that follows a FIN of one side.
func ackOfFin(name string, of direction) path {
	return path{name: name, closes: onceLost, shows: func(there, back Counts) bool { return there.Swallowed+back.Swallowed == 1 }, relay: func() RelayConfig {
		ended, lost := false, false
		sees := func(_ time.Time, b []byte) bool {
			ended = ended || is(b, utpwire.Fin)
			return false
		}
		loses := func(_ time.Time, b []byte) bool {
			if lost || !ended || !is(b, utpwire.State) {
				return false
			}
			lost = true
			return true
		}
		if of == there {
			return RelayConfig{There: Path{Swallowed: sees}, Back: Path{Swallowed: loses}}
		}
		return RelayConfig{There: Path{Swallowed: loses}, Back: Path{Swallowed: sees}}
	}}
}

// hole1280 loses larger IP packets, without a word, the first time that they come. Ours
// begins with smaller ones, and sends what it tries a larger size with again without its
// padding, which passes. A relay does not see which packet must not be fragmented, so a hole below the
// size that all begins with is no path of a relay.
var hole1280 = path{name: "nothing above 1280", closes: onceLost, relay: func() RelayConfig {
	seen := map[uint16]bool{}
	loses := func(_ time.Time, b []byte) bool {
		if len(b)+utpwire.HeadersOfIPv4 <= 1280 {
			return false
		}
		number := binary.BigEndian.Uint16(b[16:])
		again := seen[number]
		seen[number] = true
		return !again
	}
	return RelayConfig{There: Path{Swallowed: loses}, Back: Path{Swallowed: loses}}
}, shows: func(there, back Counts) bool { return there.Swallowed+back.Swallowed > 0 }}

// silence loses all for a while, in the midst of a transfer.
func silence(name string, after int, lasts time.Duration) path {
	return path{name: name, closes: onceLost, relay: func() RelayConfig {
		came, until := 0, time.Time{}
		loses := func(now time.Time, _ []byte) bool {
			if came++; came == after {
				until = now.Add(lasts)
			}
			return now.Before(until)
		}
		return RelayConfig{There: Path{Swallowed: loses}, Back: Path{Swallowed: loses}}
	}, shows: func(there, back Counts) bool { return there.Swallowed+back.Swallowed > 0 }}
}
