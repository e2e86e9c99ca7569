package testnet

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func newHost(t *testing.T) *Host {
	t.Helper()
	h, err := NewHost()
	var no *Unavailable
	switch {
	case errors.As(err, &no) && (os.Getenv("CI") != "true" || no.Reason == NotRoot):
		t.Skip(err)
	case err != nil:
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	return h
}

// receive accepts one connection at a host and reads it to its end.
func receive(t *testing.T, at *Host, addr netip.Addr) (netip.AddrPort, chan int64) {
	t.Helper()
	l, err := at.Listen(t.Context(), "tcp", netip.AddrPortFrom(addr, 0).String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	got := make(chan int64, 1)
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		n, _ := io.Copy(io.Discard, c)
		c.Close()
		got <- n
	}()
	return netip.MustParseAddrPort(l.Addr().String()), got
}

// pour sends as fast as it can for a span, and returns how much came in how long.
func pour(t *testing.T, from, to *Host, addr netip.Addr, span time.Duration) (bytes int64, took time.Duration) {
	t.Helper()
	at, got := receive(t, to, addr)
	c, err := from.DialContext(t.Context(), "tcp", at.String())
	if err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	block := make([]byte, 64<<10)
	for written := false; !written || time.Since(begin) < span; written = true {
		if _, err := c.Write(block); err != nil {
			t.Fatal(err)
		}
	}
	c.Close()
	return <-got, time.Since(begin)
}

func TestALinkHasItsRate(t *testing.T) {
	a, b := newHost(t), newHost(t)
	l, err := Join(a, b)
	if err != nil {
		t.Fatal(err)
	}
	const rate = 2_000_000
	if err := l.SetRate(Rate{Bytes: rate}, Rate{}); err != nil {
		t.Fatal(err)
	}
	_, second := l.Addrs()
	bytes, took := pour(t, a, b, second, 2*time.Second)
	if share := float64(bytes) / took.Seconds() / rate; share < 0.5 || share > 1.1 {
		t.Errorf("%.2f of the rate", share)
	}
	first, _, err := l.Sent()
	if err != nil || first < bytes {
		t.Errorf("%d bytes left, %d came, %v", first, bytes, err)
	}
	if err := l.SetRate(Rate{}, Rate{}); err != nil {
		t.Fatal(err)
	}
	free, took := pour(t, a, b, second, 300*time.Millisecond)
	if float64(free)/took.Seconds() < 2*rate {
		t.Errorf("%d bytes in %v without a bound", free, took)
	}
}

func TestALinkHasMoreAddresses(t *testing.T) {
	a, b := newHost(t), newHost(t)
	l, err := Join(a, b)
	if err != nil {
		t.Fatal(err)
	}
	more, err := l.AddAddrs(3)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.SetMTU(1280); err != nil {
		t.Error(err)
	}
	for _, addr := range more {
		if bytes, _ := pour(t, a, b, addr, time.Millisecond); bytes == 0 {
			t.Errorf("nothing came to %v", addr)
		}
	}
}

func TestALineDelaysAndLosesAndIsCut(t *testing.T) {
	a, b := newHost(t), newHost(t)
	l, err := NewLine(a, b, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}()
	slow := Path{Delay: 40 * time.Millisecond, Rate: 10_000_000, Queue: 1 << 20}
	l.SetPath(slow, slow)
	_, four := l.Addrs()
	_, six := l.Addrs6()
	for _, addr := range []netip.Addr{four, six} {
		at, _ := receive(t, b, addr)
		begin := time.Now()
		c, err := a.DialContext(t.Context(), "tcp", at.String())
		if err != nil {
			t.Fatal(err)
		}
		if rtt := time.Since(begin); rtt < 80*time.Millisecond {
			t.Errorf("%v: a round trip of %v", addr, rtt)
		}
		c.Close()
	}
	lossy := slow
	lossy.Loss = 20
	l.SetPath(lossy, slow)
	if bytes, _ := pour(t, a, b, four, time.Second); bytes == 0 {
		t.Error("nothing came through a lossy line")
	}
	if there, _ := l.Counts(); there.Lost == 0 {
		t.Errorf("nothing was lost: %+v", there)
	}
	l.SetPath(Path{Cut: Unplugged}, slow)
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	at, _ := receive(t, b, four)
	if _, err := a.DialContext(ctx, "tcp", at.String()); err == nil {
		t.Error("connected through a cut line")
	}
}

func TestALineHasItsCongestionControl(t *testing.T) {
	a, b := newHost(t), newHost(t)
	l, err := NewLine(a, b, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := l.SetCongestionControl("reno"); err != nil {
		t.Fatal(err)
	}
	first, second := l.Addrs()
	for h, far := range map[*Host]netip.Addr{a: second, b: first} {
		out, err := h.Command(t.Context(), "ip", "route", "get", far.String()).Output()
		if err != nil || !strings.Contains(string(out), "tun") {
			t.Errorf("%v: %s", err, out)
		}
		out, err = h.Command(t.Context(), "ip", "route", "show", far.String()).Output()
		if err != nil || !strings.Contains(string(out), "congctl reno") {
			t.Errorf("%v: %s", err, out)
		}
	}
	at, got := receive(t, b, second)
	c, err := a.DialContext(t.Context(), "tcp", at.String())
	if err != nil {
		t.Fatal(err)
	}
	if name := congestionControl(t, c); name != "reno" {
		t.Errorf("a connection has %s", name)
	}
	c.Close()
	<-got
}

// congestionControl is that of a connection of TCP.
func congestionControl(t *testing.T, c net.Conn) string {
	t.Helper()
	raw, err := c.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var name string
	if controlErr := raw.Control(func(fd uintptr) {
		name, err = unix.GetsockoptString(int(fd), unix.IPPROTO_TCP, unix.TCP_CONGESTION)
	}); controlErr != nil || err != nil {
		t.Fatal(controlErr, err)
	}
	return strings.TrimRight(name, "\x00")
}

func TestAProgramRunsInItsHost(t *testing.T) {
	h := newHost(t)
	if err := h.SetCongestionControl("cubic"); err != nil {
		t.Error(err)
	}
	out, err := h.Command(t.Context(), "ip", "-o", "link").Output()
	if err != nil || strings.Count(string(out), "\n") != 1 {
		t.Errorf("%v: %s", err, out)
	}
	out, err = h.Command(t.Context(), "ip", "route", "show", "table", "local").Output()
	if err != nil || !strings.Contains(string(out), "congctl cubic") {
		t.Errorf("%v: %s", err, out)
	}
}

func TestNothingIsLeftOver(t *testing.T) {
	h, err := NewHost()
	if err != nil {
		t.Skip(err)
	}
	sleeper := h.Command(t.Context(), "sleep", "1000")
	if err := sleeper.Start(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		pids, _ := exec.Command("ip", "netns", "pids", h.Name()).Output()
		if len(strings.Fields(string(pids))) > 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the program does not start")
		}
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	if err := sleeper.Wait(); err == nil {
		t.Error("a program outlives its host")
	}
	if _, err := os.Stat("/run/netns/" + h.Name()); err == nil {
		t.Error("the namespace is still there")
	}
}

func TestWhatADeadTestLeftIsRemoved(t *testing.T) {
	newHost(t) // else it is skipped
	dead := exec.Command("true")
	if err := dead.Run(); err != nil {
		t.Fatal(err)
	}
	stale := &Host{name: prefix + "-" + strconv.Itoa(dead.Process.Pid) + "-1"}
	if err := run("ip", "netns", "add", stale.name); err != nil {
		t.Fatal(err)
	}
	newHost(t)
	if _, err := os.Stat("/run/netns/" + stale.name); err == nil {
		_ = stale.Close()
		t.Error("it is still there")
	}
}

func TestTheCallersNamespaceStaysItsOwn(t *testing.T) {
	h := newHost(t)
	_ = h.Do(func() error { return nil })
	ifaces, err := net.Interfaces()
	if err != nil || len(ifaces) == 0 {
		t.Fatal(err)
	}
	l, err := h.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if c, err := net.DialTimeout("tcp", l.Addr().String(), time.Second); err == nil {
		c.Close()
		t.Error("a listener in the namespace is reached from outside")
	}
}
