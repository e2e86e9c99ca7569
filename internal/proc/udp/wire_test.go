package udp_test

import (
	"context"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/etorrent/etorrent/etorrenttest"
	pnet "github.com/etorrent/etorrent/internal/proc/net"
	"github.com/etorrent/etorrent/internal/proc/udp"
	"github.com/etorrent/etorrent/internal/proc/utp"
	"github.com/etorrent/etorrent/sup"
)

// muxOf is a process at the wire that keeps what comes, and returns it when it is told to.
type muxOf struct {
	wire  *udp.Wire
	came  *sup.Mailbox[string]
	held  chan struct{} // while it is open nothing is returned
	write *sup.Mailbox[pnet.Datagram]
	errs  *sup.Mailbox[error] // what writes said
}

// attach runs it until it is told to stop.
func attach(t *testing.T, w *udp.Wire) (m *muxOf, stop func()) {
	t.Helper()
	m = &muxOf{wire: w, came: sup.NewMailbox[string](), held: make(chan struct{}), write: sup.NewMailbox[pnet.Datagram](), errs: sup.NewMailbox[error]()}
	tree, err := sup.Start(t.Context(), "mux", sup.Supervisor{Children: []sup.Child{{Name: "mux", Run: m.run}}}, sup.Options{})
	if err != nil {
		t.Fatal(err)
	}
	stop = func() { _ = tree.Stop(context.Background()) }
	t.Cleanup(stop)
	return m, stop
}

func (m *muxOf) run(p *sup.Process) error {
	if err := m.wire.Open(p); err != nil {
		return err
	}
	p.Ready()
	var out []pnet.Datagram
	for {
		select {
		case <-p.Stopping():
			return nil
		case b := <-m.wire.Incoming():
			for _, d := range b.Datagrams {
				m.came.Put(string(d.Payload[20:]))
			}
			select {
			case <-m.held:
			case <-p.Stopping():
				return nil
			}
			m.wire.Return(b)
		case <-m.write.Wake():
			out = append(out, m.write.Take(nil)...)
		case <-m.wire.Writable():
		}
		for len(out) > 0 {
			n, state, err := m.wire.Write(out)
			if err != nil {
				m.errs.Put(err)
				n++
			}
			out = out[n:]
			if state == pnet.WriteBlocked {
				break
			}
		}
	}
}

// packet is a datagram of uTP with a text.
func packet(text string) []byte { return append(append([]byte(nil), utpSyn...), text...) }

var _ utp.Link = (*udp.Wire)(nil)

// What is uTP goes to the process of its connections, while there is one; what is not goes on
// to others, also while that process holds what it was lent, and when it ends without giving
// it back.
func TestUTPGoesByTheWireAndHoldsNobodyElseUp(t *testing.T) {
	inWorld(t, nil, func(t *testing.T, n *etorrenttest.Network, w *world) {
		other, tracker := listenAt(t, n.Host(theirHost), ":1234"), listenAt(t, n.Host(strangeHost), ":6969")
		tracker.serve()
		ask := func(transaction uint32) {
			t.Helper()
			w.ask(tracker.at(), transaction)
			w.answered(transaction, "answer")
		}
		say := func(text string) {
			other.write(listener, packet(text))
			time.Sleep(time.Second)
		}
		say("nobody is there")
		m, stop := attach(t, w.handle.Wire())
		close(m.held)
		say("1")
		ask(1)
		if came := m.came.Take(nil); len(came) != 1 || came[0] != "1" {
			t.Errorf("it took %q", came)
		}
		stop()
		m, stop = attach(t, w.handle.Wire()) // which holds what comes
		say("2")
		if came := m.came.Take(nil); len(came) != 1 || came[0] != "2" {
			t.Errorf("the next took %q", came)
		}
		stop()
		ask(2)
		m, _ = attach(t, w.handle.Wire())
		close(m.held)
		say("3")
		if came := m.came.Take(nil); len(came) != 1 || came[0] != "3" {
			t.Errorf("the last took %q", came)
		}
		if c := w.counted(); c.UTP != 4 || c.Unclaimed != 1 || c.Answers != 2 {
			t.Errorf("counted %+v", c)
		}
	})
}

// Who writes has the socket that there is: one that is opened for it, the next one when it
// moves, and none that was closed.
func TestTheWireOutlivesItsSockets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := etorrenttest.NewNetwork(t)
		w := newWorld(t, n.Host(ourHost), udp.Listeners, nil)
		m, _ := attach(t, w.handle.Wire())
		other := listenAt(t, n.Host(theirHost), ":1234")
		write := func(to netip.AddrPort) {
			m.write.Put(pnet.Datagram{Remote: to, Payload: packet("x")})
			synctest.Wait()
		}
		write(other.at()) // waits until it is known where
		for _, at := range []netip.AddrPort{listener, netip.AddrPortFrom(listener.Addr(), 7000)} {
			w.handle.Listening([]netip.AddrPort{at})
			synctest.Wait()
			if at != listener {
				write(other.at())
			}
			if _, from := other.read(); from != at || m.wire.LocalAddr(other.at()) != at {
				t.Errorf("it came from %v, not %v; the wire is at %v", from, at, m.wire.LocalAddr(other.at()))
			}
		}
		write(netip.MustParseAddrPort("[2001:db8::1]:1"))
		if errs := m.errs.Take(nil); len(errs) != 1 {
			t.Errorf("over a family that there is not: %v", errs)
		}
	})
	synctest.Test(t, func(t *testing.T) { // nobody listens
		n := etorrenttest.NewNetwork(t)
		w := newWorld(t, n.Host(ourHost), udp.Nothing, nil)
		m, _ := attach(t, w.handle.Wire())
		other := listenAt(t, n.Host(theirHost), ":1234")
		if s := w.shown(); s.V4.IsValid() {
			t.Errorf("there is a socket at %v before somebody sends", s.V4)
		}
		m.write.Put(pnet.Datagram{Remote: other.at(), Payload: packet("x")})
		synctest.Wait() // the wire has the socket before it is shown
		if _, from := other.read(); from != w.shown().V4 {
			t.Errorf("it came from %v", from)
		}
	})
}
