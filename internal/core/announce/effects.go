package announce

import (
	"net/netip"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/ident"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/tracker"
)

// Effects receives what follows from an input. Its methods only append to a batch,
// which the owner carries out after the step, in the order of the calls.
type Effects interface {
	// Lookup asks for the addresses of a host; Resolved answers.
	Lookup(host string)
	// Send makes a request; Answer or Failed answers.
	Send(r Request)
	// Peers are endpoints that a tracker named.
	Peers(id ident.TorrentID, peers []netip.AddrPort, from tracker.URL)
	// Drop says that a private torrent has another tracker now (BEP 27): peers that
	// were there before are to be left, and those that the old one named forgotten.
	Drop(id ident.TorrentID, old tracker.URL)
	// ExternalIP is our address as a tracker sees it (BEP 24): a stranger's word.
	ExternalIP(at netip.Addr, from tracker.URL)
	// Report tells people how a tracker does.
	Report(id ident.TorrentID, r Report)
	// Save says that Snapshot of a torrent has changed. One that comes before a Send
	// has to be kept before it is sent, for counters never to go down.
	Save(id ident.TorrentID)
	// Gone says that a torrent was taken leave of, and what is to be kept of it.
	Gone(id ident.TorrentID, s Saved)
}

// RequestID names a request to the tracker among all that were ever made.
type RequestID uint64

// Request is an announce to be made. Who makes it puts in the port and, where the
// tracker cannot see them, the addresses.
type Request struct {
	ID       RequestID
	Torrent  ident.TorrentID
	Tracker  tracker.URL
	Family   tracker.Family // of the socket
	Announce tracker.Announce
	Patience time.Duration // after which it is to be given up as TimedOut
}

// Report is how a tracker does, in one address family.
type Report struct {
	Tracker  tracker.URL
	Tier     int // from 0 on, in the order in which they are walked
	Family   tracker.Family
	Standing Standing
}

// Standing says how a tracker does.
//
//sumtype:decl
type Standing interface{ standing() }

// Unasked has not been asked, or is being asked for the first time.
type Unasked struct{}

// Working answered the last time.
type Working struct {
	Seeders  tracker.Count
	Leechers tracker.Count
	Peers    int    // that it named
	Warning  string // printable; empty for none
	Next     mono.Instant
}

// Failing did not. Failures is how often in a row.
type Failing struct {
	Why      Fault
	Failures int
	Next     mono.Instant // before which it is not asked again
}

// GivenUp said that it is never to be asked again (BEP 31).
type GivenUp struct{ Why Fault }

func (Unasked) standing() {}
func (Working) standing() {}
func (Failing) standing() {}
func (GivenUp) standing() {}

// Fault is why a request had no good answer.
//
//sumtype:decl
type Fault interface{ fault() }

// TimedOut had no answer in its time.
type TimedOut struct{}

// Unreachable could not be sent, or broke off. Reason is for people, and holds no
// passkey.
type Unreachable struct{ Reason string }

// NoHost is a host without an address that we could call.
type NoHost struct{}

// Refused was answered with no.
type Refused struct{ Failure tracker.Failure }

// Nonsense was answered by what is no tracker.
type Nonsense struct{ Why tracker.AnswerFault }

func (TimedOut) fault()    {}
func (Unreachable) fault() {}
func (NoHost) fault()      {}
func (Refused) fault()     {}
func (Nonsense) fault()    {}

// Families says in which address families a host can be called from here. That
// takes an address of its own in the family on both sides.
type Families uint8

// The families. ByName is a host that somebody else looks up, such as a proxy: it is
// asked once, in AnyFamily.
const (
	FamiliesUnknown Families = iota
	ByName
	OnlyIPv4
	OnlyIPv6
	BothFamilies
	NoAddress
)
