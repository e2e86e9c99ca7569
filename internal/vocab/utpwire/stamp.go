package utpwire

import (
	"time"

	"github.com/etorrent/etorrent/internal/vocab/mono"
)

// Stamp is when a packet was sent: microseconds on its sender's clock, whose origin
// nobody knows, modulo 2^32. NoStamp is none.
type Stamp uint32

// Delay is a difference between the stamps of two clocks, in microseconds modulo
// 2^32: of no use by itself, but two of one direction compare. NoDelay is none.
type Delay uint32

// The values that say that nothing was measured.
const (
	NoStamp Stamp = 0
	NoDelay Delay = 0
)

// brokenDelay is what old versions of uTorrent send for NoDelay.
const brokenDelay Delay = 1<<31 - 1

// StampAt is the stamp of an instant, and never NoStamp.
func StampAt(now mono.Instant) Stamp {
	return max(Stamp(int64(now)/int64(time.Microsecond)), NoStamp+1)
}

// Since is how long a packet took that was stamped by the remote clock and came when
// the local one had s. It is NoDelay only where one of them is NoStamp.
func (s Stamp) Since(remote Stamp) Delay {
	if s == NoStamp || remote == NoStamp {
		return NoDelay
	}
	d := Delay(s - remote)
	if d == NoDelay || d == brokenDelay {
		d++ // a microsecond too much, so that it means what it is
	}
	return d
}

// Over is by how much s is later than o, negative if it is earlier: less than 36 minutes
// either way, where neither is NoStamp.
func (s Stamp) Over(o Stamp) time.Duration {
	return time.Duration(int32(s-o)) * time.Microsecond
}

// Over is by how much d is longer than o, negative if it is shorter: less than 36
// minutes either way, where neither is NoDelay.
func (d Delay) Over(o Delay) time.Duration {
	return time.Duration(int32(d-o)) * time.Microsecond
}
