// Package utp moves the bytes of uTP connections (BEP 29) between their users and the
// datagrams of a link. A Mux is a process that owns the connections of a link: it parses
// what comes, steps the core of each connection (internal/core/utp/conn) and sends what
// they answer.
//
//	users ── Conn: bytes, wishes ──▶ told ──▶ ┌─────────┐ ◀── batches ── Link
//	      ◀── bytes, ends, room ───────────── │ process │ ── batches ──▶
//	                                          └─────────┘
//
// There is no goroutine for a connection. A user copies bytes under the lock of its
// connection and puts that on the list of those that were told; the process looks at a
// connection once for all that came at once, then flushes it. A panic in a step ends that
// connection alone.
//
// Invariants: a connection is in the table by each of its ids until its core forgets it; it
// is among the deadlines by the deadline of its core; a Conn that is over is never touched
// by the process again.
package utp

import (
	"context"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/etorrent/etorrent/internal/core/utp/conn"
	"github.com/etorrent/etorrent/internal/proc/clock"
	"github.com/etorrent/etorrent/sup"
)

// Config is what a Mux is made of.
type Config struct {
	Link  Link
	Clock *clock.Clock
	Core  conn.Config // of connections over IPv4; those over IPv6 have packets for it
	// Backlog is how many connections may wait to be accepted; 0 accepts none.
	Backlog int
	// Accepted takes the connections of others in the place of Accept, as they come. It may
	// not wait.
	Accepted func(*Conn)
	// View says what is made of who asks for a connection; nil: everybody is welcome. It may
	// not wait.
	View func(netip.Addr) Reception
	// Linger is how long a Mux that is stopped waits for its connections to end.
	Linger time.Duration
	// Silence is after how long without a packet of the remote a connection is given up,
	// 0: never.
	Silence time.Duration
	// Trace is where connections write what they are up to; nil: nowhere.
	Trace *Trace
}

// Reception is what is made of who asks for a connection.
type Reception uint8

// The receptions.
const (
	Welcome    Reception = iota
	TurnedAway           // by a Reset
	Unheard              // nothing is sent there
)

// tellReadAfter is what part of the window has to be read before the process is told.
const tellReadAfter = 8

// Mux has the connections of a link. Its methods may be called from everywhere at once,
// also while no process of it runs.
type Mux struct {
	cfg      Config
	chunks   chunks
	roll     roll
	told     *sup.Mailbox[*Conn] // each connection at most once
	accepted chan *Conn
	until    <-chan struct{} // closed when no process will run any more; nil: that is not known
}

// New returns a Mux; its Child has to run.
func New(cfg Config) *Mux {
	return &Mux{
		cfg: cfg, told: sup.NewMailbox[*Conn](), accepted: make(chan *Conn, cfg.Backlog),
		roll: roll{on: map[*Conn]struct{}{}, ended: make(chan struct{})}, chunks: chunks{unsent: unsentOf(1)},
	}
}

// Until says when no process of the Mux will run any more. It is told before all else.
func (m *Mux) Until(done <-chan struct{}) { m.until = done }

// Child is the process. It ends by itself when the Mux is shut and its connections are
// over.
func (m *Mux) Child() sup.Child {
	return sup.Child{Name: "utp", Run: m.run, StopWithin: m.cfg.Linger + stopSlack}
}

// stopSlack is what a stop may take beside the linger.
const stopSlack = 5 * time.Second

// Dial connects to a remote. The error is ctx's, or an *EndError, in a *net.OpError.
func (m *Mux) Dial(ctx context.Context, remote netip.AddrPort) (*Conn, error) {
	remote = netip.AddrPortFrom(remote.Addr().Unmap(), remote.Port())
	local := m.cfg.Link.LocalAddr(remote)
	if err := ctx.Err(); err != nil {
		return nil, opError("dial", local, remote, err)
	}
	c, opened := newConn(m, local, remote), make(chan struct{})
	c.opened = opened
	if m.roll.enter(c) != open {
		return nil, opError("dial", local, remote, net.ErrClosed)
	}
	c.mu.Lock()
	c.tell()
	c.mu.Unlock()
	select {
	case <-opened:
	case <-m.until:
		return nil, opError("dial", local, remote, net.ErrClosed)
	case <-ctx.Done():
		_ = c.want(aborts)
		return nil, opError("dial", local, remote, ctx.Err())
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return nil, opError("dial", local, remote, c.err)
	}
	return c, nil
}

// Accept waits for a connection that somebody else asked for. When the Mux has stopped the
// error is net.ErrClosed.
func (m *Mux) Accept(ctx context.Context) (*Conn, error) {
	local := m.cfg.Link.LocalAddr(netip.AddrPort{})
	select {
	case c := <-m.accepted:
		return c, nil
	case <-m.roll.ended:
		return nil, opError("accept", local, netip.AddrPort{}, net.ErrClosed)
	case <-m.until:
		return nil, opError("accept", local, netip.AddrPort{}, net.ErrClosed)
	case <-ctx.Done():
		return nil, opError("accept", local, netip.AddrPort{}, ctx.Err())
	}
}

// Shut ends the Mux for its users: nobody is let in any more, and Accept and Dial fail. Its
// connections end when its process is stopped.
func (m *Mux) Shut() { m.roll.shut() }

// roll is who is there. It is a passive leaf: its lock guards a map.
type roll struct {
	mu    sync.Mutex
	on    map[*Conn]struct{}
	state admission
	ended chan struct{} // closed when it is shut
}

// admission says whether there may be more.
type admission uint8

const (
	open   admission = iota
	closed           // until the next process begins
	shut
)

func (r *roll) enter(c *Conn) admission {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.state == open {
		r.on[c] = struct{}{}
	}
	return r.state
}

func (r *roll) leave(c *Conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.on, c)
}

// turn opens or closes it, unless it is shut.
func (r *roll) turn(to admission) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.state != shut {
		r.state = to
	}
}

func (r *roll) shut() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.state != shut {
		r.state = shut
		close(r.ended)
	}
}

// all are those who are there.
func (r *roll) all() []*Conn {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := make([]*Conn, 0, len(r.on))
	for c := range r.on {
		out = append(out, c)
	}
	return out
}
