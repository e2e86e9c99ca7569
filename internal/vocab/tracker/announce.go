// Package tracker has the words of tracker protocols: announce URLs, and what is
// asked and answered over HTTP (BEP 3, 7, 23, 24, 31, 48) and UDP (BEP 15, 41),
// each way, so that a client and a tracker can be built on it.
//
// What it reads may be hostile: answers are bounded, numbers cut to what makes
// sense, and texts of trackers are made printable. Addresses are not judged.
package tracker

import (
	"net/netip"
	"time"
)

// InfoHash names a torrent to a tracker; of a v2 torrent it is the first 20 bytes
// (BEP 52).
type InfoHash [20]byte

// Event says why a client announces (BEP 3). The numbers are those of BEP 15.
type Event uint8

// The events. Periodic is none of the others, and is not written over HTTP.
const (
	Periodic Event = iota
	Completed
	Started
	Stopped
)

// String is the event as HTTP has it; empty for Periodic.
func (e Event) String() string {
	switch e {
	case Periodic:
		return ""
	case Completed:
		return "completed"
	case Started:
		return "started"
	case Stopped:
		return "stopped"
	}
	return "unknown event"
}

const (
	// NumWantDefault leaves the number of peers to the tracker.
	NumWantDefault int32 = -1
	// LeftUnknown is what Left tells while the metadata is unknown: 0 would be
	// said by a seed. Other clients tell the same.
	LeftUnknown int64 = 16 << 10
)

// Announce is what a client tells a tracker (BEP 3, 15).
type Announce struct {
	InfoHash   InfoHash
	PeerID     [20]byte
	Port       uint16 // TCP port that the client listens on
	Uploaded   int64  // bytes of blocks sent; never goes down
	Downloaded int64  // bytes of blocks received; never goes down
	Left       int64  // bytes of the whole torrent that are missing, those that nobody wants too
	Event      Event
	Key        uint32     // the same in both address families, known to no other peer (BEP 7)
	NumWant    int32      // peers wanted; NumWantDefault
	TrackerID  string     // as the tracker said it last; empty for none; HTTP only
	IPv4       netip.Addr // only where the tracker cannot see it; the zero Addr for none
	IPv6       netip.Addr // the same; HTTP only (BEP 7)
}

// Count is a number that a tracker tells of a swarm.
type Count int32

// Untold is the count that a tracker did not tell.
const Untold Count = -1

// Response is what a tracker answers to an announce.
type Response struct {
	Interval    time.Duration // until the next announce; 0: not told
	MinInterval time.Duration // before which none may come without an event; 0: not told; over UDP the Interval
	Peers       []netip.AddrPort
	Omitted     int // peers beyond MaxPeers, or with a host that is no address
	Seeders     Count
	Leechers    Count
	Downloaded  Count  // how often the torrent was completed; HTTP only
	TrackerID   string // to be said from now on; empty: as before
	Warning     string // printable
	ExternalIP  netip.Addr
}

// Bounds of answers.
const (
	// MaxBodyBytes is the longest body of an HTTP answer that is looked at.
	MaxBodyBytes = 2 << 20
	// MaxPeers is how many peers are taken of one answer.
	MaxPeers = 2_000
	// MaxTextBytes is how much is kept of a message, before it is made printable.
	MaxTextBytes = 512
	// MaxTrackerIDBytes is the longest tracker id that is kept.
	MaxTrackerIDBytes = 256
	// MaxInterval is the longest interval; a longer one is cut to it.
	MaxInterval = 365 * 24 * time.Hour
	// MaxScrape is how many torrents may be scraped at once (BEP 15).
	MaxScrape = 74
)

// AnswerEvidence says what the answer to an announce is.
//
//sumtype:decl
type AnswerEvidence interface{ answerEvidence() }

// Answered is a response.
type Answered struct{ Response Response }

// Refused is a tracker that says no.
type Refused struct{ Failure Failure }

// Nonsense is no answer of a tracker. Syntax is what bencode said, for
// AnswerNotBencoded only.
type Nonsense struct {
	Fault  AnswerFault
	Syntax error
}

func (Answered) answerEvidence() {}
func (Refused) answerEvidence()  {}
func (Nonsense) answerEvidence() {}

// AnswerFault names what makes an answer nonsense.
type AnswerFault uint8

// The faults.
const (
	// NoAnswerFault is the fault of an answer that has none.
	NoAnswerFault AnswerFault = iota
	// AnswerNotBencoded is not bencoded, or goes beyond sane limits.
	AnswerNotBencoded
	// AnswerNotDictionary is another bencoded value.
	AnswerNotDictionary
	// AnswerEmpty is a dictionary without anything that an answer must have.
	AnswerEmpty
	// AnswerTooShort is a datagram that lacks a part.
	AnswerTooShort
	// AnswerOfUnknownKind is a datagram with an action that is no answer.
	AnswerOfUnknownKind
)

// String says the fault for people.
func (f AnswerFault) String() string {
	switch f {
	case NoAnswerFault:
		return "no fault"
	case AnswerNotBencoded:
		return "the tracker's answer is not bencoded"
	case AnswerNotDictionary:
		return "the tracker's answer is no dictionary"
	case AnswerEmpty:
		return "the tracker's answer says nothing"
	case AnswerTooShort:
		return "the tracker's answer is too short"
	case AnswerOfUnknownKind:
		return "the tracker's answer is of an unknown kind"
	}
	return "unknown fault"
}

// Scrape is what a tracker tells of one swarm.
type Scrape struct {
	InfoHash   InfoHash // zero in what is read of a datagram, which has the order asked for
	Seeders    Count
	Leechers   Count
	Downloaded Count // how often it was completed
}
