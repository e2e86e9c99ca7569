//go:build linux

package libutp

import (
	"bytes"
	"net/netip"

	"github.com/etorrent/etorrent/internal/core/utp/conn"
	"github.com/etorrent/etorrent/internal/core/utp/door"
	"github.com/etorrent/etorrent/internal/core/utp/recv"
	"github.com/etorrent/etorrent/internal/core/utp/send"
	"github.com/etorrent/etorrent/internal/utpsim"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/utpwire"
)

// subject is an end in lockstep: libutp, or ours.
type subject interface {
	// do has events happen, in order of time, and returns what they caused.
	do(events []Event) ([]Record, error)
	// due is when it wants to be looked at, mono.Never: at libutp's ticks only.
	due() mono.Instant
}

// due of a libutp is its tick, which who waits knows.
func (c *child) due() mono.Instant { return mono.Never }

// roomOfLibutp is what a connection of ours begins with, but with libutp's room: 1 MiB and
// 1,024 packets.
func roomOfLibutp() conn.Config {
	c := conn.Defaults()
	c.Window, c.Slots, c.Packets = send.ForeignWindow, 1024, send.ForeignPackets
	return c
}

// core is our end as a subject: door, connection, and an application that does what
// peer/lockstep.cpp does for libutp.
type core struct {
	conn    *conn.Conn // nil: there is none yet
	door    *door.Door
	shared  *conn.Shared
	now     mono.Instant
	event   int
	records []Record
	got     int64
	held    int
	holds   reading
	backlog int // that is written when somebody has come
	wrong   error
	ending  Op // Shutdown or Close when somebody has come; 0: not at all
}

// reading says whether the application of a core reads.
type reading uint8

const (
	readsAll reading = iota
	readsNone
)

// stranger is the address of the other end.
var stranger = netip.MustParseAddrPort("10.0.0.1:6881")

func newCore(seed uint64) *core {
	return &core{
		door:   door.New(door.Config{Most: 64, Window: 1 << 20, Secret: [16]byte{byte(seed)}}),
		shared: conn.NewShared(recv.NewPool(2048, 4096)),
	}
}

func (c *core) isOpen() bool { return c.conn != nil && c.conn.Phase() != conn.Closed }

func (c *core) due() mono.Instant {
	if !c.isOpen() {
		return mono.Never
	}
	return c.conn.Deadline()
}

func (c *core) record(k Kind, n int) {
	c.records = append(c.records, Record{Event: c.event, Kind: k, N: uint32(n)})
}

func (c *core) do(events []Event) ([]Record, error) {
	c.records = nil
	for i, e := range events {
		c.event, c.now = i, e.At
		c.expire()
		c.act(e)
	}
	return c.records, c.wrong
}

func (c *core) expire() {
	if d := c.due(); d != mono.Never && d <= c.now {
		c.conn.Expire(c.now, c)
		c.flush()
	}
}

// flush reads what came, goes on, and looks at everything.
func (c *core) flush() {
	if c.isOpen() && c.holds == readsAll && c.held > 0 {
		c.conn.Read(c.held)
		c.held = 0
	}
	if !c.isOpen() {
		return
	}
	c.conn.Flush(c.now, c)
	if err := c.conn.Audit(c.now); err != nil && c.wrong == nil {
		c.wrong = err
	}
}

func (c *core) act(e Event) {
	switch e.Op {
	case Datagram:
		c.receive(e.Datagram)
		return
	case Connect:
		c.conn = conn.Dial(roomOfLibutp(), c.shared, conn.Invitation{IDs: [...]utpwire.ConnID{40, 80, 120, 160}, Seq: 65534}, c.now)
	case Write:
		c.backlog += int(e.N)
	case Hold:
		c.holds = readsNone
	case Read:
		c.holds = readsAll
	case Shutdown, Close:
		c.ending = e.Op
	case Drained, Tick:
	}
	c.write()
	c.flush()
}

// write has the connection know what the application did before there was one.
func (c *core) write() {
	if !c.isOpen() {
		return
	}
	c.conn.Append(c.backlog)
	c.backlog = 0
	switch c.ending {
	case Shutdown:
		c.conn.Finish()
	case Close:
		c.conn.Close(c.now, c)
	}
}

func (c *core) receive(datagram []byte) {
	var p utpwire.Packet
	if fault := utpwire.Parse(datagram, &p); fault != utpwire.NoFault {
		if fault.Owner() != utpwire.UTP {
			c.record(NotUTP, len(datagram))
		}
		return
	}
	switch {
	case c.conn != nil && c.conn.Owns(&p):
		c.conn.Receive(c.now, &p, c)
	case p.Kind == utpwire.Syn:
		if k := c.door.Knock(c.now, stranger, &p.Header); k.Kind <= door.AnsweredUnwritten {
			c.Send(conn.Outgoing{Header: k.Answer})
		}
	default:
		c.enter(&p)
	}
}

// enter has who knows the answer come in.
func (c *core) enter(p *utpwire.Packet) {
	switch e := c.door.Enter(c.now, stranger, &p.Header); e.Kind {
	case door.Admitted:
		if c.conn == nil {
			c.record(Accepted, 0)
			c.conn = conn.Accept(roomOfLibutp(), c.shared, conn.Opening(e.Guest), c.now)
			c.conn.Receive(c.now, p, c)
			c.write()
		}
	case door.Stray:
		c.Send(conn.Outgoing{Header: e.Reset})
	case door.Left, door.Premature, door.StrayReset, door.StrayUnanswered:
	}
}

// Deliver compares what comes with the pattern.
func (c *core) Deliver(b []byte) {
	if len(b) == 0 {
		return
	}
	k := Delivered
	if !bytes.Equal(b, utpsim.Pattern(c.got, len(b))) {
		k = Differs
	}
	c.record(k, len(b))
	c.got += int64(len(b))
	c.held += len(b)
}

// Send writes a packet, with its bytes of the pattern.
func (c *core) Send(o conn.Outgoing) {
	datagram := append(o.AppendHead(nil), utpsim.Pattern(int64(o.Begin), o.Size)...)
	c.records = append(c.records, Record{Event: c.event, Kind: Sent, N: uint32(len(datagram)), Datagram: datagram})
}

// Released is of no use: the pattern is always there.
func (c *core) Released(uint64) {}

// Connected tells it.
func (c *core) Connected() { c.record(Connected, 0) }

// Ended tells it.
func (c *core) Ended() { c.record(Ended, 0) }

// Forget is of no use: there is one connection.
func (c *core) Forget(utpwire.ConnID) {}

// Closed tells it as libutp does.
func (c *core) Closed(why conn.Reason) {
	switch why {
	case conn.Refused:
		c.record(Failed, int(Refused))
	case conn.Reset:
		c.record(Failed, int(Reset))
	case conn.Silent, conn.Unanswered:
		c.record(Failed, int(TimedOut))
	case conn.NotClosed, conn.Finished, conn.Aborted:
	}
	c.record(Destroyed, 0)
}
