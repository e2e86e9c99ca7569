package announce

import (
	"time"

	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/tracker"
)

// arm is one tracker in one address family.
type arm struct {
	row      *row
	phase    phase
	told     told
	former   former
	owes     owes
	asked    asked
	heard    mono.Instant // of the last answer
	due      mono.Instant // the tracker's interval, for the current tracker
	floor    mono.Instant // the tracker's least interval: no request without an event before it
	barred   mono.Instant // the tracker's demand after a failure: no request before it, but stopped
	again    mono.Instant // no `started` before it, since a request was sent, in whatever run
	held     mono.Instant // nor before it, since the tracker lists us from a former run
	blocked  mono.Instant // our own back-off
	interval time.Duration
	least    time.Duration
	failures int // in a row
	flight   flight
	line     inLine
	standing Standing
}

type phase uint8

const (
	resting phase = iota
	queued
	flying
)

// told says what a tracker knows of us, as far as it answered.
type told uint8

const (
	toldNothing told = iota
	toldStarted
)

// former says whether a tracker lists us from a former run, and has not answered in
// this one.
type former uint8

const (
	notListedBefore former = iota
	listedBefore
)

// owes says whether a tracker is to be told `completed`.
type owes uint8

const (
	owesNothing owes = iota
	owesCompleted
)

// asked says whether a person wants the next announce as soon as may be.
type asked uint8

const (
	notAsked asked = iota
	askedFor
)

// flight is the last request of an arm.
type flight struct {
	id     RequestID
	errand errand
	sent   mono.Instant // Never: none was sent
	left   int64        // that was told
	until  mono.Instant // when it counts as lost, if whoever makes it does not answer
}

// inLine is an arm's place among those that wait for its host.
type inLine struct {
	urgency urgency
	rank    uint64
	place   int
}

// used are the arms of the families that the host has. There is none while that is
// not known.
func (r *row) used() []arm {
	switch r.host.families {
	case ByName, OnlyIPv4:
		return r.arms[:1]
	case OnlyIPv6:
		return r.arms[1:]
	case BothFamilies:
		return r.arms[:]
	case FamiliesUnknown, NoAddress:
	}
	return nil
}

// isUsed says whether an arm is one of a family that the host has.
func (a *arm) isUsed() bool {
	used := a.row.used()
	for i := range used {
		if a == &used[i] {
			return true
		}
	}
	return false
}

// family is the address family in which an arm asks.
func (a *arm) family() tracker.Family {
	switch {
	case a == &a.row.arms[1]:
		return tracker.IPv6
	case a.row.host.families == ByName:
		return tracker.AnyFamily
	}
	return tracker.IPv4
}

// armOf is the place of the arm of a family.
func armOf(f tracker.Family) int {
	switch f {
	case tracker.IPv6:
		return 1
	case tracker.IPv4, tracker.AnyFamily:
	}
	return 0
}

// goal says what an arm is for: announcing, or taking leave.
func (a *arm) goal() goal {
	if a.row.place == removedRow {
		return leaving
	}
	return a.row.t.goal
}
