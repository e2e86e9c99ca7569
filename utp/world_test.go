package utp_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/etorrent/etorrent/etorrenttest"
	"github.com/etorrent/etorrent/utp"
)

const (
	left  = "10.0.0.1"
	right = "10.0.0.2"
)

// near and deaf are links: what is sent on one of them comes soon, or when all is over.
var (
	near = etorrenttest.Link{Latency: 10 * time.Millisecond}
	deaf = etorrenttest.Link{Latency: 1000 * time.Hour}
)

// bubble is a network in memory, in virtual time.
type bubble struct {
	*etorrenttest.Network
	t *testing.T
}

// inBubble runs f in a bubble. That it ends shows that all goroutines have.
func inBubble(t *testing.T, f func(t *testing.T, b *bubble)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		n := etorrenttest.NewNetwork(t)
		n.SetLink(near)
		f(t, &bubble{n, t})
	})
}

// socket is one on a host, at the port 6881.
func (b *bubble) socket(host string, o ...utp.Option) *utp.Socket {
	b.t.Helper()
	return listen(b.t, "udp4", ":6881", append([]utp.Option{utp.OnNetwork(b.Host(host)), utp.Linger(time.Second)}, o...)...)
}

func listen(t *testing.T, network, address string, o ...utp.Option) *utp.Socket {
	t.Helper()
	s, err := utp.Listen(t.Context(), network, address, o...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// connect has a socket dial another, and that accept.
func connect(t *testing.T, from, to *utp.Socket, at string) (dialled, accepted *utp.Conn) {
	t.Helper()
	dialled, err := from.Dial(t.Context(), at)
	if err != nil {
		t.Fatal(err)
	}
	accepted, err = to.AcceptContext(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return dialled, accepted
}

// pair is a connection in the bubble.
func (b *bubble) pair(o ...utp.Option) (dialled, accepted *utp.Conn) {
	b.t.Helper()
	return connect(b.t, b.socket(left, o...), b.socket(right, o...), right+":6881")
}

// forEachNetwork runs f with a connection in a bubble and with one over the loopback of the host.
func forEachNetwork(t *testing.T, f func(t *testing.T, dialled, accepted *utp.Conn)) {
	t.Helper()
	eachNetwork(t, func(t *testing.T, dialled, accepted *utp.Conn, _ func()) { f(t, dialled, accepted) })
}

// eachNetwork is the same with what waits until everybody waits, in the bubble.
func eachNetwork(t *testing.T, f func(t *testing.T, dialled, accepted *utp.Conn, rest func())) {
	t.Helper()
	t.Run("in memory", func(t *testing.T) {
		inBubble(t, func(t *testing.T, b *bubble) {
			one, other := b.pair()
			f(t, one, other, synctest.Wait)
		})
	})
	t.Run("on loopback", func(t *testing.T) {
		from, to := listen(t, "udp4", "127.0.0.1:0", utp.Linger(0)), listen(t, "udp4", "127.0.0.1:0", utp.Linger(0))
		one, other := connect(t, from, to, to.Addr().String())
		f(t, one, other, func() {})
	})
}

// stream are random bytes, always the same.
func stream(size int) []byte {
	b := make([]byte, size)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(b)
	return b
}

// reads wants the next bytes of a connection to be these.
func reads(t *testing.T, c io.Reader, want []byte) {
	t.Helper()
	got := make([]byte, len(want))
	if n, err := io.ReadFull(c, got); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%d bytes of %d came: %v", n, len(want), err)
	}
}

func writes(t *testing.T, c io.Writer, b []byte) {
	t.Helper()
	if n, err := c.Write(b); err != nil || n != len(b) {
		t.Errorf("%d bytes of %d were written: %v", n, len(b), err)
	}
}

// ended wants an error of a connection that says a reason and names the remote.
func ended(t *testing.T, err error, why utp.Reason) {
	t.Helper()
	var op *net.OpError
	var end *utp.EndError
	if !errors.As(err, &op) || !errors.As(err, &end) || end.Reason != why {
		t.Errorf("the error is %v, not %v", err, why)
		return
	}
	if op.Net != "utp" || op.Addr == nil || !strings.Contains(err.Error(), op.Addr.String()) {
		t.Errorf("%q does not name the remote", err)
	}
}

// is wants an error to be another, in a *net.OpError.
func is(t *testing.T, err, want error) {
	t.Helper()
	var op *net.OpError
	if !errors.Is(err, want) || !errors.As(err, &op) {
		t.Errorf("the error is %v, not %v", err, want)
	}
}

// shorter is a size beside the race detector, a part of what it is without: that learns nothing
// from more of the same.
func shorter(size int) int {
	if testing.Short() {
		return size / 4
	}
	return size
}

// alike leaves a test out beside the race detector where many packets go one and the same way:
// those who run beside each other are those of other tests.
func alike(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("many packets go one way, alike for the race detector")
	}
}

// cells are the connections that the tree of a socket shows.
func cells(s *utp.Socket) int { return s.Tree().Root.Children[0].Cells.Alive }

// atMost is for how long a test over real sockets may take on the slowest machine.
const atMost = 3 * time.Minute

// within bounds a test over real sockets.
func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), atMost)
	t.Cleanup(cancel)
	return ctx
}
