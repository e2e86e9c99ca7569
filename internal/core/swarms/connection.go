package swarms

import (
	"crypto/sha256"
	"encoding/binary"
	"net/netip"

	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/tracker"
)

// Secret is what connection ids are made with; who knows it can forge them.
type Secret [32]byte

// Gate gives connection ids and knows its own again without keeping them: each is
// a keyed hash of the address that asked and of the minute (BEP 15). The port does
// not count, since an address translator may give another for the next datagram.
// It is a value that never changes.
type Gate struct{ secret Secret }

// NewGate returns a gate that honours what another with the same secret gave.
func NewGate(s Secret) Gate { return Gate{s} }

// ConnectionEvidence says whether an address has a connection id from us.
type ConnectionEvidence uint8

// The kinds.
const (
	Connected ConnectionEvidence = iota
	NotConnected
)

// Give is the connection id of an address, good for one minute at least and two at
// most.
func (g Gate) Give(now mono.Instant, to netip.Addr) tracker.Connection {
	return g.of(minuteOf(now), to)
}

// View says whether a connection id was given to an address in this minute or the
// one before.
func (g Gate) View(now mono.Instant, from netip.Addr, c tracker.Connection) ConnectionEvidence {
	if m := minuteOf(now); c == g.of(m, from) || c == g.of(m-1, from) {
		return Connected
	}
	return NotConnected
}

func minuteOf(now mono.Instant) uint32 { return uint32(now / mono.Instant(tracker.ConnectionLife)) }

// of hashes what has one length only, and keeps most of the sum: nothing can be
// appended to what was hashed.
func (g Gate) of(minute uint32, a netip.Addr) tracker.Connection {
	var b [len(Secret{}) + 16 + 4]byte
	addr := a.As16()
	copy(b[:], g.secret[:])
	copy(b[len(g.secret):], addr[:])
	binary.BigEndian.PutUint32(b[len(g.secret)+len(addr):], minute)
	sum := sha256.Sum256(b[:])
	return tracker.Connection(binary.BigEndian.Uint64(sum[:]))
}
