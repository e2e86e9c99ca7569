package torrent

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/etorrent/etorrent/internal/core/assign"
	"github.com/etorrent/etorrent/internal/core/book"
	"github.com/etorrent/etorrent/internal/core/handshake"
	"github.com/etorrent/etorrent/internal/core/peer"
	"github.com/etorrent/etorrent/internal/leaf/havelog"
	"github.com/etorrent/etorrent/internal/leaf/slab"
	"github.com/etorrent/etorrent/internal/proc/clock"
	"github.com/etorrent/etorrent/internal/proc/disk"
	pnet "github.com/etorrent/etorrent/internal/proc/net"
	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
	"github.com/etorrent/etorrent/internal/vocab/wire"
	"github.com/etorrent/etorrent/sup"
)

const (
	// handshakeLimit is how long both handshakes may take.
	handshakeLimit = 20 * time.Second
	// messageBacklog is how many bytes of messages may wait for a remote before
	// it is no longer read: it makes us answer and does not take the answers.
	messageBacklog = 64 << 10
	// haveDelay is how long a HAVE may wait for another message to go with.
	haveDelay = 100 * time.Millisecond
)

// candidate is a connection that becomes a peer.
type candidate struct {
	id        assign.HolderID
	conn      pnet.Conn
	addr      netip.AddrPort
	direction handshake.Direction
	acceptor  *handshake.Acceptor // inbound: it awaits our answer
	orders    *sup.Mailbox[peerOrder]
	meter     *meter
	infoHash  [20]byte
	disk      *disk.Disk
	log       *havelog.Log // what the remote sees
	shown     *havelog.Log // the same, where it sees what it is shown only; else nil
	geometry  geometry.Geometry
	goal      peer.Goal
}

// peerProc is the process of one connection: a loop that owns the core and
// writes without blocking, a linked reader, and a linked writer only while the
// socket is full.
type peerProc struct {
	t      *Torrent
	p      *sup.Process
	c      candidate
	core   *peer.Core
	limits wire.Limits
	batch  stepBatch
	in     intake
	out    outbox
	news   news
	up     uploads
	taken  sup.Taken[peerOrder]
	kept   []peerOrder // that came before trading
	joins  joinNumber  // the latest
	alarm  *clock.Alarm
	worth  book.Trade
}

// intake is what comes from the reader.
type intake struct {
	reader  *reader
	slab    slab.Slab // decoded now, and ours
	carry   []byte    // the part of a frame behind the last whole one
	holding holdState
	wait    readerWait
	end     readerEnd
}

// readerWait says whether it is our side that does not read.
type readerWait uint8

const (
	readerReads readerWait = iota
	readerWaits
)

// news is how far the remote was told of our pieces.
type news struct {
	wake   chan struct{}
	cursor havelog.Cursor
	fresh  []pieceset.Index
	due    mono.Instant
}

// readerEnd says whether the reader will come back for more.
type readerEnd uint8

const (
	readerAlive readerEnd = iota
	readerGone
)

// holdState says whether the reader waits for us.
type holdState uint8

const (
	readerRuns holdState = iota
	readerHeld
)

func (t *Torrent) peerChild(c candidate) sup.Child {
	return sup.Child{
		Name:    fmt.Sprintf("peer[%v#%d]", c.addr, c.id),
		Kind:    "peer",
		Restart: sup.Temporary,
		Run:     func(p *sup.Process) error { return t.runPeer(p, c) },
	}
}

func (t *Torrent) runPeer(p *sup.Process, c candidate) error {
	p.Closes(c.conn)
	p.Watches(c.orders)
	x := &peerProc{
		t: t, p: p, c: c,
		limits: wire.Limits{Geometry: c.geometry},
		alarm:  t.env.Clock.NewAlarm(),
		out:    outbox{writable: make(chan error, 1)},
		news:   news{wake: make(chan struct{}, 1)},
		up:     uploads{done: sup.NewMailbox[disk.ReadDone](), limit: t.up.Drawer()},
		in: intake{reader: &reader{
			conn: c.conn, slabs: c.disk.Slabs(), rented: make(chan slab.Slab, 1), clock: t.env.Clock, limit: t.down.Drawer(),
			fills: make(chan fill), resume: make(chan appetite), waits: make(chan struct{}, 1),
		}},
	}
	defer x.cleanUp()
	p.Ready()
	p.Go("reader", func() error { return x.in.reader.run(p) })
	remote, early, why := x.shakeHands()
	if why == "" {
		why = x.trade(remote, early)
	}
	t.control.Put(toControl{closing: &peerClosing{id: c.id, reason: why, trade: x.worth}})
	x.miss() // after that, since it may end all connections for another reason
	return nil
}

// cleanUp gives back what the process holds; it also runs when it panics.
func (x *peerProc) cleanUp() {
	x.c.log.Leave(x.news.wake)
	x.alarm.Stop()
	_ = x.c.conn.Close()
	x.out.discard()
	x.up.limit.Leave()
	if !x.in.slab.IsNone() {
		x.in.slab.Release()
	}
	for _, done := range x.up.taken.Rest() {
		done.Release()
	}
	x.up.ready.Release()
	x.c.disk.Abandon(x.up.done)
}

// trade runs the connection from the end of the handshake to its end, and says
// why it ended.
func (x *peerProc) trade(remote wire.Handshake, early []byte) string {
	now := x.now()
	announce, cursor := x.c.log.Join(x.news.wake)
	x.news.cursor = cursor
	x.core = peer.New(peer.Config{
		Geometry:     x.c.geometry,
		InfoHash:     x.c.infoHash,
		Capabilities: ownCapabilities.Shared(wire.CapabilitiesOf(remote.Reserved)),
		Held:         x.c.log,
		Announce:     announce,
		Client:       x.t.env.Client,
		RemoteAddr:   x.c.addr,
		ListenPort:   x.t.env.ListenPort(),
		Goal:         x.c.goal,
	})
	x.batch.holder = x.c.id
	x.join()
	x.core.Open(now, &x.batch)
	x.decode(early) // no block can be among it: nothing was requested
	x.letReaderGo()
	for _, o := range x.kept {
		_ = x.obey(o) // none of them ends a connection
	}
	x.kept = nil
	for {
		if why := x.settle(); why != "" {
			return why
		}
		if why := x.receive(); why != "" {
			return why
		}
	}
}

// receive waits for one input and steps the core with it.
func (x *peerProc) receive() string {
	x.alarm.Arm(x.nextDeadline())
	select {
	case <-x.p.Stopping():
		return "stopped"
	case f := <-x.in.reader.fills:
		x.in.slab = f.slab
		x.p.Receive("fill")
		return x.takeFill(f)
	case <-x.in.reader.waits:
		x.in.wait = readerWaits
	case <-x.c.orders.Wake():
		x.p.Receive("order")
		for x.taken.Take(x.c.orders); x.taken.Left() > 0; {
			if why := x.obey(x.taken.Next()); why != "" {
				return why
			}
		}
	case <-x.up.done.Wake():
		x.p.Receive("read done")
		x.takeReads()
	case <-x.news.wake:
		x.p.Receive("have")
		if x.news.due == mono.Never {
			x.news.due = x.now().Add(haveDelay)
		}
	case err := <-x.out.writable:
		x.p.Receive("writable")
		return x.unblock(err)
	case <-x.alarm.C():
		x.alarm.Rang()
		x.p.Receive("alarm")
		x.keepNothing()
		x.p.Step("tick")
		if x.in.wait == readerWaits {
			x.core.HeldBack(x.now()) // the remote is not to blame
		}
		x.core.Tick(x.now(), &x.batch)
	}
	return ""
}

// keepNothing gives up the buffers that nothing lies in: an idle connection has none.
func (x *peerProc) keepNothing() {
	if len(x.in.carry) == 0 {
		x.in.carry = nil
	}
	x.taken, x.batch.picker = sup.Taken[peerOrder]{}, nil // handled and told before
}

func (x *peerProc) now() mono.Instant { return x.t.env.Clock.Now() }

func (x *peerProc) nextDeadline() mono.Instant {
	d := mono.Earliest(x.core.NextDeadline(), x.news.due)
	d = mono.Earliest(mono.Earliest(d, x.up.due), x.out.deadline())
	if x.out.state == pnet.WriteBlocked {
		return d
	}
	return mono.Earliest(d, x.up.dole.deadline(x.out.payload))
}

// takeFill decodes what the reader brought and steps the core with each
// message. The slab stays ours until the batch moved it to the disk.
func (x *peerProc) takeFill(f fill) string {
	x.in.slab, x.in.holding = f.slab, readerHeld
	x.endWait()
	if !f.slab.IsNone() {
		x.batch.slab = f.slab
		x.decode(f.slab.Bytes()[:f.n])
	}
	if f.err != nil {
		x.in.end = readerGone
		if why := x.settle(); why != "" {
			return why
		}
		return "read: " + f.err.Error()
	}
	if why := x.execute(); why != "" {
		return why
	}
	x.letReaderGo()
	return ""
}

// endWait notes that the reader has read again, after a wait that was ours.
func (x *peerProc) endWait() {
	select {
	case <-x.in.reader.waits: // told before the fill that is here now
		x.in.wait = readerWaits
	default:
	}
	if x.in.wait == readerWaits {
		x.in.wait = readerReads
		x.core.HeldBack(x.now())
	}
}

func (x *peerProc) decode(buf []byte) {
	x.p.Step("decode")
	now := x.now()
	var m wire.Message
	for len(buf) > 0 && x.batch.closing == nil {
		d := wire.Decode(buf, &x.limits, &m)
		switch d.Outcome {
		case wire.Complete:
			x.core.Receive(now, &m, &x.batch)
			buf = buf[d.Size:]
			continue
		case wire.Malformed:
			x.core.Malformed(d.Fault, &x.batch)
		case wire.Incomplete:
		}
		break
	}
	x.core.EndOfBatch(&x.batch)
	x.in.keep(buf)
}

// letReaderGo lets the reader go on, unless the remote makes us answer without
// taking the answers.
func (x *peerProc) letReaderGo() {
	if x.in.holding == readerRuns || x.in.end == readerGone || x.out.messages > messageBacklog {
		return
	}
	next := appetite{most: quietRead}
	if x.core != nil && x.core.Credit() > 0 {
		next.most, next.due = slab.Size, x.core.InFlight()*geometry.BlockSize
	}
	if x.core != nil && next.due == 0 {
		next.asked = worthAsked(x.out.unsent, x.core.Waiting())
	}
	if len(x.in.carry) > 0 {
		next.carry = x.in.carry
	}
	select {
	case x.in.reader.resume <- next:
		x.in.holding = readerRuns
	case <-x.p.Stopping():
	}
}
