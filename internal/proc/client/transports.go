package client

import (
	"context"
	"net/netip"
	"time"

	"github.com/etorrent/etorrent/internal/core/utp/conn"
	pnet "github.com/etorrent/etorrent/internal/proc/net"
	"github.com/etorrent/etorrent/internal/proc/utp"
	"github.com/etorrent/etorrent/internal/vocab/transport"
	"github.com/etorrent/etorrent/sup"
)

const (
	// utpLinger is how long the end of an engine waits for remotes to hear that connections
	// over uTP end.
	utpLinger = time.Second
	// utpSilence is after how long without a packet of the remote a connection over uTP is
	// given up.
	utpSilence = 5 * time.Minute
)

// ways are how connections are made and taken.
type ways struct {
	accept   func(pnet.Conn) // what comes over TCP
	connect  pnet.Connect    // over uTP; nil: there is none
	children []sup.Child
}

// newWays has connections by a policy, those of others for a greeter. Where there is to be no
// TCP the port is held all the same, so that it is ours for datagrams, and who comes is left.
func (c *Client) newWays(cfg Config, g *pnet.Greeter) ways {
	w := ways{accept: g.Greet}
	if cfg.Transport.View(transport.TCP) == transport.Forbidden {
		w.accept = func(conn pnet.Conn) { _ = conn.Close() }
	}
	if cfg.Transport.View(transport.UTP) == transport.Forbidden {
		return w
	}
	mux := utp.New(utp.Config{
		Link: c.udp.Wire(), Clock: c.clock, Core: conn.Defaults(), Linger: utpLinger, Silence: utpSilence,
		View:     func(a netip.Addr) utp.Reception { return receptions[g.View(a)] },
		Accepted: func(conn *utp.Conn) { g.Greet(conn.Stream()) },
	})
	child := mux.Child()
	child.Restart = sup.Permanent
	w.connect, w.children = mux.Connect, []sup.Child{child}
	return w
}

// find returns who takes connections for an info-hash.
func (c *Client) find(ctx context.Context, infoHash [20]byte) (pnet.Receiver, error) {
	return c.roster.Find(ctx, infoHash)
}

// receptions are what is made of a Syn. Where strangers have no room they have to try again
// later, as over TCP.
var receptions = [...]utp.Reception{
	pnet.StrangerWelcome: utp.Welcome, pnet.StrangerBlocked: utp.Unheard, pnet.StrangerCrowded: utp.TurnedAway,
}
