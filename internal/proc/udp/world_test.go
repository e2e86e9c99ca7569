package udp_test

import (
	"context"
	"encoding/binary"
	"net"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/etorrent/etorrent/etorrenttest"
	"github.com/etorrent/etorrent/internal/proc/clock"
	pnet "github.com/etorrent/etorrent/internal/proc/net"
	"github.com/etorrent/etorrent/internal/proc/udp"
	"github.com/etorrent/etorrent/sup"
)

const (
	ourHost     = "10.0.0.1"
	theirHost   = "10.0.0.2"
	strangeHost = "10.0.0.3"
)

var listener = netip.MustParseAddrPort(ourHost + ":6881")

// world runs the process.
type world struct {
	t       *testing.T
	handle  *udp.Handle
	clock   *clock.Clock
	tree    *sup.Tree
	changes *sup.Mailbox[udp.Shown]
	replies *sup.Mailbox[udp.Reply]
}

// newWorld starts the process over a network; with Listeners it has to be told
// where they are.
func newWorld(t *testing.T, network pnet.Network, b udp.Beside, hook sup.Hook) *world {
	t.Helper()
	w := &world{t: t, clock: clock.New(), changes: sup.NewMailbox[udp.Shown](), replies: sup.NewMailbox[udp.Reply]()}
	w.handle = udp.New(udp.Config{Egress: pnet.NewEgress(network), Clock: w.clock, Beside: b, Changed: w.changes.Put})
	tree, err := sup.Start(t.Context(), "test", sup.Supervisor{
		Strategy: sup.OneForOne, Intensity: sup.Intensity{Restarts: 10, Within: time.Minute},
		Children: []sup.Child{w.handle.Child()},
	}, sup.Options{Hook: hook})
	if err != nil {
		t.Fatal(err)
	}
	w.tree = tree
	t.Cleanup(func() {
		if err := tree.Stop(context.Background()); err != nil {
			t.Error(err)
		}
		for _, r := range w.replies.Take(nil) {
			t.Errorf("a reply that nobody looked at: %+v", r)
		}
	})
	return w
}

// inWorld runs a process on ourHost of a network in memory, beside a listener.
func inWorld(t *testing.T, hook sup.Hook, f func(t *testing.T, n *etorrenttest.Network, w *world)) {
	synctest.Test(t, func(t *testing.T) {
		n := etorrenttest.NewNetwork(t)
		n.SetLink(etorrenttest.Link{Latency: 5 * time.Millisecond})
		w := newWorld(t, n.Host(ourHost), udp.Listeners, hook)
		w.handle.Listening([]netip.AddrPort{listener})
		synctest.Wait()
		f(t, n, w)
	})
}

// node is what the tree shows of the process.
func (w *world) node() sup.Node { return w.tree.Snapshot().Root.Children[0] }

// counted are the counters when all is at rest, in a bubble.
func (w *world) counted() udp.Counters {
	synctest.Wait()
	return w.handle.Counters()
}

func (w *world) shown() udp.Shown {
	s, _ := w.handle.Shown()
	return s
}

// ask asks a tracker, for ten seconds.
func (w *world) ask(to netip.AddrPort, transaction uint32) {
	w.t.Helper()
	e := w.handle.Ask(udp.Ask{
		To: to, Transaction: transaction, Packet: trackerPacket(0, transaction, "request"),
		Deadline: w.clock.Now().Add(10 * time.Second), Into: w.replies,
	})
	if e != udp.Queued {
		w.t.Fatalf("asking: %v", e)
	}
}

// reply waits for the one reply.
func (w *world) reply() udp.Reply {
	w.t.Helper()
	<-w.replies.Wake()
	got := w.replies.Take(nil)
	if len(got) != 1 {
		w.t.Fatalf("replies: %+v", got)
	}
	return got[0]
}

// answered waits for the reply, which has to be an answer.
func (w *world) answered(transaction uint32, body string) udp.Answered {
	w.t.Helper()
	r := w.reply()
	a, is := r.Outcome.(udp.Answered)
	if !is || r.Transaction != transaction || string(a.Packet) != string(trackerPacket(1, transaction, body)) {
		w.t.Fatalf("the reply is %T %+v", r.Outcome, r)
	}
	return a
}

// trackerPacket is a packet with an action, a transaction and a body.
func trackerPacket(action, transaction uint32, body string) []byte {
	b := binary.BigEndian.AppendUint32(nil, action)
	return append(binary.BigEndian.AppendUint32(b, transaction), body...)
}

// remote is another host's socket.
type remote struct {
	t *testing.T
	net.PacketConn
}

func listenAt(t *testing.T, n pnet.Network, address string) *remote {
	t.Helper()
	c, err := n.ListenPacket(t.Context(), "udp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return &remote{t, c}
}

func (r *remote) at() netip.AddrPort { return netip.MustParseAddrPort(r.LocalAddr().String()) }

// read waits for a datagram, a minute at the most.
func (r *remote) read() ([]byte, netip.AddrPort) {
	r.t.Helper()
	_ = r.SetReadDeadline(time.Now().Add(time.Minute))
	buf := make([]byte, 1<<16)
	n, from, err := r.ReadFrom(buf)
	if err != nil {
		r.t.Fatal(err)
	}
	return buf[:n], netip.MustParseAddrPort(from.String())
}

func (r *remote) write(to netip.AddrPort, payload []byte) {
	r.t.Helper()
	if _, err := r.WriteTo(payload, net.UDPAddrFromAddrPort(to)); err != nil {
		r.t.Fatal(err)
	}
}

// serve answers each packet of a tracker's clients until the socket is closed.
func (r *remote) serve() {
	go func() {
		buf := make([]byte, 1<<16)
		for {
			n, from, err := r.ReadFrom(buf)
			if err != nil {
				return
			}
			if n >= 8 {
				_, _ = r.WriteTo(trackerPacket(1, binary.BigEndian.Uint32(buf[4:n]), "answer"), from)
			}
		}
	}()
}

// flaky is a network whose sockets fail as they are told to.
type flaky struct {
	pnet.Network
	mu     sync.Mutex
	listen map[uint16]error // by port
	reads  []error          // of the next reads
	writes []error          // of the next writes
	opened int
}

func (f *flaky) ListenPacket(ctx context.Context, network, address string) (net.PacketConn, error) {
	f.mu.Lock()
	err := f.listen[netip.MustParseAddrPort(address).Port()]
	f.mu.Unlock()
	if err != nil {
		return nil, &net.OpError{Op: "listen", Net: network, Err: err}
	}
	c, err := f.Network.ListenPacket(ctx, network, address)
	if err != nil {
		return nil, err
	}
	f.mu.Lock()
	f.opened++
	f.mu.Unlock()
	return &flakyConn{c, f}, nil
}

func (f *flaky) set(do func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	do()
}

func take(from *[]error) error {
	if len(*from) == 0 {
		return nil
	}
	err := (*from)[0]
	*from = (*from)[1:]
	return err
}

type flakyConn struct {
	net.PacketConn
	of *flaky
}

// ReadFrom loses the datagram that comes with an error.
func (c *flakyConn) ReadFrom(p []byte) (int, net.Addr, error) {
	n, from, err := c.PacketConn.ReadFrom(p)
	c.of.mu.Lock()
	defer c.of.mu.Unlock()
	if fault := take(&c.of.reads); fault != nil && err == nil {
		return 0, nil, &net.OpError{Op: "read", Net: "udp", Err: fault}
	}
	return n, from, err
}

func (c *flakyConn) WriteTo(p []byte, to net.Addr) (int, error) {
	c.of.mu.Lock()
	fault := take(&c.of.writes)
	c.of.mu.Unlock()
	if fault != nil {
		return 0, &net.OpError{Op: "write", Net: "udp", Addr: to, Err: fault}
	}
	return c.PacketConn.WriteTo(p, to)
}
