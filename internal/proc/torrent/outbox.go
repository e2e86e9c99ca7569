package torrent

import (
	"github.com/etorrent/etorrent/internal/core/peer"
	"github.com/etorrent/etorrent/internal/proc/disk"
	pnet "github.com/etorrent/etorrent/internal/proc/net"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/wire"
)

// lease keeps what was read ahead until the last block in it was written. The blocks'
// headers lie in the lease, and are written before them.
type lease struct {
	read    disk.ReadDone // without memory for a copy
	headers []byte
	refs    int
	of      *outbox
}

func (l *lease) drop() {
	if l.refs--; l.refs > 0 || l.view() == inCopy {
		return
	}
	l.of.leases--
	if l.view() == inSlab {
		l.of.slabs--
	}
	l.read.Release()
	l.read = disk.ReadDone{}
	l.of.spare = append(l.of.spare, l)
}

// lair says where the blocks of a lease lie.
type lair uint8

const (
	inCopy lair = iota
	inSlab
	inMapping // that nobody but the kernel may read
)

func (l *lease) view() lair {
	switch {
	case !l.read.Slab.IsNone():
		return inSlab
	case !l.read.Mapping.IsNone():
		return inMapping
	}
	return inCopy
}

// block is what answers a request.
func (l *lease) block(r peer.Request) []byte {
	from := r.Begin - l.read.Begin
	if l.view() == inMapping {
		return l.read.Mapping.ForKernel(from, r.Length)
	}
	return l.read.Data[from : from+r.Length]
}

// lend makes the lease of what was read, in the hands of the caller, with room for the
// headers of so many blocks. There are never more leases than peerSlabs.
func (o *outbox) lend(read disk.ReadDone, blocks int) *lease {
	var l *lease
	if last := len(o.spare) - 1; last >= 0 {
		l, o.spare = o.spare[last], o.spare[:last]
	} else {
		l = &lease{of: o}
	}
	if room := blocks * wire.PieceHeaderBytes; cap(l.headers) < room {
		l.headers = make([]byte, 0, room)
	}
	l.read, l.headers, l.refs = read, l.headers[:0], 1
	o.leases++
	if l.view() == inSlab {
		o.slabs++
	}
	return l
}

// segment is a run of bytes to be written: messages, or a block that lies in what is
// leased.
type segment struct {
	bytes   []byte
	lease   *lease       // nil for messages
	request peer.Request // that a block answers
}

// outbox holds what the socket has not taken yet, in order.
type outbox struct {
	segments []segment
	messages int      // bytes of messages among them
	payload  int      // bytes of blocks among them
	leases   int      // reads that they lie in
	slabs    int      // those of them that have a slab
	spare    []*lease // to be used again
	state    pnet.WriteState
	unsent   unsent
	fault    error        // that ended the connection
	writable chan error   // from the linked writer
	moved    mono.Instant // when leastProgress was made, or bytes began to wait; mono.Never while none do
	left     int          // bytes since
	pace     pace
	gather   [][]byte
	arena    []byte
}

const writeOpen = pnet.WriteOpen

// arenaSize is how many bytes of messages share one allocation.
const arenaSize = 4 << 10

// smallest is the least room that is made for messages.
const smallest = 64

// addMessages appends encoded messages.
func (o *outbox) addMessages(b []byte) {
	if len(b) == 0 {
		return
	}
	o.messages += len(b)
	last := len(o.segments) - 1
	if last >= 0 && o.segments[last].lease == nil && cap(o.segments[last].bytes)-len(o.segments[last].bytes) >= len(b) {
		o.segments[last].bytes = append(o.segments[last].bytes, b...)
		return
	}
	o.segments = append(o.segments, segment{bytes: append(o.take(len(b)), b...)})
}

// take cuts an empty slice with room for at least n bytes: for a while where
// nothing else waits, else for little more, since it may be the header of one of
// many small blocks.
func (o *outbox) take(n int) []byte {
	if n > arenaSize || len(o.segments) > 0 {
		return make([]byte, 0, max(n, smallest))
	}
	if o.arena == nil {
		o.arena = make([]byte, 0, arenaSize)
	}
	return o.arena
}

// addAnswer appends the answer to a request, behind its header. The lease was made
// with room for that.
func (o *outbox) addAnswer(r peer.Request, l *lease) {
	begin := len(l.headers)
	l.headers = wire.AppendPieceHeader(l.headers, r.Piece, r.Begin, r.Length)
	header := l.headers[begin:len(l.headers):len(l.headers)]
	o.messages += len(header)
	o.segments = append(o.segments, segment{bytes: header})
	o.addBlock(r, l.block(r), l)
}

// addBlock appends a block whose header was appended before.
func (o *outbox) addBlock(r peer.Request, b []byte, l *lease) {
	l.refs++
	o.payload += len(b)
	o.segments = append(o.segments, segment{bytes: b, lease: l, request: r})
}

func (o *outbox) isEmpty() bool { return len(o.segments) == 0 }

// isSent says whether nothing waits here or in the connection's own buffer.
func (o *outbox) isSent() bool { return o.isEmpty() && o.state == pnet.WriteOpen }

// flush writes what the socket takes, but of blocks no more than most bytes, and
// returns how many bytes of blocks and of everything left.
func (o *outbox) flush(c pnet.Conn, most int) (payload, total int, err error) {
	for o.state == pnet.WriteOpen {
		o.collect(most - payload)
		if len(o.gather) == 0 {
			break
		}
		n, state, werr := tryWrite(c, o.gather)
		clear(o.gather)
		o.state = state
		total += n
		payload += o.advance(n)
		if werr != nil {
			return payload, total, werr
		}
	}
	return payload, total, nil
}

// tryWrite writes what may lie in a mapping, which is lent to such connections only.
func tryWrite(c pnet.Conn, bufs [][]byte) (int, pnet.WriteState, error) {
	if u, can := c.(pnet.Untouching); can {
		return u.TryWriteUntouched(bufs)
	}
	return c.TryWrite(bufs)
}

// readerOf is who reads what is written to a connection.
func readerOf(c pnet.Conn) disk.Reader {
	if _, can := c.(pnet.Untouching); can {
		return disk.ReadByKernel
	}
	return disk.ReadByUs
}

// collect gathers what is to be written, up to most bytes of blocks.
func (o *outbox) collect(most int) {
	o.gather = o.gather[:0]
	for _, s := range o.segments {
		b := s.bytes
		if s.lease != nil {
			if most == 0 {
				return
			}
			b = b[:min(most, len(b))]
			most -= len(b)
		}
		o.gather = append(o.gather, b)
		if len(b) < len(s.bytes) {
			return
		}
	}
}

// advance drops n written bytes from the front and returns how many of them
// were of blocks.
func (o *outbox) advance(n int) (payload int) {
	done := 0
	for i := range o.segments {
		s := &o.segments[i]
		k := min(n, len(s.bytes))
		n -= k
		if s.lease != nil {
			payload += k
			o.payload -= k
		} else {
			o.messages -= k
		}
		s.bytes = s.bytes[k:]
		if len(s.bytes) > 0 {
			break
		}
		if s.lease != nil {
			s.lease.drop()
		}
		done++
	}
	rest := copy(o.segments, o.segments[done:])
	clear(o.segments[rest:])
	o.segments = o.segments[:rest]
	return payload
}

// discard drops everything; the leases are given back.
func (o *outbox) discard() {
	for _, s := range o.segments {
		if s.lease != nil {
			s.lease.drop()
		}
	}
	o.segments = nil
	o.messages, o.payload = 0, 0
}
