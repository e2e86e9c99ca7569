//go:build linux

package links

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/testnet"
	"github.com/etorrent/etorrent/utp"
)

// socketBuffer is what a socket of others has at each end, in bytes: more than is ever on
// its way, so that only the congestion control bounds it.
const socketBuffer = 16 << 20

// stage is a link of the kernel, with who sends at one end and who receives at the other.
type stage struct {
	story
	from, to *testnet.Host
	route    *testnet.Route
	target   netip.Addr
	utp, tcp atomic.Int64 // bytes that came
	playing  sync.WaitGroup
}

// missing skips the test, or fails it where all that is needed should be there, or where
// all links were asked for: who does that is told if none was tried.
func missing(t *testing.T, err error) {
	t.Helper()
	var no *testnet.Unavailable
	excused := errors.As(err, &no) && (no.Reason == testnet.NotRoot || os.Getenv("CI") != "true")
	if excused && os.Getenv(variable) != every {
		t.Skip(err)
	}
	t.Fatal(err)
}

func newHost(t *testing.T) *testnet.Host {
	t.Helper()
	h, err := testnet.NewHost()
	if err != nil {
		missing(t, err)
	}
	endWithTest(t, h)
	return h
}

// endWithTest closes what the test made, behind what was made later.
func endWithTest(t *testing.T, c io.Closer) {
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
}

// newStage lays the link of a story.
func newStage(t *testing.T, s story) *stage {
	t.Helper()
	g := &stage{story: s, from: newHost(t), to: newHost(t)}
	g.mustKnow(t, s.congestion)
	var err error
	if g.route, err = testnet.NewRoute(g.from, g.to, 1); err != nil {
		missing(t, err)
	}
	t.Cleanup(func() {
		if err := g.route.Close(); err != nil {
			t.Error(err)
		}
		g.playing.Wait()
	})
	way := testnet.Path{Delay: s.rtt / 2}
	g.route.Line.SetPath(way, way)
	rate := testnet.Rate{Bytes: int(s.rate / 8), Burst: s.bytes(burst), Queue: s.queueBytes()}
	if err := g.route.Line.SetRate(rate, rate); err != nil {
		t.Fatal(err)
	}
	_, g.target = g.route.Addrs()
	return g
}

// burst is how late tbf's timer may be without a loss of rate.
const burst = 5 * time.Millisecond

// mustKnow has the kernel load a congestion control, and skips the test where it has none
// of that name.
func (g *stage) mustKnow(t *testing.T, congestion string) {
	t.Helper()
	const known = "/proc/sys/net/ipv4/tcp_available_congestion_control"
	for range 2 {
		names, err := os.ReadFile(known)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range strings.Fields(string(names)) {
			if name == congestion {
				return
			}
		}
		_ = exec.Command("modprobe", "tcp_"+congestion).Run()
	}
	missing(t, &testnet.Unavailable{Reason: "the kernel has no " + congestion})
}

// inUTP begins the flow of uTP, which ends with the test.
func (g *stage) inUTP(t *testing.T) *utp.Conn {
	t.Helper()
	listener, err := utp.Listen(t.Context(), "udp4", netip.AddrPortFrom(g.target, 0).String(), utp.OnNetwork(g.to))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := listener.Close(); err != nil {
			t.Error(err)
		}
	})
	g.playing.Go(func() {
		if c, err := listener.Accept(); err == nil {
			_, _ = io.Copy((*counter)(&g.utp), c)
		}
	})
	c, err := utp.Dial(t.Context(), "udp4", listener.Addr().String(), utp.OnNetwork(g.from))
	if err != nil {
		t.Fatal(err)
	}
	g.playing.Go(func() { pour(c) })
	t.Cleanup(func() {
		_ = c.Abort()
		<-c.Done()
	})
	return c
}

// inTCP begins the flow of TCP, and returns what ends it at once: what waits to be sent is
// thrown away.
func (g *stage) inTCP(t *testing.T) (leave func()) {
	t.Helper()
	var listener net.Listener
	err := g.to.Do(func() (err error) {
		options := net.ListenConfig{Control: socketOptions(g.congestion)}
		listener, err = options.Listen(t.Context(), "tcp", netip.AddrPortFrom(g.target, 0).String())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	closeWithTest(t, listener)
	g.playing.Go(func() {
		if c, err := listener.Accept(); err == nil {
			closeWithTest(t, c)
			_, _ = io.Copy((*counter)(&g.tcp), c)
		}
	})
	var c net.Conn
	err = g.from.Do(func() (err error) {
		options := net.Dialer{Control: socketOptions(g.congestion)}
		c, err = options.DialContext(t.Context(), "tcp", listener.Addr().String())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	closeWithTest(t, c)
	g.playing.Go(func() { pour(c) })
	return func() {
		_ = c.(*net.TCPConn).SetLinger(0)
		_ = c.Close()
	}
}

// closeWithTest closes what a goroutine waits for when the test ends, however it does.
func closeWithTest(t *testing.T, c io.Closer) {
	context.AfterFunc(t.Context(), func() { _ = c.Close() })
}

// socketOptions has a socket use a congestion control, and buffers that do not bound it.
func socketOptions(congestion string) func(network, address string, raw syscall.RawConn) error {
	return func(_, _ string, raw syscall.RawConn) error {
		var err error
		fault := raw.Control(func(fd uintptr) {
			err = errors.Join(
				syscall.SetsockoptString(int(fd), syscall.IPPROTO_TCP, syscall.TCP_CONGESTION, congestion),
				syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_SNDBUFFORCE, socketBuffer),
				syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUFFORCE, socketBuffer),
			)
		})
		return errors.Join(fault, err)
	}
}

// counter counts what is written to it.
type counter atomic.Int64

// Write counts.
func (c *counter) Write(b []byte) (int, error) {
	(*atomic.Int64)(c).Add(int64(len(b)))
	return len(b), nil
}

// pour writes until that fails.
func pour(to io.Writer) {
	block := make([]byte, 64<<10)
	for {
		if _, err := to.Write(block); err != nil {
			return
		}
	}
}

// played is the course of the story on a link of the kernel. Times are those at which
// things were done, so that a machine that is late stretches the story.
func (g *stage) played(t *testing.T) (course, *utp.Conn) {
	t.Helper()
	ours := g.inUTP(t)
	begin := time.Now()
	var out course
	until := func(end time.Duration) {
		for {
			now := g.sample(t, begin)
			out = append(out, now)
			if now.at >= end {
				return
			}
			time.Sleep(min(end, now.at.Truncate(step)+step) - now.at)
		}
	}
	until(g.comes)
	leave := g.inTCP(t)
	until(g.leaves)
	leave()
	until(g.ends)
	return out, ours
}

func (g *stage) sample(t *testing.T, begin time.Time) sample {
	t.Helper()
	waiting, err := g.route.Line.Waiting()
	if err != nil {
		t.Fatal(err)
	}
	return sample{
		at: time.Since(begin), utp: g.utp.Load(), tcp: g.tcp.Load(),
		waits: time.Duration(8 * waiting * int64(time.Second) / g.rate),
	}
}
