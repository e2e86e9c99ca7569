package etorrenttest_test

import (
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/etorrent/etorrent/etorrenttest"
)

// bubble runs a test with a network of its own in time of its own.
func bubble(t *testing.T, run func(t *testing.T, n *etorrenttest.Network)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { run(t, etorrenttest.NewNetwork(t)) })
}

func listen(t *testing.T, h *etorrenttest.Host, address string) net.Listener {
	t.Helper()
	l, err := h.Listen(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// pair connects two hosts.
func pair(t *testing.T, n *etorrenttest.Network) (near, far net.Conn) {
	t.Helper()
	l := listen(t, n.Host("10.0.0.1"), ":0")
	near, err := n.Host("10.0.0.2").DialContext(t.Context(), "tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if far, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { near.Close(); far.Close() })
	return near, far
}

func write(t *testing.T, c net.Conn, b []byte) {
	t.Helper()
	if n, err := c.Write(b); n != len(b) || err != nil {
		t.Fatalf("wrote %d of %d: %v", n, len(b), err)
	}
}

func TestADialIsRefusedWhereNobodyListens(t *testing.T) {
	bubble(t, func(t *testing.T, n *etorrenttest.Network) {
		dial := func(to string) error {
			c, err := n.Host("10.0.0.2").DialContext(t.Context(), "tcp", to)
			if err == nil {
				t.Cleanup(func() { c.Close() })
			}
			return err
		}
		if err := dial("10.0.0.1:6881"); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Error(err)
		}
		l := listen(t, n.Host("10.0.0.1"), ":6881")
		if err := dial("10.0.0.1:6882"); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Error(err)
		}
		if err := dial("10.0.0.1:6881"); err != nil { // waits to be accepted
			t.Error(err)
		}
		l.Close()
		if err := dial("10.0.0.1:6881"); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Error(err)
		}
		if err := dial("nowhere.invalid:6881"); err == nil {
			t.Error("a name was resolved")
		}
		if n.Open() != 1 {
			t.Errorf("%d connections", n.Open())
		}
	})
}

func TestAnAddressIsGivenOnce(t *testing.T) {
	bubble(t, func(t *testing.T, n *etorrenttest.Network) {
		h := n.Host("10.0.0.1")
		l := listen(t, h, "0.0.0.0:6881")
		if _, err := h.Listen(t.Context(), "tcp", "10.0.0.1:6881"); !errors.Is(err, syscall.EADDRINUSE) {
			t.Error(err)
		}
		if _, err := h.Listen(t.Context(), "tcp", "10.0.0.9:6881"); !errors.Is(err, syscall.EADDRNOTAVAIL) {
			t.Error(err)
		}
		listen(t, n.Host("10.0.0.9"), ":6881")
		if a, b := listen(t, h, ":0").Addr(), listen(t, h, ":0").Addr(); a.String() == b.String() {
			t.Errorf("%v was given twice", a)
		}
		l.Close()
		listen(t, h, ":6881")
	})
}

func TestPacketsAreTakenOrLost(t *testing.T) {
	bubble(t, func(t *testing.T, n *etorrenttest.Network) {
		open := func(host, address string) net.PacketConn {
			c, err := n.Host(host).ListenPacket(t.Context(), "udp", address)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { c.Close() })
			return c
		}
		a, b := open("10.0.0.1", ":53"), open("10.0.0.2", ":0")
		for i := range 1000 {
			if _, err := b.WriteTo(fmt.Appendf(nil, "%d", i), a.LocalAddr()); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := b.WriteTo([]byte("lost"), &net.UDPAddr{IP: net.IPv4(10, 0, 0, 7), Port: 1}); err != nil {
			t.Error(err)
		}
		got := make([]byte, 10)
		for i := range 256 {
			size, from, err := a.ReadFrom(got)
			if err != nil || string(got[:size]) != fmt.Sprint(i) || from.String() != b.LocalAddr().String() {
				t.Fatalf("%q from %v, %v", got[:size], from, err)
			}
		}
		_ = a.SetReadDeadline(time.Now().Add(time.Second))
		if _, _, err := a.ReadFrom(got); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Error(err)
		}
		if _, err := n.Host("10.0.0.1").ListenPacket(t.Context(), "udp", ":53"); !errors.Is(err, syscall.EADDRINUSE) {
			t.Error(err)
		}
	})
}

// recorder is a test of which the end is played.
type recorder struct {
	testing.TB
	cleanups []func()
	errors   []string
}

func (r *recorder) Cleanup(f func()) { r.cleanups = append(r.cleanups, f) }
func (r *recorder) Errorf(format string, args ...any) {
	r.errors = append(r.errors, fmt.Sprintf(format, args...))
}

func TestWhatIsLeftOpenIsAnError(t *testing.T) {
	r := &recorder{TB: t}
	n := etorrenttest.NewNetwork(r)
	pair(t, n)
	for _, f := range r.cleanups {
		f()
	}
	if len(r.errors) != 3 { // a listener and two ends
		t.Errorf("%q", r.errors)
	}
}
