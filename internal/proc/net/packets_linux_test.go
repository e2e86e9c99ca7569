package net_test

import (
	"errors"
	"net/netip"
	"os"
	"runtime"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	pnet "github.com/etorrent/etorrent/internal/proc/net"
	"github.com/etorrent/etorrent/internal/testnet"
)

func TestWhatIsThereIsReadAtOnce(t *testing.T) {
	eachWay(t, direct[:2], func(t *testing.T, w way) {
		from, to := w.open(t, nil, pnet.V4, "127.0.0.1:0"), w.open(t, nil, pnet.V4, "127.0.0.1:0")
		for range 10 {
			if _, _, err := from.Write([]pnet.Datagram{{Remote: to.LocalAddr(), Payload: []byte("x")}}); err != nil {
				t.Fatal(err)
			}
		}
		for _, want := range []int{7, 3} {
			if n, err := to.Read(datagrams(7, 100)); n != want || err != nil {
				t.Errorf("read %d, %v, want %d", n, err, want)
			}
		}
	})
}

func TestAReadWaitsUntilThereIsADatagram(t *testing.T) {
	eachWay(t, direct, func(t *testing.T, w way) {
		p := w.open(t, nil, pnet.V4, "127.0.0.1:0")
		begun, got := make(chan struct{}), make(chan int)
		go func() {
			close(begun)
			n, _ := p.Read(datagrams(1, 100))
			got <- n
		}()
		<-begun
		for range 1000 {
			runtime.Gosched()
		}
		if _, _, err := p.Write([]pnet.Datagram{{Remote: p.LocalAddr(), Payload: []byte("x")}}); err != nil {
			t.Fatal(err)
		}
		if n := <-got; n != 1 {
			t.Errorf("it read %d", n)
		}
	})
}

func TestTheAddressThatADatagramOfIPv6CameToIsKnown(t *testing.T) {
	eachWay(t, direct, func(t *testing.T, w way) {
		us, err := pnet.NewEgress(nil).ListenPacket(t.Context(), pnet.V6, netip.MustParseAddrPort("[::]:0"))
		if err != nil {
			t.Skip(err)
		}
		defer us.Close()
		us = w.as(us)
		to, into := netip.AddrPortFrom(netip.IPv6Loopback(), us.LocalAddr().Port()), datagrams(1, 100)
		for _, from := range []netip.Addr{{}, netip.IPv6Loopback()} {
			n, _, err := us.Write([]pnet.Datagram{{Remote: to, Local: from, Payload: []byte("x")}})
			if n != 1 || err != nil {
				t.Skip(err)
			}
			if n, err := us.Read(into); n != 1 || err != nil || into[0].Local != to.Addr() || into[0].Remote != to {
				t.Errorf("read %d, %v: %+v", n, err, into[0])
			}
		}
	})
}

func TestTheAddressThatADatagramCameToIsKnownAndCanBeWrittenFrom(t *testing.T) {
	eachWay(t, direct, func(t *testing.T, w way) {
		us, them := w.open(t, nil, pnet.V4, "0.0.0.0:0"), w.open(t, nil, pnet.V4, "0.0.0.0:0")
		for _, local := range []string{"127.0.0.1", "127.0.0.9", "127.5.5.5"} {
			to := netip.AddrPortFrom(netip.MustParseAddr(local), us.LocalAddr().Port())
			into := datagrams(2, 100)
			if _, _, err := them.Write([]pnet.Datagram{{Remote: to, Payload: []byte("ping")}}); err != nil {
				t.Fatal(err)
			}
			if n, err := us.Read(into); n != 1 || err != nil || into[0].Local != to.Addr() {
				t.Fatalf("read %d, %v: to %v, want %v", n, err, into[0].Local, to)
			}
			if _, _, err := us.Write([]pnet.Datagram{{Remote: into[0].Remote, Local: into[0].Local, Payload: []byte("pong")}}); err != nil {
				t.Fatal(err)
			}
			if n, err := them.Read(into); n != 1 || err != nil || into[0].Remote != to {
				t.Errorf("read %d, %v: from %v, want %v", n, err, into[0].Remote, to)
			}
		}
		notOurs := pnet.Datagram{Remote: them.LocalAddr(), Local: netip.MustParseAddr("192.0.2.77"), Payload: []byte("x")}
		if _, _, err := us.Write([]pnet.Datagram{notOurs}); err == nil {
			t.Error("it wrote from an address that is not the host's")
		}
	})
}

func TestTheKernelIsAskedForBuffers(t *testing.T) {
	c, err := pnet.NewEgress(nil).ListenPacket(t.Context(), pnet.V4, netip.MustParseAddrPort("127.0.0.1:0"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	plain, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_DGRAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(plain)
	for _, option := range []int{unix.SO_RCVBUF, unix.SO_SNDBUF} {
		_ = unix.SetsockoptInt(plain, unix.SOL_SOCKET, option, 1<<20)
		want, err := unix.GetsockoptInt(plain, unix.SOL_SOCKET, option)
		if err != nil {
			t.Fatal(err)
		}
		if got := pnet.Option(c, unix.SOL_SOCKET, option); got != want {
			t.Errorf("option %d is %d, want %d", option, got, want)
		}
	}
}

func TestBuffersAreWhatTheSystemGave(t *testing.T) {
	p := open(t, nil, pnet.V4, "127.0.0.1:0")
	for _, want := range []int{64 << 10, 128 << 10} {
		receive, send, err := p.Buffers(want)
		if err != nil || receive != 2*want || send != 2*want {
			t.Errorf("of %d: %d, %d, %v", want, receive, send, err)
		}
		if n := held(t, p); (n-2)*2304 > receive || (n+2)*2304 < receive {
			t.Errorf("%d datagrams have room in %d bytes", n, receive)
		}
	}
	// More than anybody has: what is given is told, be it less.
	receive, send, err := p.Buffers(1 << 30)
	if err != nil || receive != pnet.Option(p, unix.SOL_SOCKET, unix.SO_RCVBUF) || send != pnet.Option(p, unix.SOL_SOCKET, unix.SO_SNDBUF) || receive < 256<<10 {
		t.Errorf("%d, %d, %v", receive, send, err)
	}
	plain, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_DGRAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(plain)
	_ = unix.SetsockoptInt(plain, unix.SOL_SOCKET, unix.SO_RCVBUF, 1<<29)
	bounded, _ := unix.GetsockoptInt(plain, unix.SOL_SOCKET, unix.SO_RCVBUF)
	switch unix.SetsockoptInt(plain, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, 1<<29) {
	case nil:
		if receive <= bounded {
			t.Errorf("%d bytes, though the bound of %d may be passed", receive, bounded)
		}
	default:
		if receive != bounded {
			t.Errorf("%d bytes, with a bound of %d", receive, bounded)
		}
	}
}

// held is how many of 1000 datagrams of 1402 bytes a socket has room for.
func held(t *testing.T, p pnet.Packets) int {
	t.Helper()
	from := open(t, nil, pnet.V4, "127.0.0.1:0")
	for range 1000 {
		if _, _, err := from.Write([]pnet.Datagram{{Remote: p.LocalAddr(), Payload: make([]byte, 1402)}}); err != nil {
			t.Fatal(err)
		}
	}
	// What was queued is there before what is sent now, also where it is late.
	into, n := datagrams(64, 1403), 0
	for {
		if _, _, err := from.Write([]pnet.Datagram{{Remote: p.LocalAddr(), Payload: []byte("end")}}); err != nil {
			t.Fatal(err)
		}
		got, err := p.Read(into)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range into[:got] {
			if len(d.Payload) < 1402 {
				return n
			}
			n++
		}
	}
}

// DF is left as the system has it, set where one asks for that, and left out where
// one asks for that; each datagram says so for itself.
func TestADatagramTravelsInFragmentsUnlessThatIsForbidden(t *testing.T) {
	eachWay(t, direct, func(t *testing.T, w way) {
		from, to := acrossALink(t, w)
		system := pnet.Option(from, unix.IPPROTO_IP, unix.IP_MTU_DISCOVER)
		for _, c := range []struct {
			how   pnet.Fragmentation
			size  int
			error error
			set   int
		}{
			{pnet.FragmentAsSystem, 1472, nil, system},
			{pnet.FragmentNever, 1472, nil, unix.IP_PMTUDISC_PROBE},
			{pnet.FragmentNever, 1473, syscall.EMSGSIZE, unix.IP_PMTUDISC_PROBE},
			{pnet.FragmentFreely, 1473, nil, unix.IP_PMTUDISC_DONT},
			{pnet.FragmentAsSystem, 1473, nil, system},
		} {
			_, _, err := from.Write([]pnet.Datagram{{Remote: to.LocalAddr(), Payload: make([]byte, c.size), Fragmentation: c.how}})
			if !errors.Is(err, c.error) {
				t.Errorf("%d bytes, %v: %v", c.size, c.how, err)
			}
			if got := pnet.Option(from, unix.IPPROTO_IP, unix.IP_MTU_DISCOVER); got != c.set {
				t.Errorf("%v left the socket at %d, want %d", c.how, got, c.set)
			}
			if c.error != nil {
				continue
			}
			into := datagrams(1, pnet.MaxDatagram)
			if n, err := to.Read(into); n != 1 || err != nil || len(into[0].Payload) != c.size {
				t.Errorf("read %d, %v: %d bytes of %d", n, err, len(into[0].Payload), c.size)
			}
		}
	})
}

// What each datagram of a batch says holds for itself, whatever those before it say.
func TestABatchIsOfDatagramsThatMayAndMayNotTravelInFragments(t *testing.T) {
	eachWay(t, direct, func(t *testing.T, w way) {
		from, to := acrossALink(t, w)
		whole := pnet.Datagram{Remote: to.LocalAddr(), Payload: make([]byte, 1472), Fragmentation: pnet.FragmentNever}
		large := pnet.Datagram{Remote: to.LocalAddr(), Payload: make([]byte, 1473), Fragmentation: pnet.FragmentFreely}
		unlike := pnet.Datagram{Remote: to.LocalAddr(), Payload: large.Payload, Fragmentation: pnet.FragmentNever}
		for _, out := range [][]pnet.Datagram{
			{whole, whole, large, whole, large, unlike, whole},
			{large, unlike, large},
			{unlike, large, large},
		} {
			sent := 0
			for sent < len(out) && out[sent].Fragmentation != pnet.FragmentNever || len(out[sent].Payload) < 1473 {
				sent++
			}
			if n, state, err := from.Write(out); n != sent || state != pnet.WriteOpen || !errors.Is(err, syscall.EMSGSIZE) {
				t.Fatalf("wrote %d of %d, %v, %v", n, sent, state, err)
			}
			into := datagrams(len(out), 1500)
			for got := 0; got < sent; {
				n, err := to.Read(into)
				if n == 0 || err != nil {
					t.Fatal(err)
				}
				got += n
			}
		}
	})
}

// acrossALink are two sockets of hosts that a link with an MTU of 1500 joins.
func acrossALink(t *testing.T, w way) (from, to pnet.Packets) {
	t.Helper()
	near, far := host(t), host(t)
	link, err := testnet.Join(near, far)
	if err != nil {
		t.Fatal(err)
	}
	a, b := link.Addrs()
	return w.open(t, near, pnet.V4, a.String()+":0"), w.open(t, far, pnet.V4, b.String()+":0")
}

func host(t *testing.T) *testnet.Host {
	t.Helper()
	h, err := testnet.NewHost()
	var no *testnet.Unavailable
	switch {
	case errors.As(err, &no) && (os.Getenv("CI") != "true" || no.Reason == testnet.NotRoot):
		t.Skip(err)
	case err != nil:
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.Close() })
	return h
}

// A socket that is full says so, and when it is not.
func TestAFullSocketIsNotWaitedForByAWrite(t *testing.T) {
	eachWay(t, direct, func(t *testing.T, w way) {
		near, far := host(t), host(t)
		link, err := testnet.Join(near, far)
		if err != nil {
			t.Fatal(err)
		}
		if err := link.SetRate(testnet.Rate{Bytes: 8 << 20, Queue: 4 << 20}, testnet.Rate{}); err != nil {
			t.Fatal(err)
		}
		a, b := link.Addrs()
		from := w.open(t, near, pnet.V4, a.String()+":0")
		out := make([]pnet.Datagram, 5000)
		for i := range out {
			out[i] = pnet.Datagram{Remote: netip.AddrPortFrom(b, 9), Payload: make([]byte, 1400)}
		}
		blocked := 0
		for rest := out; len(rest) > 0 && blocked < 3; {
			n, state, err := from.Write(rest)
			if err != nil {
				t.Fatal(err)
			}
			rest = rest[n:]
			if state == pnet.WriteBlocked {
				blocked++
				if err := from.WaitWritable(); err != nil {
					t.Fatal(err)
				}
			}
		}
		if blocked == 0 {
			t.Error("7 MB went into the socket at once")
		}
	})
}
