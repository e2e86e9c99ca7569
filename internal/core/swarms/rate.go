package swarms

import (
	"encoding/binary"
	"net/netip"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/mono"
)

// Rate is how often one origin may ask: an IPv4 address, or an IPv6 /64. The host
// itself may as often as it likes.
type Rate struct {
	Each    time.Duration // between two requests, in the long run; 0 for no limit
	Burst   int           // that may come at once
	Origins int           // that are remembered; of more, the one that asked longest ago is forgotten
}

// limits is a leaky bucket for each origin that asked, told as the instant at which
// it is empty.
type limits struct {
	rate   Rate
	slots  slab[bucket]
	known  map[origin]int32
	recent chain
}

type bucket struct {
	of      origin
	emptyAt mono.Instant
}

// origin is the bits of an address that count.
type origin struct {
	bits   uint64
	family family
}

func originOf(a netip.Addr) origin {
	if a = a.Unmap(); a.Is4() {
		b := a.As4()
		return origin{uint64(binary.BigEndian.Uint32(b[:])), ipv4}
	}
	b := a.As16()
	return origin{binary.BigEndian.Uint64(b[:8]), ipv6}
}

func newLimits(r Rate) limits {
	return limits{rate: r, known: map[origin]int32{}, recent: newChain()}
}

// limitEvidence says whether a request is within the limit.
type limitEvidence uint8

const (
	within limitEvidence = iota
	limited
)

// take counts a request, if it is within the limit.
func (l *limits) take(now mono.Instant, from netip.Addr) limitEvidence {
	if l.rate.Each == 0 || from.Unmap().IsLoopback() {
		return within
	}
	i := l.slot(originOf(from))
	l.recent.push(i)
	b := &l.slots.values[i]
	if b.emptyAt < now {
		b.emptyAt = now
	}
	if b.emptyAt.Sub(now) > time.Duration(l.rate.Burst-1)*l.rate.Each {
		return limited
	}
	b.emptyAt = b.emptyAt.Add(l.rate.Each)
	return within
}

// slot is the bucket of an origin, out of the chain.
func (l *limits) slot(o origin) int32 {
	i, known := l.known[o]
	switch {
	case known:
		l.recent.drop(i)
		return i
	case len(l.known) >= l.rate.Origins:
		i = l.recent.oldest
		l.recent.drop(i)
		delete(l.known, l.slots.values[i].of)
		l.slots.values[i] = bucket{of: o}
	default:
		i = l.slots.add(bucket{of: o})
	}
	l.known[o] = i
	return i
}
