package net_test

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"syscall"
	"testing"
	"testing/synctest"

	"github.com/etorrent/etorrent/etorrenttest"
	pnet "github.com/etorrent/etorrent/internal/proc/net"
)

func TestWhereDatagramsAreTakenBesideAListener(t *testing.T) {
	for listener, want := range map[string][2]string{
		"10.0.0.1:80":             {"10.0.0.1:80", ""},
		"0.0.0.0:80":              {"0.0.0.0:80", ""},
		"[::]:80":                 {"0.0.0.0:80", "[::]:80"},
		"[2001:db8::1]:80":        {"", "[2001:db8::1]:80"},
		"[::ffff:192.0.2.1]:6881": {"192.0.2.1:6881", ""},
	} {
		for i, f := range pnet.Families {
			got := f.Beside(netip.MustParseAddrPort(listener))
			if (want[i] == "") == got.IsValid() || got.IsValid() && got.String() != want[i] {
				t.Errorf("%v beside %s: %v, want %q", f, listener, got, want[i])
			}
		}
	}
	for _, f := range pnet.Families {
		if got := f.Beside(netip.AddrPort{}); got.IsValid() {
			t.Errorf("%v beside nothing: %v", f, got)
		}
	}
}

func TestWhatAnErrorOfListeningShows(t *testing.T) {
	wrapped := func(err error) error {
		return &net.OpError{Op: "listen", Net: "udp", Err: os.NewSyscallError("bind", err)}
	}
	_, taken := net.ListenPacket("udp4", mustListen(t, "127.0.0.1:0"))
	for _, c := range []struct {
		err  error
		want pnet.ListenEvidence
	}{
		{nil, pnet.ListenFree}, {taken, pnet.ListenTaken}, {wrapped(errors.ErrUnsupported), pnet.ListenAbsent},
		{wrapped(syscall.EPERM), pnet.ListenFault}, {errors.New("anything"), pnet.ListenFault},
	} {
		if got := pnet.ViewListen(c.err); got != c.want {
			t.Errorf("%v: %v, want %v", c.err, got, c.want)
		}
	}
}

// mustListen takes datagrams at an address of the host until the test's end.
func mustListen(t *testing.T, address string) string {
	t.Helper()
	c, err := net.ListenPacket("udp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c.LocalAddr().String()
}

// datagrams are so many, with room for size bytes each.
func datagrams(n, size int) []pnet.Datagram {
	out := make([]pnet.Datagram, n)
	for i := range out {
		out[i].Payload = make([]byte, 0, size)
	}
	return out
}

// exchange sends datagrams from one socket to another and reads them there.
func exchange(t *testing.T, from, to pnet.Packets, payloads ...string) {
	t.Helper()
	var out []pnet.Datagram
	for _, p := range payloads {
		out = append(out, pnet.Datagram{Remote: to.LocalAddr(), Payload: []byte(p)})
	}
	if n, state, err := from.Write(out); n != len(out) || state != pnet.WriteOpen || err != nil {
		t.Fatalf("wrote %d of %d, then %v, %v", n, len(out), state, err)
	}
	into, got := datagrams(2, 100), 0
	for got < len(payloads) {
		n, err := to.Read(into)
		if n == 0 || err != nil {
			t.Fatalf("read %d, %v", n, err)
		}
		for _, d := range into[:n] {
			if string(d.Payload) != payloads[got] || d.Remote != from.LocalAddr() {
				t.Errorf("%d: %q from %v", got, d.Payload, d.Remote)
			}
			got++
		}
	}
}

func open(t testing.TB, network pnet.Network, f pnet.Family, at string) pnet.Packets {
	t.Helper()
	p, err := pnet.NewEgress(network).ListenPacket(t.Context(), f, netip.MustParseAddrPort(at))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	return p
}

var payloads = []string{"one", "", "three", "four", "the fifth one"}

func TestDatagramsTravelBetweenRealSockets(t *testing.T) {
	eachWay(t, ways, func(t *testing.T, w way) {
		exchange(t, w.open(t, nil, pnet.V4, "127.0.0.1:0"), w.open(t, nil, pnet.V4, "127.0.0.1:0"), payloads...)
		if c, err := net.ListenPacket("udp6", "[::1]:0"); err == nil {
			_ = c.Close()
			exchange(t, w.open(t, nil, pnet.V6, "[::1]:0"), w.open(t, nil, pnet.V6, "[::1]:0"), payloads...)
		}
	})
}

func TestDatagramsTravelThroughAnyPacketConn(t *testing.T) {
	wrapped := func() pnet.Packets {
		c, err := net.ListenPacket("udp4", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		return pnet.WrapPackets(struct{ net.PacketConn }{c})
	}
	exchange(t, wrapped(), wrapped(), payloads...)
	synctest.Test(t, func(t *testing.T) {
		n := etorrenttest.NewNetwork(t)
		exchange(t, open(t, n.Host("10.0.0.1"), pnet.V4, "0.0.0.0:0"), open(t, n.Host("10.0.0.2"), pnet.V4, "10.0.0.2:5"), payloads...)
	})
}

// Both families of one port are two sockets, whatever the system's default is.
func TestASocketOfIPv6TakesNothingOfIPv4(t *testing.T) {
	six, err := pnet.NewEgress(nil).ListenPacket(t.Context(), pnet.V6, netip.MustParseAddrPort("[::]:0"))
	if err != nil {
		t.Skip(err)
	}
	defer six.Close()
	open(t, nil, pnet.V4, netip.AddrPortFrom(netip.IPv4Unspecified(), six.LocalAddr().Port()).String())
}

func TestAnErrorOfAWriteIsThatOfTheNextDatagram(t *testing.T) {
	eachWay(t, ways, func(t *testing.T, w way) {
		from, to := w.open(t, nil, pnet.V4, "127.0.0.1:0"), w.open(t, nil, pnet.V4, "127.0.0.1:0")
		good := pnet.Datagram{Remote: to.LocalAddr(), Payload: []byte("good")}
		large := pnet.Datagram{Remote: to.LocalAddr(), Payload: make([]byte, 70_000)}
		other := pnet.Datagram{Remote: netip.MustParseAddrPort("[::1]:1"), Payload: []byte("x")}
		for _, bad := range []pnet.Datagram{large, other, {}} {
			n, state, err := from.Write([]pnet.Datagram{good, bad, good})
			if n != 1 || state != pnet.WriteOpen || err == nil {
				t.Errorf("wrote %d, then %v, %v", n, state, err)
			}
			if pnet.ViewPacketFault(err) != pnet.OfThis {
				t.Errorf("%v is said to be of another datagram", err)
			}
		}
		exchangeAfter := datagrams(8, 100)
		if n, err := to.Read(exchangeAfter); n == 0 || err != nil || string(exchangeAfter[0].Payload) != "good" {
			t.Errorf("read %d, %v", n, err)
		}
	})
}

func TestWhatIsNoSocketOfTheSystemHasNoBuffersToAskFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := open(t, etorrenttest.NewNetwork(t).Host("10.0.0.1"), pnet.V4, "0.0.0.0:0")
		if receive, send, err := p.Buffers(1 << 20); receive != 0 || send != 0 || !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("%d, %d, %v", receive, send, err)
		}
	})
}

func TestClosingASocketEndsItsReader(t *testing.T) {
	eachWay(t, ways, func(t *testing.T, w way) {
		p := w.open(t, nil, pnet.V4, "127.0.0.1:0")
		ended := make(chan error)
		go func() {
			_, err := p.Read(datagrams(1, 100))
			ended <- err
		}()
		_ = p.Close()
		if err := <-ended; !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
		if _, _, err := p.Write([]pnet.Datagram{{Remote: p.LocalAddr()}}); !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
	})
}
