package udp

import (
	"net/netip"

	"github.com/etorrent/etorrent/internal/leaf/bounded"
	pnet "github.com/etorrent/etorrent/internal/proc/net"
	"github.com/etorrent/etorrent/internal/vocab/mono"
)

const (
	// datagramCost is what one costs its subscriber besides its payload, in bytes.
	datagramCost = 96
)

// Batch is what came for one subscriber at once. It is the subscriber's.
type Batch struct {
	At        mono.Instant // when it was read
	Datagrams []pnet.Datagram
	// Faults are sends that failed. That a datagram is not among them does not say
	// that it was sent.
	Faults []Fault
}

// Fault is one send that failed.
type Fault struct {
	To  netip.AddrPort
	Err error // a *net.OpError, or *pnet.NoSocketError
}

func (b Batch) load() bounded.Load {
	n := (len(b.Datagrams) + len(b.Faults)) * datagramCost
	for _, d := range b.Datagrams {
		n += len(d.Payload)
	}
	return bounded.Load{Bytes: n, Count: len(b.Datagrams) + len(b.Faults)}
}

// copied is a batch of its own memory.
func copied(at mono.Instant, of []pnet.Datagram) Batch {
	n := 0
	for _, d := range of {
		n += len(d.Payload)
	}
	memory := make([]byte, 0, n)
	b := Batch{At: at, Datagrams: make([]pnet.Datagram, len(of))}
	for i, d := range of {
		start := len(memory)
		memory = append(memory, d.Payload...)
		d.Payload = memory[start:len(memory):len(memory)]
		b.Datagrams[i] = d
	}
	return b
}

// room is for one datagram that is read. One byte more than the largest shows a larger one.
const room = pnet.MaxDatagram + 1
