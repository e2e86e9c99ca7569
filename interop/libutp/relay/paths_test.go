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
	// without are directions of a stream in which nothing comes that it loses.
	without []direction
}

// bothWays is a path that is alike there and back.
func bothWays(name string, p Path) path {
	return path{name: name, relay: func() RelayConfig { return RelayConfig{There: p, Back: p} }}
}

// swallows loses the first packets of a kind, of who dials or of who listens.
func swallows(name string, who direction, kind utpwire.Kind, n int) path {
	return path{name: name, relay: func() RelayConfig {
		if who == there {
			return RelayConfig{There: Path{Swallowed: nth(kind, n)}}
		}
		return RelayConfig{Back: Path{Swallowed: nth(kind, n)}}
	}, shows: func(there, back Counts) bool { return there.Swallowed+back.Swallowed == n }}
}

// ordinary paths do what networks do to any packet.
var (
	clean      = bothWays("clean", Path{})
	loss1      = bothWays("1 % lost", Path{Loss: 0.01})
	loss5      = bothWays("5 % lost", Path{Loss: 0.05})
	reordering = bothWays("10 % 5 ms late", Path{Held: 0.1, Hold: 5 * time.Millisecond})
	duplicates = bothWays("2 % twice", Path{Repeat: 0.02})
	corruption = bothWays("1 % corrupt", Path{Corrupt: 0.01})
	narrow     = bothWays("20 Mbit/s, 250 ms of queue", Path{Rate: 20_000_000, Queue: 250 * time.Millisecond})
)

// drops are paths that lose a certain packet.
var drops = []path{
	swallows("the first SYN is lost", there, utpwire.Syn, 1),
	swallows("the first SYN-ACK is lost", back, utpwire.State, 1),
	swallows("the dialler's first data is lost", there, utpwire.Data, 1),
	swallows("the listener's first data is lost", back, utpwire.Data, 1).but(there),
	swallows("the dialler's FIN is lost", there, utpwire.Fin, 1),
	swallows("the listener's FIN is lost", back, utpwire.Fin, 1),
	ackOfFin("the ack of the dialler's FIN is lost", there),
	ackOfFin("the ack of the listener's FIN is lost", back),
	{name: "Resets are lost", relay: func() RelayConfig {
		return RelayConfig{There: Path{Swallowed: nth(utpwire.Reset, 1000)}, Back: Path{Swallowed: nth(utpwire.Reset, 1000)}}
	}},
}

// but is the path without a direction.
func (p path) but(d direction) path {
	p.without = append(p.without, d)
	return p
}

// ackOfFin loses the first State that follows a FIN of one side.
func ackOfFin(name string, of direction) path {
	return path{name: name, relay: func() RelayConfig {
		ended, lost := false, false
		sees := func(_ time.Time, b []byte) bool {
			ended = ended || utpwire.Kind(b[0]>>4) == utpwire.Fin
			return false
		}
		loses := func(_ time.Time, b []byte) bool {
			if lost || !ended || utpwire.Kind(b[0]>>4) != utpwire.State {
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
// begins with smaller ones, and sends what it tries a larger size with again in fragments,
// which pass. A relay does not see which packet must not be fragmented, so a hole below the
// size that all begins with is no path of a relay.
var hole1280 = path{name: "nothing above 1280", relay: func() RelayConfig {
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
	return path{name: name, relay: func() RelayConfig {
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
