package udp_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"runtime"
	"testing"
	"time"

	pnet "github.com/etorrent/etorrent/internal/proc/net"
	"github.com/etorrent/etorrent/internal/proc/udp"
	"github.com/etorrent/etorrent/sup"
)

// hostNetwork is the operating system's, as the engine has it by default.
type hostNetwork struct{}

func (hostNetwork) Listen(ctx context.Context, network, address string) (net.Listener, error) {
	return new(net.ListenConfig).Listen(ctx, network, address)
}

func (hostNetwork) ListenPacket(ctx context.Context, network, address string) (net.PacketConn, error) {
	return new(net.ListenConfig).ListenPacket(ctx, network, address)
}

func (hostNetwork) DialContext(context.Context, string, string) (net.Conn, error) {
	return nil, errors.ErrUnsupported
}

// listens waits until the process has sockets.
func (w *world) listens() udp.Shown {
	w.t.Helper()
	for {
		shown, changed := w.handle.Shown()
		if shown.Err != nil {
			w.t.Fatal(shown.Err)
		}
		if shown.V4.IsValid() || shown.V6.IsValid() {
			return shown
		}
		<-changed
	}
}

// loopbacks are the addresses that the host has of both families.
func loopbacks(t *testing.T) []string {
	t.Helper()
	c, err := net.ListenPacket("udp6", "[::1]:0")
	if err != nil {
		t.Logf("without IPv6: %v", err)
		return []string{"127.0.0.1"}
	}
	_ = c.Close()
	return []string{"127.0.0.1", "::1"}
}

// beside starts the process beside a TCP listener of the host.
func besideListener(t *testing.T, address string, hook sup.Hook) (*world, netip.AddrPort) {
	t.Helper()
	w := newWorld(t, hostNetwork{}, udp.Listeners, hook)
	e := pnet.NewEgress(hostNetwork{})
	for { // a port that is free for datagrams too
		l, err := net.Listen("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		at := netip.MustParseAddrPort(l.Addr().String())
		t.Cleanup(func() { _ = l.Close() })
		if e.ViewPort(t.Context(), at) == pnet.ListenFree {
			w.handle.Listening([]netip.AddrPort{at})
			return w, at
		}
	}
}

func TestRealSocketsAskATrackerOfEitherFamily(t *testing.T) {
	for _, address := range loopbacks(t) {
		t.Run(address, func(t *testing.T) {
			w, at := besideListener(t, net.JoinHostPort(address, "0"), nil)
			tracker := listenAt(t, hostNetwork{}, net.JoinHostPort(address, "0"))
			dht := w.handle.Subscribe(udp.KRPC, 1<<20)
			w.ask(tracker.at(), 0x01020304)
			packet, from := tracker.read()
			if string(packet) != string(trackerPacket(0, 0x01020304, "request")) || from != at {
				t.Errorf("%q came from %v", packet, from)
			}
			tracker.write(from, trackerPacket(1, 0x01020304, "answer"))
			w.answered(0x01020304, "answer")
			tracker.write(from, []byte("d1:q4:pinge"))
			<-dht.Wake()
			batches, _ := dht.Take(nil)
			if d := batches[0].Datagrams[0]; d.Remote != tracker.at() || string(d.Payload) != "d1:q4:pinge" {
				t.Errorf("%+v", batches)
			}
		})
	}
}

// Beside a listener on every address there are two sockets of its port.
func TestBothFamiliesHaveThePortOfTheListener(t *testing.T) {
	w, at := besideListener(t, ":0", nil)
	shown := w.listens()
	if shown.V4 != netip.AddrPortFrom(netip.IPv4Unspecified(), at.Port()) {
		t.Errorf("beside %v: %+v", at, shown)
	}
	if at.Addr().Is6() && shown.V6 != netip.AddrPortFrom(netip.IPv6Unspecified(), at.Port()) {
		t.Errorf("beside %v: %+v", at, shown)
	}
	if n := w.node(); n.State.String() != "running" {
		t.Errorf("it is %v", n.State)
	}
}

// An answer leaves from the address that was asked, of which a host may have many.
func TestAReplyLeavesFromTheAddressThatWasAsked(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux says which address was asked")
	}
	w, at := besideListener(t, "0.0.0.0:0", nil)
	w.listens()
	dht := w.handle.Subscribe(udp.KRPC, 1<<20)
	other := listenAt(t, hostNetwork{}, "127.0.0.1:0")
	for _, asked := range []string{"127.0.0.1", "127.0.0.7", "127.9.9.9"} {
		to := netip.AddrPortFrom(netip.MustParseAddr(asked), at.Port())
		other.write(to, []byte("d1:q4:pinge"))
		<-dht.Wake()
		batches, _ := dht.Take(nil)
		d := batches[0].Datagrams[0]
		if d.Local != to.Addr() || d.Remote != other.at() {
			t.Errorf("asked at %v, it is said at %v by %v", to, d.Local, d.Remote)
		}
		w.handle.Send(udp.KRPC, pnet.Datagram{Remote: d.Remote, Local: d.Local, Payload: []byte("d1:re")})
		if packet, from := other.read(); string(packet) != "d1:re" || from != to {
			t.Errorf("%q came from %v, not from %v", packet, from, to)
		}
	}
}

// The process is killed between a request and its answer: who asked gets it after
// the restart, on the same port.
func TestARealExchangeOutlivesTheProcess(t *testing.T) {
	for _, address := range loopbacks(t) {
		t.Run(address, func(t *testing.T) {
			f := &fuse{at: "in step: demux", left: 1}
			w, at := besideListener(t, net.JoinHostPort(address, "0"), f.hook)
			dht := w.handle.Subscribe(udp.KRPC, 1<<20)
			tracker := listenAt(t, hostNetwork{}, net.JoinHostPort(address, "0"))
			w.ask(tracker.at(), 5)
			_, from := tracker.read()
			tracker.write(from, []byte("d the last straw"))
			if _, again := tracker.read(); again != from || from != at {
				t.Errorf("asked from %v, then from %v, beside %v", from, again, at)
			}
			tracker.write(from, trackerPacket(1, 5, "answer"))
			w.answered(5, "answer")
			tracker.write(from, []byte("d"))
			<-dht.Wake()
			if n := w.node(); n.Restarts != 1 {
				t.Errorf("it was restarted %d times", n.Restarts)
			}
		})
	}
}

// Without a listener both families have the same port, if it is free.
func TestAnyPortIsOneForBothFamilies(t *testing.T) {
	addresses := loopbacks(t)
	if len(addresses) < 2 {
		t.Skip("without IPv6")
	}
	w := newWorld(t, hostNetwork{}, udp.Nothing, nil)
	for i, address := range addresses {
		tracker := listenAt(t, hostNetwork{}, net.JoinHostPort(address, "0"))
		tracker.serve()
		w.ask(tracker.at(), uint32(i))
		w.answered(uint32(i), "answer")
	}
	if s := w.shown(); s.V4.Port() != s.V6.Port() || s.V4.Port() == 0 {
		t.Errorf("%+v", s)
	}
}

// A port where nobody listens is answered by ICMP, which is no news of the socket.
func TestAPortWhereNobodyListensHarmsNobodyElse(t *testing.T) {
	w, _ := besideListener(t, "127.0.0.1:0", nil)
	tracker := listenAt(t, hostNetwork{}, "127.0.0.1:0")
	tracker.serve()
	gone := listenAt(t, hostNetwork{}, "127.0.0.1:0")
	_ = gone.Close()
	for i := range uint32(20) {
		w.handle.Send(udp.KRPC, pnet.Datagram{Remote: gone.at(), Payload: []byte("d")})
		w.ask(tracker.at(), i)
		w.answered(i, "answer")
	}
	if n := w.node(); n.Restarts != 0 || n.State.String() != "running" {
		t.Errorf("it is %v after %d restarts", n.State, n.Restarts)
	}
}

// What is larger than any datagram is told to who sent it.
func TestADatagramThatNoSocketTakesIsToldOf(t *testing.T) {
	w, _ := besideListener(t, "127.0.0.1:0", nil)
	dht := w.handle.Subscribe(udp.KRPC, 1<<20)
	other := listenAt(t, hostNetwork{}, "127.0.0.1:0")
	w.handle.Send(udp.KRPC, pnet.Datagram{Remote: other.at(), Payload: make([]byte, 70_000)})
	<-dht.Wake()
	batches, _ := dht.Take(nil)
	if len(batches) != 1 || len(batches[0].Faults) != 1 || batches[0].Faults[0].Err == nil || batches[0].At == 0 {
		t.Errorf("%+v", batches)
	}
}

// An engine that nobody uses has two goroutines more for its sockets, and one for
// the process.
func TestAnIdleProcessHasAReaderForEachSocket(t *testing.T) {
	before := runtime.NumGoroutine()
	w, at := besideListener(t, ":0", nil)
	w.listens()
	want := 3 // tree, process, reader
	if at.Addr().Is6() {
		want++
	}
	for end := time.Now().Add(time.Minute); runtime.NumGoroutine()-before > want && time.Now().Before(end); {
		runtime.Gosched() // others of the test's process end
	}
	if n := runtime.NumGoroutine() - before; n > want {
		t.Errorf("%d goroutines, want %d", n, want)
	}
}
