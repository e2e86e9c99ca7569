package net

import (
	"context"
	"fmt"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/etorrent/etorrent/internal/core/handshake"
	"github.com/etorrent/etorrent/internal/leaf/crowd"
	"github.com/etorrent/etorrent/internal/leaf/gate"
	"github.com/etorrent/etorrent/internal/vocab/ipfilter"
	"github.com/etorrent/etorrent/internal/vocab/wire"
	"github.com/etorrent/etorrent/sup"
)

const (
	// greetLimit is how long an accepted connection may take to name a torrent.
	greetLimit = 10 * time.Second
)

const handshakeBytes = wire.HandshakeBytes

// Receiver takes accepted connections for one torrent.
type Receiver interface {
	// Incoming gives the receiver a connection whose remote awaits an answer.
	Incoming(c Conn, a *handshake.Acceptor)
}

// Find returns who takes connections for an info-hash, nil for nobody.
type Find func(ctx context.Context, infoHash [20]byte) (Receiver, error)

// Greeter learns of accepted connections which torrent they came for: one
// process each, since a stranger may be slow or hostile.
type Greeter struct {
	pool   *sup.Pool
	find   Find
	number atomic.Uint64
	crowd  *crowd.Crowd // the accepted connections that have not named one yet
	gate   *gate.Gate
	downs  *sup.Mailbox[sup.Down] // bounded by the crowd
}

// NewGreeter returns a greeter of as many at once as the crowd has room for, of those
// that the gate lets pass; Child is its supervisor.
func NewGreeter(find Find, strangers *crowd.Crowd, g *gate.Gate) *Greeter {
	return &Greeter{pool: sup.NewPool(), find: find, crowd: strangers, gate: g, downs: sup.NewMailbox[sup.Down]()}
}

// Child describes the supervisor of the greeting processes.
func (g *Greeter) Child() sup.Child {
	return sup.Child{
		Name: "greet", Restart: sup.Permanent,
		Supervisor: &sup.Supervisor{Strategy: sup.Dynamic, Pool: g.pool},
	}
}

// Greet takes a connection over. It closes it before any byte of it is read where its
// address is filtered, or too many strangers are being greeted, in all or of its
// network.
func (g *Greeter) Greet(c Conn) {
	g.count()
	if g.gate.View(c.RemoteAddr().Addr()) == ipfilter.Blocked || g.crowd.Enter(c.RemoteAddr().Addr()) != crowd.Entered {
		_ = c.Close()
		return
	}
	g.pool.StartMonitored(sup.Child{
		Name: fmt.Sprintf("greet[%v#%d]", c.RemoteAddr(), g.number.Add(1)), Kind: "greet", Restart: sup.Temporary,
		Run: func(p *sup.Process) error { return g.run(p, c) },
	}, g.downs, c)
}

// StrangerEvidence says whether Greet would take somebody.
type StrangerEvidence uint8

// The answers.
const (
	StrangerWelcome StrangerEvidence = iota
	StrangerBlocked                  // its address is filtered
	StrangerCrowded                  // too many are being greeted, in all or of its network
)

// View says whether Greet would take a connection with an address now.
func (g *Greeter) View(a netip.Addr) StrangerEvidence {
	g.count()
	switch {
	case g.gate.View(a) == ipfilter.Blocked:
		return StrangerBlocked
	case g.crowd.View(a) != crowd.Entered:
		return StrangerCrowded
	}
	return StrangerWelcome
}

// count takes those that are down out of the crowd. A connection whose process
// could not start is closed here.
func (g *Greeter) count() {
	for _, d := range g.downs.Take(nil) {
		c := d.Tag.(Conn)
		g.crowd.Leave(c.RemoteAddr().Addr())
		if _, never := d.Exit.(sup.StartFailed); never {
			_ = c.Close()
		}
	}
}

// greeting is the state of one greeting process.
type greeting struct {
	conn     Conn
	acceptor handshake.Acceptor
	taken    int
}

func (g *Greeter) run(p *sup.Process, c Conn) error {
	x := &greeting{conn: c}
	defer func() {
		if x.conn != nil {
			_ = x.conn.Close()
		}
	}()
	p.Ready()
	known := make(chan handshake.Evidence, 1)
	p.Go("reader", func() error {
		known <- x.read(p, c)
		return nil
	})
	limit := time.NewTimer(greetLimit)
	defer limit.Stop()
	select {
	case <-p.Stopping():
	case <-limit.C:
	case e := <-known:
		p.Receive("handshake")
		if k, ok := e.(handshake.InfoHashKnown); ok {
			p.Step("find")
			g.introduce(p, x, k)
		}
	}
	return nil
}

// introduce gives the connection to its torrent; a stranger to all of them is
// left without a word.
func (g *Greeter) introduce(p *sup.Process, x *greeting, k handshake.InfoHashKnown) {
	to, err := g.find(p.Context(), k.InfoHash)
	if err != nil || to == nil {
		return
	}
	p.Act("introduce")
	to.Incoming(x.conn, &x.acceptor)
	x.conn = nil
}

// read takes no more bytes than a handshake has: what follows is its
// receiver's to read.
func (x *greeting) read(p *sup.Process, c Conn) handshake.Evidence {
	var buf [handshakeBytes]byte
	for {
		if err := c.WaitReadable(); err != nil {
			return handshake.NotBitTorrent{}
		}
		n, err := c.TryRead(buf[:handshakeBytes-x.taken])
		if n > 0 {
			p.Step("feed")
			e, taken := x.acceptor.Feed(buf[:n])
			x.taken += taken
			if _, more := e.(handshake.NeedMore); !more {
				return e
			}
		}
		if err != nil {
			return handshake.NotBitTorrent{}
		}
	}
}
