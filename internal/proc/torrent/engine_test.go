package torrent_test

import (
	"context"
	"io"
	"net"
	"net/netip"
	"os"
	"sync"
	"syscall"
	"testing"
	"time"

	coreannounce "github.com/etorrent/etorrent/internal/core/announce"
	"github.com/etorrent/etorrent/internal/core/names"
	"github.com/etorrent/etorrent/internal/leaf/crowd"
	"github.com/etorrent/etorrent/internal/leaf/gate"
	"github.com/etorrent/etorrent/internal/leaf/limit"
	"github.com/etorrent/etorrent/internal/leaf/ring"
	"github.com/etorrent/etorrent/internal/leaf/slab"
	"github.com/etorrent/etorrent/internal/leaf/slots"

	"github.com/etorrent/etorrent/etorrenttest"
	"github.com/etorrent/etorrent/internal/proc/announce"
	"github.com/etorrent/etorrent/internal/proc/clock"
	"github.com/etorrent/etorrent/internal/proc/disk"
	pnet "github.com/etorrent/etorrent/internal/proc/net"
	"github.com/etorrent/etorrent/internal/proc/roster"
	"github.com/etorrent/etorrent/internal/proc/torrent"
	"github.com/etorrent/etorrent/internal/store"
	"github.com/etorrent/etorrent/internal/vocab/event"
	"github.com/etorrent/etorrent/internal/vocab/ident"
	"github.com/etorrent/etorrent/internal/vocab/tracker"
	"github.com/etorrent/etorrent/internal/vocab/transport"
	"github.com/etorrent/etorrent/sup"
)

// tcpPort is where engines accept connections. What stands for uTP is a stream of the
// same network, to the port behind it.
const (
	tcpPort = 6881
	utpPort = tcpPort + 1
)

// air is a network whose transports may be as bad as networks are, each in its own way.
type air struct {
	t       *testing.T
	network *etorrenttest.Network

	mu    sync.Mutex
	how   map[netip.AddrPort]weather // by the port of the transport
	dials map[netip.AddrPort]int
	stuck int // attempts and connections to those who say nothing
}

type weather uint8

const (
	fair    weather = iota
	silent          // nothing ever comes back
	refuses         // nobody listens
	mute            // somebody accepts and says nothing
	late            // what comes back takes seconds
	thin            // little is taken at once
)

// set says how it is with an endpoint from now on.
func (a *air) set(to netip.AddrPort, w weather) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.how[to] = w
}

// view says how it is with an endpoint.
func (a *air) view(at netip.AddrPort) weather {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.how[at]
}

// dial counts an attempt, and says how it is with its endpoint.
func (a *air) dial(to netip.AddrPort) weather {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.dials[to]++
	return a.how[to]
}

// wait counts one who waits for nothing as long as it does.
func (a *air) wait(until func()) {
	add := func(n int) {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.stuck += n
	}
	add(1)
	until()
	add(-1)
}

// waiting is how many do.
func (a *air) waiting() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.stuck
}

// dialled is how often an endpoint was tried.
func (a *air) dialled(to netip.AddrPort) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.dials[to]
}

// lateConn is a connection on which nothing is read for a while.
type lateConn struct {
	net.Conn
	once sync.Once
}

func (c *lateConn) Read(b []byte) (int, error) {
	c.once.Do(func() { time.Sleep(3 * time.Second) })
	return c.Conn.Read(b)
}

func newAir(t *testing.T) *air {
	return &air{t: t, network: etorrenttest.NewNetwork(t), how: map[netip.AddrPort]weather{}, dials: map[netip.AddrPort]int{}}
}

// engine is all of an engine that torrents need, on one host.
type engine struct {
	*etorrenttest.Host
	air     *air
	addr    netip.Addr
	roster  *roster.Roster
	storage *etorrenttest.Storage
	events  *ring.Ring[event.Event]
	up      *limit.Bucket
	tree    *sup.Tree
}

// DialContext is the host's, in the weather that there is.
func (e *engine) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	to := netip.MustParseAddrPort(address)
	switch e.air.dial(to) {
	case silent:
		e.air.wait(func() { <-ctx.Done() })
		return nil, ctx.Err()
	case refuses:
		return nil, &net.OpError{Op: "dial", Net: network, Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	case mute:
		here, there := net.Pipe()
		go e.air.wait(func() { _, _ = io.Copy(io.Discard, there) })
		return here, nil
	case late:
		c, err := e.Host.DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return &lateConn{Conn: c}, nil
	case fair, thin:
	}
	return e.Host.DialContext(ctx, network, address)
}

// overUTP is a connection that says that uTP carries it.
type overUTP struct{ pnet.Conn }

func (overUTP) Transport() transport.Transport { return transport.UTP }

// thinConn is a connection that takes little more than a packet at once.
type thinConn struct{ pnet.Conn }

func (c thinConn) TryWrite(bufs [][]byte) (int, pnet.WriteState, error) {
	const packet = 1400
	for _, b := range bufs {
		if len(b) > 0 {
			return c.Conn.TryWrite([][]byte{b[:min(packet, len(b))]})
		}
	}
	return c.Conn.TryWrite(nil)
}

// connect is the way over uTP.
func (e *engine) connect(ctx context.Context, to netip.AddrPort) (pnet.Conn, error) {
	c, err := e.DialContext(ctx, "tcp", netip.AddrPortFrom(to.Addr(), utpPort).String())
	if err != nil {
		return nil, err
	}
	return overUTP{pnet.Wrap(c)}, nil
}

// engine starts one at an address, whose connections may have some transports.
func (a *air) engine(t *testing.T, at string, p transport.Policy) *engine {
	t.Helper()
	e := &engine{
		Host: a.network.Host(at), air: a, addr: netip.MustParseAddr(at), storage: etorrenttest.NewStorage(),
		events: ring.New[event.Event](1000), up: limit.NewBucket(0),
	}
	clk, rows := clock.NewWith(etorrenttest.NewClock()), store.NewService(store.NewMemory())
	disks := disk.NewSet(disk.Options{Storage: e.storage, Reads: slab.NewPool(24), Receive: 20, Rows: rows, Clock: clk})
	dialer := pnet.NewDialer(pnet.NewEgress(e), 128, e.connect)
	all, bounds := crowd.New(100, 100), torrent.Bounds{Peers: crowd.NewBound(100), PerAddress: crowd.NewBound(100)}
	pool := slots.New(0)
	e.roster = roster.New(roster.Config{
		Rows: rows, Clock: clk, Events: e.events, Owner: at, Names: names.RulesOf(names.PlatformOf("linux")),
		Env: func(ident.TorrentID) torrent.Env {
			return torrent.Env{
				Disks: disks, Rows: rows, Clock: clk, Events: e.events, Announcer: nobody{},
				Dialling: torrent.Dialling{Dialer: dialer, Transport: p},
				Crowd:    all, Bounds: bounds, Gate: gate.New(nil), Down: limit.NewBucket(0), Up: e.up, Slots: pool,
				PeerID: [20]byte([]byte("-ET0000-" + at + "............")), Client: at, ListenPort: func() uint16 { return tcpPort },
				Ended: func(ident.TorrentID) {},
			}
		},
	})
	greeter := pnet.NewGreeter(e.roster.Find, crowd.New(100, 100), gate.New(nil))
	tree, err := sup.Start(t.Context(), at, sup.Supervisor{
		Strategy: sup.OneForOne,
		Children: append([]sup.Child{rows.Child(), disks.Child(), greeter.Child(), dialer.Child()}, e.roster.Children()...),
	}, sup.Options{})
	if err != nil {
		t.Fatal(err)
	}
	e.tree = tree
	for _, over := range transport.All {
		e.accept(t, over, greeter)
	}
	t.Cleanup(func() {
		if err := tree.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return e
}

// accept accepts connections over a transport until the test ends.
func (e *engine) accept(t *testing.T, over transport.Transport, g *pnet.Greeter) {
	t.Helper()
	l, err := e.Listen(t.Context(), "tcp", netip.AddrPortFrom(e.addr, tcpPort+uint16(over)).String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			conn := pnet.Wrap(c)
			if e.air.view(e.at(over)) == thin {
				conn = thinConn{conn}
			}
			if over == transport.UTP {
				conn = overUTP{conn}
			}
			g.Greet(conn)
		}
	}()
}

// at is where a transport of the engine is reached.
func (e *engine) at(over transport.Transport) netip.AddrPort {
	return netip.AddrPortFrom(e.addr, tcpPort+uint16(over))
}

// run runs a torrent, of which the peers are named by a person.
func (e *engine) run(c *etorrenttest.Content, peers ...*engine) *torrent.Torrent {
	e.air.t.Helper()
	var o torrent.Options
	for _, p := range peers {
		o.Peers = append(o.Peers, p.at(transport.TCP))
	}
	r, err := e.roster.Add(e.air.t.Context(), roster.Add{Metainfo: c.Metainfo, Dir: etorrenttest.Dir, Options: o})
	if err != nil {
		e.air.t.Fatal(err)
	}
	return r.Torrent
}

// share runs a torrent of which pieces are there.
func (e *engine) share(c *etorrenttest.Content, pieces []int, peers ...*engine) *torrent.Torrent {
	e.air.t.Helper()
	c.PutPieces(e.air.t, e.storage, etorrenttest.Dir, pieces...)
	t := e.run(c, peers...)
	time.Sleep(time.Second)
	return t
}

// killControl kills the control process of the one torrent that runs.
func (e *engine) killControl() error {
	var find func(n sup.Node) string
	find = func(n sup.Node) string {
		if n.Name == "control" {
			return n.Path
		}
		for _, c := range n.Children {
			if path := find(c); path != "" {
				return path
			}
		}
		return ""
	}
	return e.tree.Kill(find(e.tree.Snapshot().Root))
}

// joined are the connections that were admitted so far, and when.
func (e *engine) joined() (out []event.PeerJoined) {
	for _, x := range e.events.Since(0, nil).Values {
		if j, is := x.(event.PeerJoined); is {
			out = append(out, j)
		}
	}
	return out
}

// nobody announces nothing.
type nobody struct{}

func (nobody) Begin(announce.Entry)                                                   {}
func (nobody) Progress(ident.TorrentID, coreannounce.Counters, coreannounce.Appetite) {}
func (nobody) Completed(ident.TorrentID)                                              {}
func (nobody) SetTrackers(ident.TorrentID, [][]tracker.URL)                           {}
func (nobody) AnnounceNow(ident.TorrentID)                                            {}
func (nobody) End(ident.TorrentID)                                                    {}
func (nobody) Trackers(ident.TorrentID) []coreannounce.Report                         { return nil }
