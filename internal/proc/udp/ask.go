package udp

import (
	"errors"
	"net/netip"

	"github.com/etorrent/etorrent/internal/core/demux"
	"github.com/etorrent/etorrent/internal/leaf/bounded"
	pnet "github.com/etorrent/etorrent/internal/proc/net"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/sup"
)

// crashesPerAsk is how often a packet is sent again whose exchange ended with the
// process.
const crashesPerAsk = 2

// ErrCrashed answers an Ask whose exchanges kept ending with the process.
var ErrCrashed = errors.New("the UDP process crashed")

// Ask is a question to a UDP tracker (BEP 15), one packet that one packet answers.
type Ask struct {
	// To is the tracker's endpoint; only an answer from there counts.
	To netip.AddrPort
	// Transaction is the number that the packet carries. It has to be hard to
	// guess, and is used once.
	Transaction uint32
	// Packet is the process's from now on. It may be sent more than once, if the
	// process is restarted or its socket moves.
	Packet []byte
	// Deadline is until when an answer counts.
	Deadline mono.Instant
	// Into gets one Reply. Nothing else of this Ask is ever put there.
	Into *sup.Mailbox[Reply]
}

// Reply is what became of one Ask.
type Reply struct {
	To          netip.AddrPort // as it was asked
	Transaction uint32
	Outcome     Outcome
}

// Outcome says how an exchange ended.
//
//sumtype:decl
type Outcome interface{ outcome() }

type (
	// Answered: a packet came from the tracker with the transaction, and with an
	// action from 0 to 3; nothing else of it was looked at. At is when it was read.
	Answered struct {
		Packet []byte
		At     mono.Instant
	}
	// Expired: none came until the deadline.
	Expired struct{}
	// NotSent: the system refused the packet, there is no socket for it
	// (*NoSocketError), or the process crashed each time (ErrCrashed). The tracker
	// may be asked again.
	NotSent struct{ Err error }
	// NotExpected: the transaction was open already, or too many were.
	NotExpected struct{ Because demux.ExpectEvidence }
)

func (Answered) outcome()    {}
func (Expired) outcome()     {}
func (NotSent) outcome()     {}
func (NotExpected) outcome() {}

// ask is one Ask that has no Reply.
type ask struct {
	Ask
	crashes int // of the process since it was asked
}

func (a *ask) key() demux.Key { return demux.KeyOf(a.Transaction, a.To) }

func (a *ask) datagram() pnet.Datagram { return pnet.Datagram{Remote: a.To, Payload: a.Packet} }

func (a *ask) reply(o Outcome) {
	a.Into.Put(Reply{To: a.To, Transaction: a.Transaction, Outcome: o})
}

// Ask sends a question to a tracker; what becomes of it comes as a Reply. Where the
// answer is not Queued, none will come. It does not wait.
func (h *Handle) Ask(a Ask) SendEvidence {
	if !sendable(a.To) {
		return NoAddress
	}
	if h.asks.Put(&ask{Ask: a}, bounded.Load{Bytes: len(a.Packet), Count: 1}) == bounded.Full {
		return QueueFull
	}
	return Queued
}
