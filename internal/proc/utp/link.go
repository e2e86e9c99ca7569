package utp

import (
	"net/netip"

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
	// LocalAddr is where packets to a remote leave from; of the zero one any is said. It may
	// be called from anywhere.
	LocalAddr(remote netip.AddrPort) netip.AddrPort
}

// Batch is what was read at once, at one instant.
type Batch struct {
	At        mono.Instant
	Datagrams []pnet.Datagram

	from *socket
}
