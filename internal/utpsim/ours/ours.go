// Package ours puts our core of uTP into a utpsim.World: a connection (package conn)
// behind the door of a socket (package door), with an application that sends bytes of
// the pattern and compares what comes with it. It is what a process will be, without
// the socket.
package ours

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"

	"github.com/etorrent/etorrent/internal/core/utp/conn"
	"github.com/etorrent/etorrent/internal/core/utp/door"
	"github.com/etorrent/etorrent/internal/core/utp/recv"
	"github.com/etorrent/etorrent/internal/utpsim"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/serial"
	"github.com/etorrent/etorrent/internal/vocab/utpwire"
)

// Role says who asks for the connection.
type Role uint8

// The roles.
const (
	Accepts Role = iota
	Asks
)

// Leave says how the application ends.
type Leave uint8

// The ways.
const (
	Stays    Leave = iota
	Finishes       // its stream, when all of it is appended
	Closes         // when all is appended and the remote's stream has ended
	Hangs          // up, when all is appended: it closes and reads no more
)

// Numbers says where the numbers of an end begin.
type Numbers uint8

// The ways.
const (
	Drawn Numbers = iota // by the seed
	Given                // by the plan: who accepts has no door then
)

// Plan is what the application of an end does.
type Plan struct {
	Role    Role
	From    mono.Instant // when it asks, of its clock; who accepts is there at once
	Bytes   int          // of its stream
	Leave   Leave
	Seed    uint64 // of ids, of the number of the Syn, and of the door's secret
	Numbers Numbers
	First   serial.Number // of the Syn or of the answer to it, where it is Given
	Core    conn.Config   // the zero one is conn.Defaults
	Audit   int           // after how many steps everything is looked at; 0: 64
	// Watch, if there is one, is shown the connection after each step.
	Watch func(now mono.Instant, s *conn.Status)
}

// End is one end, a utpsim.Stepper. Its fields are for reading.
type End struct {
	Conn     *conn.Conn   // nil: there is none yet
	Got      int64        // bytes that came
	Wrong    error        // what first contradicted itself: the stream, or the core
	EndedAt  mono.Instant // when the remote's stream ended
	ClosedAt mono.Instant
	Why      conn.Reason
	Again    int // packets that were sent again

	plan    Plan
	door    *door.Door
	guests  []conn.Opening // of one without a door
	shared  *conn.Shared
	pending [][]byte // to be sent
	fresh   int      // bytes that came since the last advance
	now     mono.Instant
	steps   int
	status  conn.Status // for Watch
}

// remote is the address of the other end.
var remote = netip.MustParseAddrPort("192.0.2.1:6881")

// earlyBuffers is how many packets of a connection may wait for others.
const earlyBuffers = 1 << 12

// New makes an end.
func New(p Plan) *End {
	if p.Core.Window == 0 {
		p.Core = conn.Defaults()
	}
	if p.Audit == 0 {
		p.Audit = auditEvery
	}
	return &End{
		plan: p, shared: conn.NewShared(recv.NewPool(2048, earlyBuffers)),
		door: door.New(door.Config{Most: 64, Window: uint32(p.Core.Window), Secret: [16]byte{byte(p.Seed), byte(p.Seed >> 8)}}),
	}
}

// isOpen says whether there is a connection.
func (e *End) isOpen() bool { return e.Conn != nil && e.Conn.Phase() != conn.Closed }

// Deliver gives a datagram to the connection, or to the door.
func (e *End) Deliver(now mono.Instant, datagram []byte) {
	e.now = now
	var p utpwire.Packet
	if fault := utpwire.Parse(datagram, &p); fault != utpwire.NoFault {
		return
	}
	if e.Conn != nil && e.Conn.Owns(&p) {
		e.Conn.Receive(now, &p, (*effects)(e))
		return
	}
	if e.plan.Role == Accepts && e.plan.Numbers == Given && e.Conn == nil {
		e.meet(now, &p)
		return
	}
	if p.Kind == utpwire.Syn {
		if k := e.door.Knock(now, remote, &p.Header); e.plan.Role == Accepts && k.Kind <= door.AnsweredUnwritten {
			e.post(&k.Answer)
		}
		return
	}
	switch x := e.door.Enter(now, remote, &p.Header); x.Kind {
	case door.Admitted:
		if e.Conn == nil {
			e.admit(now, conn.Opening(x.Guest), &p)
		}
	case door.Stray:
		e.post(&x.Reset)
	case door.Left, door.Premature, door.StrayReset, door.StrayUnanswered:
	}
}

// admit makes the connection of a remote, with its first packet.
func (e *End) admit(now mono.Instant, o conn.Opening, p *utpwire.Packet) {
	e.Conn = conn.Accept(e.plan.Core, e.shared, o, now)
	e.begin()
	e.Conn.Receive(now, p, (*effects)(e))
}

// meet is the door of one whose numbers are given: who knows them is let in.
func (e *End) meet(now mono.Instant, p *utpwire.Packet) {
	if p.Kind == utpwire.Syn {
		o := conn.Opening{ID: p.ID.Next(), Theirs: p.Seq, Ours: e.plan.First}
		if !slices.Contains(e.guests, o) {
			e.guests = append(e.guests, o)
		}
		e.post(&utpwire.Header{
			Kind: utpwire.State, ID: p.ID, Seq: o.Ours, Ack: o.Theirs, Stamp: utpwire.StampAt(now),
			Delay: utpwire.StampAt(now).Since(p.Stamp), Window: uint32(e.plan.Core.Window),
		})
		return
	}
	for _, o := range e.guests {
		if p.ID == o.ID && p.Ack == o.Ours.Previous() {
			e.admit(now, o, p)
			return
		}
	}
}

// begin is what the application does with a new connection.
func (e *End) begin() {
	e.Conn.Append(e.plan.Bytes)
	if e.plan.Leave == Finishes {
		e.Conn.Finish()
	}
}

// Deadline is when the connection has something to do, or is to be asked for.
func (e *End) Deadline() mono.Instant {
	if e.Conn == nil && e.plan.Role == Asks {
		return max(e.plan.From, 1)
	}
	if !e.isOpen() {
		return mono.Never
	}
	return e.Conn.Deadline()
}

// Advance does what is due.
func (e *End) Advance(now mono.Instant, out *utpsim.Outbox) {
	e.now = now
	if e.Conn == nil && e.plan.Role == Asks && now >= e.plan.From {
		e.Conn = conn.Dial(e.plan.Core, e.shared, e.invitation(), now)
		e.begin()
	}
	if e.fresh > 0 {
		e.Conn.Read(e.fresh)
		out.Deliver(e.fresh)
		e.fresh = 0
	}
	if e.isOpen() {
		e.leave(now)
		if d := e.Conn.Deadline(); d != mono.Never && d <= now {
			e.Conn.Expire(now, (*effects)(e))
		}
		e.Conn.Flush(now, (*effects)(e))
		e.audit(now)
	}
	if e.plan.Watch != nil && e.Conn != nil {
		e.status = e.Conn.Status()
		e.plan.Watch(now, &e.status)
	}
	for _, b := range e.pending {
		out.Send(b)
	}
	e.pending = e.pending[:0]
}

// leave ends what the plan has end.
func (e *End) leave(now mono.Instant) {
	switch e.plan.Leave {
	case Closes:
		if e.EndedAt != mono.Never {
			e.Conn.Close(now, (*effects)(e))
		}
	case Hangs:
		e.Conn.Close(now, (*effects)(e))
	case Stays, Finishes:
	}
}

// auditEvery is after how many steps everything is looked at, where the plan says nothing.
const auditEvery = 64

func (e *End) audit(now mono.Instant) {
	if e.steps++; e.Wrong != nil || e.steps%e.plan.Audit != 0 || !e.isOpen() {
		return
	}
	if err := e.Conn.Audit(now); err != nil {
		e.Wrong = fmt.Errorf("at %d: %w", now, err)
	}
}

// invitation has ids that differ, and that are no neighbours.
func (e *End) invitation() conn.Invitation {
	r := rand.New(rand.NewPCG(e.plan.Seed, 0))
	i := conn.Invitation{Seq: serial.Number(r.Uint32())}
	if e.plan.Numbers == Given {
		i.Seq = e.plan.First
	}
	first := utpwire.ConnID(r.Uint32())
	for n := range i.IDs {
		i.IDs[n] = first + utpwire.ConnID(1000*n)
	}
	return i
}

func (e *End) post(h *utpwire.Header) { e.pending = append(e.pending, h.Append(nil, nil)) }
