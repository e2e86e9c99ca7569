// Package demux tells whose a datagram is. The DHT (BEP 5), uTP (BEP 29) and UDP
// trackers (BEP 15) share one port, and none of them marks its datagrams for the
// others: the first byte, and for a tracker's answer what was asked, tell them
// apart.
//
//	first byte        whose
//	'd'               KRPC: every message is a dictionary
//	01 11 21 31 41    uTP: version 1 in the low nibble, a type of 0 to 4 in the high
//	00                a tracker: action 0 to 3 in four bytes, then the transaction
//
// An answer of a tracker counts only where its transaction is expected of its
// sender; one answer ends the expectation, and so does its deadline:
//
//	unknown ──Expect──▶ expected ──Receive, Forget, Expired──▶ unknown
//
// Invariants: never more transactions are expected than the bound, and no
// expectation is answered twice or after its deadline.
package demux

import (
	"encoding/binary"
	"net/netip"
)

const (
	// utpHeader is the least that a uTP packet has, in bytes (BEP 29).
	utpHeader = 20
	// trackerHeader is the least that an answer has: action and transaction.
	trackerHeader = 8
	// utpTypes is how many types uTP has: data, fin, state, reset, syn.
	utpTypes = 5
	// trackerActions are connect, announce, scrape and error.
	trackerActions = 4
)

// Evidence says whose a datagram is.
//
//sumtype:decl
type Evidence interface{ evidence() }

type (
	// KRPC is the DHT's: it begins as a dictionary does. What follows was not
	// looked at.
	KRPC struct{}
	// UTP is uTP's: it has the length of a header, whose version and type are
	// right.
	UTP struct{}
	// Answer is a tracker's, and the first one to what Expect was told of. Action
	// and body were not looked at beyond the action being one.
	Answer struct{ To Key }
	// Stray is nobody's.
	Stray struct{ Because Cause }
)

func (KRPC) evidence()   {}
func (UTP) evidence()    {}
func (Answer) evidence() {}
func (Stray) evidence()  {}

// Cause says why a datagram is nobody's.
type Cause uint8

// The causes.
const (
	Empty       Cause = iota
	UnknownKind       // its first bytes are those of no protocol here
	TooShort          // it ends inside the header of its protocol
	Unexpected        // no such transaction is expected of its sender (any more)
)

// String names the cause.
func (c Cause) String() string {
	return [...]string{"empty", "unknown kind", "too short", "unexpected"}[c]
}

// Key names a transaction with a tracker: its number, and where the answer has to
// come from. KeyOf makes one.
type Key struct {
	Transaction uint32
	From        netip.AddrPort
}

// KeyOf is the key of a transaction with the tracker at an endpoint. A v4-mapped
// address is that of IPv4; a zone does not count.
func KeyOf(transaction uint32, at netip.AddrPort) Key {
	return Key{transaction, netip.AddrPortFrom(at.Addr().Unmap().WithZone(""), at.Port())}
}

// Counts are how many datagrams were whose.
type Counts struct {
	KRPC, UTP, Answers                       uint64
	Empty, UnknownKind, TooShort, Unexpected uint64 // strays, by cause
}

// add counts one.
func (c *Counts) add(e Evidence) {
	switch e := e.(type) {
	case KRPC:
		c.KRPC++
	case UTP:
		c.UTP++
	case Answer:
		c.Answers++
	case Stray:
		*c.strays(e.Because)++
	}
}

func (c *Counts) strays(because Cause) *uint64 {
	switch because {
	case Empty:
		return &c.Empty
	case UnknownKind:
		return &c.UnknownKind
	case TooShort:
		return &c.TooShort
	case Unexpected:
	}
	return &c.Unexpected
}

// Owner says whether a datagram is uTP's, by itself.
type Owner uint8

// The owners.
const (
	OfOthers Owner = iota // or nobody's
	OfUTP
)

// OwnerOf says whether a Table would have a datagram for UTP: that depends on nothing else.
func OwnerOf(payload []byte) Owner {
	if len(payload) >= utpHeader && isUTP(payload[0]) {
		return OfUTP
	}
	return OfOthers
}

func isUTP(first byte) bool { return first&0x0f == 1 && first>>4 < utpTypes }

// view says whose a datagram is; an Answer names a transaction that may not be
// expected.
func view(from netip.AddrPort, payload []byte) Evidence {
	if len(payload) == 0 {
		return Stray{Empty}
	}
	switch first := payload[0]; {
	case first == 'd':
		return KRPC{}
	case isUTP(first):
		if len(payload) < utpHeader {
			return Stray{TooShort}
		}
		return UTP{}
	case first == 0:
		return viewTracker(from, payload)
	}
	return Stray{UnknownKind}
}

func viewTracker(from netip.AddrPort, payload []byte) Evidence {
	if len(payload) < trackerHeader {
		return Stray{TooShort}
	}
	if binary.BigEndian.Uint32(payload) >= trackerActions {
		return Stray{UnknownKind}
	}
	return Answer{KeyOf(binary.BigEndian.Uint32(payload[4:]), from)}
}
