package torrent

import (
	"bytes"
	"slices"
	"time"

	"github.com/etorrent/etorrent/internal/core/peer"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/wire"
)

const (
	// leastProgress is how many bytes of what waits for a remote have to leave for
	// it to count as one that reads. Less would let it hold what it has for ever.
	leastProgress = 16 << 10
	// stallAfter is how long it may take for them before the slabs that wait for it
	// are wanted back: others can use them.
	stallAfter = 10 * time.Second
	// stallLimit is how long it may take before it is left.
	stallLimit = 90 * time.Second
)

// pace says whether a remote takes what waits for it.
type pace uint8

const (
	paceSteady pace = iota
	// paceStalled lasts until all that waits has left; nothing is read ahead.
	paceStalled
)

// stallEvidence says how long a remote has taken too little.
type stallEvidence uint8

const (
	stallNone stallEvidence = iota
	stallLong               // its slabs are wanted back
	stallOver               // it is to be left
)

func (o *outbox) viewStall(now mono.Instant) stallEvidence {
	switch {
	case now >= o.moved.Add(stallLimit):
		return stallOver
	case o.slabs > 0 && now >= o.moved.Add(stallAfter):
		return stallLong
	}
	return stallNone
}

// deadline is when viewStall says more.
func (o *outbox) deadline() mono.Instant {
	switch {
	case o.isSent():
		return mono.Never
	case o.slabs > 0:
		return o.moved.Add(stallAfter)
	}
	return o.moved.Add(stallLimit)
}

// progress notes that n bytes left.
func (o *outbox) progress(now mono.Instant, n int) {
	if o.left += n; o.left >= leastProgress {
		o.moved, o.left = now, 0
	}
}

// takeBack gives the slabs of a remote back that does not take what is in them.
// Its requests wait again, and are read for again once it has taken the rest.
func (x *peerProc) takeBack() {
	x.p.Act("take back")
	x.core.TakeBack(x.out.unsend(), &x.batch)
	x.out.pace = paceStalled
}

// unsend takes the blocks out of which nothing was sent, in their order. The rest
// of one that was begun is copied. What lies in a mapping has no slab, and stays.
func (o *outbox) unsend() []peer.Request {
	var back []peer.Request
	kept := o.segments[:0]
	for _, s := range slices.Clone(o.segments) {
		last := len(kept) - 1
		switch {
		case s.lease == nil || s.lease.view() != inSlab:
			kept = append(kept, s)
		case last < 0 || last == 0 && len(kept[0].bytes) < wire.PieceHeaderBytes:
			for i := range kept { // its header lies in the lease too
				kept[i].bytes = bytes.Clone(kept[i].bytes)
			}
			s.bytes = bytes.Clone(s.bytes)
			s.lease.drop()
			s.lease = &lease{refs: 1, of: o}
			kept = append(kept, s)
		default: // its header is the end of what comes before it
			before := &kept[last]
			before.bytes = before.bytes[:len(before.bytes)-wire.PieceHeaderBytes]
			if o.messages -= wire.PieceHeaderBytes; len(before.bytes) == 0 {
				kept = kept[:last]
			}
			o.payload -= len(s.bytes)
			s.lease.drop()
			back = append(back, s.request)
		}
	}
	clear(o.segments[len(kept):])
	o.segments = kept
	return back
}
