// Package mtu finds out how large a packet the path of a uTP connection takes (RFC 8899):
// by sending larger ones now and then, soundings, which carry data as any other and are
// padded.
//
//	searching ──▶ found ──▶ searching again, after a while
//	    ▲           │
//	    └── hole ◀──┘   what was taken is taken no more
//
// Sizes are bytes of UDP payload, with padding. A packet is never packed anew: a sounding
// is sent again without padding, and what was made for a wider path in fragments, without
// DF, as all is that is larger than Size.
//
// Invariants: Floor <= Size <= Ceiling; a sounding is larger than Size; one flies at a
// time.
package mtu

import (
	"time"

	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/utpwire"
)

const (
	// near is how close to the largest size that may pass the search ends.
	near = 16
	// tries is how many soundings of a size are lost before it is too large. RFC 8899
	// has three; but each keeps the remote waiting for what it carries.
	tries = 2
	// silences is after how many timeouts with nothing of Size arriving it is a hole.
	silences = 2
	// raise is when a search that ended below the ceiling is repeated (libutp).
	raise = 30 * time.Minute
	// back is the same where the path was told, or seen, to have become narrower
	// (RFC 8899).
	back = 10 * time.Minute
)

// Config is between what sizes to search.
type Config struct {
	Floor   int // that every path takes
	Base    int // that nearly every one does: with it everything begins
	Ceiling int // the largest that is tried
}

// IPv4 is for paths of up to 1500 bytes.
func IPv4() Config {
	return Config{Floor: 576 - utpwire.HeadersOfIPv4, Base: 1200, Ceiling: 1500 - utpwire.HeadersOfIPv4}
}

// IPv6 is the same with larger headers, and paths of 1280 bytes at the least.
func IPv6() Config {
	return Config{Floor: 1280 - utpwire.HeadersOfIPv6, Base: 1280 - utpwire.HeadersOfIPv6, Ceiling: 1500 - utpwire.HeadersOfIPv6}
}

// Search is that of one connection. Its time begins with the first sounding.
type Search struct {
	cfg     Config
	size    int // known to pass, or believed to
	high    int // nothing larger is tried in this search
	flying  int // the sounding under way, 0: there is none
	failed  int // soundings of its size, in a row
	refused int // sizes that did not pass, since the largest is one that may
	silent  int // timeouts in a row
	state   state
	due     mono.Instant // of the next search; Never: none is due
	pause   time.Duration
}

// state says whether anything is looked for.
type state uint8

const (
	searching state = iota
	found
)

// New returns a search that begins.
func New(cfg Config) *Search {
	cfg.Base = max(cfg.Base, cfg.Floor)
	cfg.Ceiling = max(cfg.Ceiling, cfg.Base)
	s := &Search{cfg: cfg}
	s.begin(cfg.Base, cfg.Ceiling)
	return s
}

// begin looks for the size anew, above one that is believed to pass.
func (s *Search) begin(size, high int) {
	s.size, s.high = size, high
	s.failed, s.refused, s.silent = 0, 0, 0
	s.state, s.pause = searching, raise
}

// Size is how large packets may be.
func (s *Search) Size() int { return s.size }

// Sounding is how large a packet to send now that tries out the path, 0: none.
func (s *Search) Sounding(now mono.Instant) int {
	if s.state == found && s.due != mono.Never && s.due <= now {
		s.due = mono.Never
		s.begin(s.size, s.cfg.Ceiling)
	}
	if s.flying != 0 || s.state == found {
		return 0
	}
	return s.candidate()
}

// candidate is the largest at first, which most paths take, then the middle.
func (s *Search) candidate() int {
	switch {
	case s.high-s.size <= near && s.refused > 0, s.high <= s.size:
		return 0
	case s.refused == 0:
		return s.high
	}
	return (s.size + s.high + 1) / 2
}

// Sent notes that the sounding was sent.
func (s *Search) Sent(size int) { s.flying = size }

// Arrived notes that the sounding arrived.
func (s *Search) Arrived(now mono.Instant) {
	s.size = min(max(s.size, s.flying), s.high)
	s.flying, s.failed = 0, 0
	s.Passed(s.size)
	s.view(now)
}

// Lost notes that the sounding was lost, and nothing else.
func (s *Search) Lost(now mono.Instant) {
	size := s.flying
	s.flying = 0
	if s.failed++; s.failed < tries || size == 0 {
		return
	}
	s.narrow(now, size-1)
}

// Undecided notes that the sounding was lost with other packets, or was taken back.
func (s *Search) Undecided() { s.flying = 0 }

// Refused notes that our own system does not send packets of a size (EMSGSIZE).
func (s *Search) Refused(now mono.Instant, size int) {
	if size == s.flying {
		s.flying = 0
	}
	s.narrow(now, size-1)
}

// TooBig notes that a router says packets must not be larger than a size (ICMP). Who
// believes it has seen that it answers a packet of ours. It may be a lie: nothing below
// the floor is believed, and it is forgotten after ten minutes.
func (s *Search) TooBig(now mono.Instant, size int) {
	if size < s.cfg.Floor || size >= max(s.size, s.flying) {
		return
	}
	s.flying = 0
	s.pause = back
	s.narrow(now, size)
	s.refused = 0 // it may be exact
}

// narrow notes that nothing larger than a size passes. It is looked for again where more
// than that was believed to.
func (s *Search) narrow(now mono.Instant, high int) {
	if high >= s.high {
		return
	}
	high = max(high, s.cfg.Floor)
	s.high, s.failed = high, 0
	s.refused++
	if s.size > high {
		s.size = s.cfg.Floor
		if s.cfg.Base <= high {
			s.size = s.cfg.Base
		}
		s.state, s.pause = searching, back
	}
	s.view(now)
}

// view ends the search where there is nothing left to try.
func (s *Search) view(now mono.Instant) {
	if s.state == found || s.candidate() != 0 {
		return
	}
	s.state, s.due = found, mono.Never
	if s.size < s.cfg.Ceiling-near {
		s.due = now.Add(s.pause)
	}
}

// Passed notes that an ordinary packet of a size arrived.
func (s *Search) Passed(size int) {
	if size >= s.size {
		s.silent = 0
	}
}

// Silence notes a timeout in which a packet of a size was lost. Where it repeats itself
// the path may have become narrower, without a word (a black hole): it is searched anew
// from what nearly every path takes, or from what every one takes.
func (s *Search) Silence(size int) {
	if size < s.size || s.size <= s.cfg.Floor {
		return
	}
	if s.silent++; s.silent < silences {
		return
	}
	from := s.cfg.Base
	if s.size <= from {
		from = s.cfg.Floor
	}
	s.flying, s.due = 0, mono.Never
	s.begin(from, s.cfg.Ceiling)
	s.pause = back
}

// Deadline is when the next search begins, mono.Never if none is due: Sounding then asks
// for a packet. No timer is needed where nothing is sent.
func (s *Search) Deadline() mono.Instant { return s.due }
