package utp

import (
	crand "crypto/rand"
	"math/rand/v2"
	"net"
	"time"

	"github.com/etorrent/etorrent/internal/core/utp/conn"
	"github.com/etorrent/etorrent/internal/core/utp/door"
	"github.com/etorrent/etorrent/internal/core/utp/recv"
	pnet "github.com/etorrent/etorrent/internal/proc/net"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/utpwire"
	"github.com/etorrent/etorrent/sup"
)

const (
	// doorMost is how many may have asked, and not shown yet that they heard the answer.
	doorMost = 1024
	// earlyMost is how many packets that came before their turn are held for all
	// connections: 16 MiB.
	earlyMost = 8192
	// early is the room of one.
	early = 2048
	// restEvery is after how long memory that nobody uses is given back, though there are
	// connections.
	restEvery = 10 * time.Second
)

// process is the state of one incarnation.
type process struct {
	p      *sup.Process
	m      *Mux
	link   Link
	table  map[door.Key]*cell
	places places
	living int // connections
	room   division
	entry  admission
	door   *door.Door
	shared memory
	due    deadlines
	out    outbox
	in     intake

	now     mono.Instant // of the step
	step    step
	turns   turns
	told    sup.Taken[*Conn]
	random  *rand.ChaCha8
	leaving mono.Instant // when the rest is aborted; Never: it is not stopped
}

// step is what a step of a cell is of, and what it found.
type step struct {
	packet    utpwire.Packet
	lentIn    *pnet.Message // that the packet lies in, which may be kept
	arrival   conn.Arrival
	refused   refusal
	claim     conn.Claim
	asked     conn.Challenge
	challenge utpwire.Header
	way       conn.Way
}

func (m *Mux) run(p *sup.Process) error { return m.newProcess(p).live() }

func (m *Mux) newProcess(p *sup.Process) *process {
	return &process{
		p: p, m: m, link: m.cfg.Link, table: map[door.Key]*cell{}, shared: newShared(), due: deadlines{alarm: m.cfg.Clock.NewAlarm()},
		places: places{open: map[utpwire.ConnID]*cell{}}, out: outbox{uncut: pnet.FragmentNever},
	}
}

// live goes on until the Mux is shut, or stopped, and its connections are over.
func (x *process) live() error {
	p, m := x.p, x.m
	defer x.due.alarm.Stop()
	p.Closes((*discarded)(m))
	if err := x.link.Open(p); err != nil {
		return err
	}
	x.begin()
	p.Watches(m.told)
	p.Ready()
	stopping, ended := p.Stopping(), m.roll.ended
	for x.goesOn() {
		if x.in.goOn == nil {
			x.due.alarm.Arm(x.deadline())
		}
		select {
		case <-stopping:
			p.Receive("stop")
			stopping = nil
			x.leave()
		case <-ended:
			p.Receive("shut")
			ended, x.entry = nil, shut
		case b := <-x.link.Incoming():
			p.Receive("datagrams")
			x.receive(b)
		case <-x.in.goOn:
			x.readOn()
		case <-m.told.Wake():
			p.Receive("told")
			x.hear()
		case <-x.link.Writable():
			p.Receive("writable")
			x.out.wire = writable
		case <-x.due.alarm.C():
			x.due.alarm.Rang()
			p.Receive("deadline")
			x.expire()
		}
		x.flush()
		x.settle()
	}
	x.giveBack()
	x.abort()
	return nil
}

// memory is what the cores of all connections have together.
type memory struct {
	*conn.Shared
	pool      *recv.Pool
	reclaimed mono.Instant // when somebody was last looked for who hoards it
	rested    mono.Instant // when what nobody uses of it was last given back
}

func newShared() memory {
	pool := recv.NewPool(early, earlyMost)
	return memory{Shared: conn.NewShared(pool), pool: pool}
}

// begin draws what others must not guess, and opens the door.
func (x *process) begin() {
	var seed [32]byte
	cfg := door.Config{Most: doorMost, Window: uint32(min(firstWindow, x.window(windowShares)))}
	_, _ = crand.Read(seed[:]) // it never fails
	_, _ = crand.Read(cfg.Secret[:])
	x.m.roll.turn(open)
	x.random = rand.NewChaCha8(seed)
	x.door = door.New(cfg)
	x.room.share = x.window(1)
	x.now = x.m.cfg.Clock.Now()
}

// discarded are the connections of a process that is over: there is nobody any more who
// would end them.
type discarded Mux

// Close ends those that are left.
func (d *discarded) Close() error {
	for _, c := range (*Mux)(d).roll.all() {
		c.finish(&EndError{Reason: Crashed})
	}
	return nil
}

// tick reads the clock.
func (x *process) tick() { x.now = max(x.now, x.m.cfg.Clock.Now()) }

// deadline is when something is due.
func (x *process) deadline() mono.Instant {
	d := mono.Earliest(x.due.first(), x.leaving)
	if x.out.wire == resting {
		d = mono.Earliest(d, x.out.until)
	}
	return d
}

// goesOn says whether there is something to live for.
func (x *process) goesOn() bool {
	if x.leaving != mono.Never {
		return x.leaving > x.now && x.isWaitedFor()
	}
	return x.entry == open || x.living > 0
}

// isWaitedFor says whether a connection has something that the remote has not.
func (x *process) isWaitedFor() bool {
	for _, c := range x.table {
		if c.core.Phase() == conn.Connected {
			return true
		}
	}
	return false
}

// leave has all connections end.
func (x *process) leave() {
	x.tick()
	x.m.roll.turn(closed)
	x.leaving = x.now.Add(x.m.cfg.Linger)
	x.entry = shut
	for range len(x.m.accepted) {
		select {
		case c := <-x.m.accepted:
			_ = c.want(aborts)
		default: // somebody took it meanwhile
		}
	}
	for _, c := range x.m.roll.all() {
		_ = c.want(closes)
	}
	x.hear()
}

// abort ends the connections that are left. A remote that has not come to its end is told,
// also where we have said all: it would go on for a while.
func (x *process) abort() {
	x.tick()
	for _, c := range x.table {
		switch phase := c.core.Phase(); {
		case phase == conn.Lingering && c.news.theirs == goesOn:
			x.disown(c)
		case phase != conn.Closed:
			c.step(toAbort)
		}
		if x.out.n >= runMost {
			x.write()
		}
	}
	x.write()
	for _, c := range x.table {
		x.bury(c, net.ErrClosed)
	}
	for _, c := range x.m.roll.all() { // who has not begun
		c.finish(net.ErrClosed)
	}
}

// hear looks at the connections that have news of their users.
func (x *process) hear() {
	x.tick()
	for x.told.Take(x.m.told); x.told.Left() > 0; {
		switch u := x.told.Next(); {
		case u.cell == nil:
			x.dial(u)
		case u.cell.x == x: // else it was another process's
			x.touch(u.cell)
		}
	}
}

// expire does what is due.
func (x *process) expire() {
	x.tick()
	if x.out.wire == resting && x.out.until <= x.now {
		x.out.wire = writable
	}
	for at := x.due.first(); at != mono.Never && at <= x.now; at = x.due.first() {
		c := *x.due.heap.First()
		x.due.remove(c)
		if limit := x.m.cfg.Silence; limit > 0 && x.now.Sub(c.heard.any) >= limit {
			c.why = &EndError{Reason: Silent}
			c.step(toAbort)
		} else {
			c.step(toExpire)
		}
		x.touch(c)
	}
	if x.now.Sub(x.shared.rested) >= restEvery {
		x.shared.rested = x.now
		x.shared.pool.Rest()
		x.m.chunks.rest()
	}
}
