package conn_test

import (
	"math/rand/v2"
	"net/netip"

	"github.com/etorrent/etorrent/internal/core/utp/conn"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/serial"
	"github.com/etorrent/etorrent/internal/vocab/utpwire"
)

// end is one of both in a world.
type end struct {
	*world
	index     int
	conn      *conn.Conn
	address   netip.AddrPort
	left      int
	sum, want uint64 // hash of what came, and of what the other one appended
	got       int
	stream    []byte // that is not released
	base      uint64 // of stream[0]
	ended     int
	doneAt    mono.Instant // all of its stream was acknowledged
	closed    []conn.Reason
	nth       int
	readAt    mono.Instant
	unread    int
	nextAt    mono.Instant
	random    *rand.Rand
	kinds     map[conn.ArrivalKind]int
	again     int
	last      serial.Number // that was sent
}

const fnvBasis uint64 = 14695981039346656037

func hash(sum uint64, b []byte) uint64 {
	for _, c := range b {
		sum = (sum ^ uint64(c)) * 1099511628211
	}
	return sum
}

func (e *end) other() *end { return e.ends[1-e.index] }

func (e *end) Deliver(b []byte) {
	e.sum, e.got, e.unread = hash(e.sum, b), e.got+len(b), e.unread+len(b)
	if e.reads > 0 && e.readAt == mono.Never {
		e.readAt = e.now.Add(e.reads)
	}
}

func (e *end) Send(o conn.Outgoing) {
	b := o.AppendHead(nil)
	if o.Size > 0 {
		b = append(b, e.stream[o.Begin-e.base:][:o.Size]...)
	}
	if o.Kind == utpwire.Data {
		e.last = o.Seq
	}
	if o.Times > 1 && o.Kind != utpwire.Syn {
		e.again++
	}
	if e.wide != nil && (o.Cut == conn.Uncut || e.fragments == lostThere) && len(b) > e.wide() {
		return
	}
	e.carry(e.other().index, b, o.Kind)
}

func (e *end) Released(to uint64) {
	e.stream, e.base = e.stream[to-e.base:], to
	e.doneAt = e.now
}
func (e *end) Connected()             { e.world.opened = e.now }
func (e *end) Ended()                 { e.ended++ }
func (e *end) Forget(utpwire.ConnID)  {}
func (e *end) Closed(why conn.Reason) { e.closed = append(e.closed, why) }

// apply is what the application of an end does.
func (e *end) apply() {
	if e.conn == nil || e.conn.Phase() == conn.Closed {
		return
	}
	if e.unread > 0 && (e.reads == 0 || e.readAt != mono.Never && e.readAt <= e.now) {
		e.conn.Read(e.unread)
		e.unread, e.readAt = 0, mono.Never
	}
	if e.left > 0 && e.nextAt <= e.now {
		n := min(e.left, 1+e.random.IntN(e.chunk))
		e.left -= n
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(e.random.Uint32())
		}
		e.stream = append(e.stream, b...)
		e.other().want = hash(e.other().want, b)
		e.conn.Append(n)
		e.nextAt = e.now.Add(e.pause)
	}
	switch {
	case e.left > 0:
	case e.leave == finishes, e.leave == closesAfter && e.index == 1:
		e.conn.Finish()
	case e.leave == closesAfter && e.ended > 0, e.leave == closesAtOnce:
		e.conn.Close(e.local(e.index), e)
	}
}

// flush has the end go on until nothing is due.
func (e *end) flush() {
	if e.conn == nil {
		return
	}
	now := e.local(e.index)
	e.apply()
	for d := e.conn.Deadline(); d != mono.Never && d <= now && e.conn.Phase() != conn.Closed; d = e.conn.Deadline() {
		e.conn.Expire(now, e)
		e.conn.Flush(now, e)
	}
	e.conn.Flush(now, e)
	if e.steps%e.audits == 0 || e.carried < 100 {
		if err := e.conn.Audit(now); err != nil {
			e.Fatalf("end %d: %v", e.index, err)
		}
	}
}

// due is when the end wants to go on.
func (e *end) due() mono.Instant {
	if e.conn == nil || e.conn.Phase() == conn.Closed {
		return mono.Never
	}
	d := mono.Never
	if c := e.conn.Deadline(); c != mono.Never {
		d = c.Add(-e.clocks[e.index])
	}
	if e.left > 0 {
		d = mono.Earliest(d, max(e.nextAt, e.now+1))
	}
	if e.readAt != mono.Never {
		d = mono.Earliest(d, e.readAt)
	}
	return d
}
