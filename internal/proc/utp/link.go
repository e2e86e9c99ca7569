package utp

import (
	"net/netip"
	"time"

	"github.com/etorrent/etorrent/internal/core/utp/doze"
	pnet "github.com/etorrent/etorrent/internal/proc/net"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/sup"
)

// Link is where the datagrams of a Mux come from and go to. Its methods are for the
// process, but LocalAddr.
type Link interface {
	// Open begins to read, with goroutines of the process. What it opens is closed with
	// the process; the next one opens it again, at the same address.
	Open(p *sup.Process) error
	// Incoming is what comes. A batch is lent until it is returned.
	Incoming() <-chan Batch
	// Return gives a batch back.
	Return(b Batch)
	// Write sends datagrams in order, and says how many the system took; that may be
	// fewer, also without an error, which is that of the next one. After WriteBlocked it is
	// called again when Writable has told.
	Write(out []pnet.Datagram) (int, pnet.WriteState, error)
	Writable() <-chan struct{}
	// Room is how many bytes of datagrams wait to be read before others are lost; 0: that is
	// not known.
	Room() int
	// LocalAddr is where packets to a remote leave from; of the zero one any is said, and the
	// zero one where that is not known. It may be called from anywhere.
	LocalAddr(remote netip.AddrPort) netip.AddrPort
}

// AskRoom asks for much of the kernel's memory for a socket, and says how many bytes of full
// packets wait in it then; 0: that is not known.
func AskRoom(s pnet.Packets) int {
	receive, _, err := s.Buffers(wantedBuffer)
	if err != nil {
		return 0
	}
	return receive / fullCost * fullPacket
}

// FrontOf are the datagrams at the front that leave over one family; there is one at least.
func FrontOf(out []pnet.Datagram) ([]pnet.Datagram, pnet.Family) {
	f, n := pnet.FamilyOf(out[0].Remote.Addr()), 1
	for n < len(out) && pnet.FamilyOf(out[n].Remote.Addr()) == f {
		n++
	}
	return out[:n], f
}

// Await tells when a socket can take more, or is gone; writable has room for one word.
func Await(p *sup.Process, s pnet.Packets, writable chan struct{}) {
	p.Go("writer of "+pnet.FamilyOf(s.LocalAddr().Addr()).String(), func() error {
		_ = s.WaitWritable() // what is wrong shows itself at the next write
		select {
		case writable <- struct{}{}:
		default: // it was told
		}
		return nil
	})
}

// Batch is what was read at once, at one instant. Who has it may read on by itself before it is
// returned.
type Batch struct {
	At mono.Instant
	pnet.Reading
	// Back takes one word when the batch is returned, and has room for it.
	Back chan struct{}
	// Source is where to read on; nil: nowhere.
	Source Source
	// Doze is what is known of how it comes; it belongs to who has the batch.
	Doze *doze.Doze
}

// Source is what a batch was read from.
type Source interface {
	// More naps, and then reads what is there, for who has the batch. What that lent before is
	// not lent any more.
	More(nap time.Duration) (pnet.Reading, SourceState)
}

// SourceState says whether a source can be read on.
type SourceState uint8

// The states.
const (
	SourceOpen  SourceState = iota
	SourceSpent             // the batch is to be returned first
)
