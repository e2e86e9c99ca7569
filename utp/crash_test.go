package utp_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/etorrent/etorrent/sup"
	"github.com/etorrent/etorrent/utp"
)

// bomb panics in the step of a process or a cell, where it is one of those that are meant.
type bomb struct {
	mu   sync.Mutex
	in   string // part of the path
	at   sup.Moment
	skip int // passes before it
	left int
}

func (b *bomb) hook(p sup.Point) {
	b.mu.Lock()
	blows := false
	if p.At == b.at && strings.Contains(p.Path, b.in) && b.left > 0 {
		if b.skip--; b.skip < 0 {
			blows = true
			b.left--
		}
	}
	b.mu.Unlock()
	if blows {
		panic("injected")
	}
}

func (b *bomb) arm(in string, at sup.Moment, skip int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.in, b.at, b.skip, b.left = in, at, skip, 1
}

func (b *bomb) blown() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.left == 0
}

// Each connection has a host of its own, by whose address the one that crashes is known.
func TestACrashOfAConnectionIsNoticedByNoOther(t *testing.T) {
	others, skips := 20, []int{0, 1, 2, 3, 5, 10, 100}
	if testing.Short() { // the race detector sees as much of few
		others, skips = 5, skips[2:3]
	}
	for _, skip := range skips {
		inBubble(t, func(t *testing.T, b *bubble) {
			var bomb bomb
			var reports []sup.Report
			to := b.socket(right, utp.Hook(bomb.hook), utp.Observe(func(r sup.Report) { reports = append(reports, r) }))
			bomb.arm("conn[10.0.1.1:", sup.InStep, skip)
			go echoAll(t, to)
			data := stream(shorter(100 << 10))
			var all sync.WaitGroup
			for i := range others + 1 {
				from := b.socket(fmt.Sprintf("10.0.1.%d", i+1))
				all.Go(func() {
					got, err := echoed(t, from, data)
					switch {
					case i == 0:
						ended(t, err, utp.Reset)
					case err != nil || !bytes.Equal(got, data):
						t.Errorf("another got %d bytes and %v", len(got), err)
					}
				})
			}
			all.Wait()
			if len(reports) != 1 || reports[0].Kind != "conn" || !bomb.blown() {
				t.Errorf("after %d steps it was reported as %+v", skip, reports)
			}
		})
	}
}

// echoAll answers everybody with what comes, until the socket is closed.
func echoAll(t *testing.T, s *utp.Socket) {
	for {
		c, err := s.Accept()
		if err != nil {
			is(t, err, net.ErrClosed)
			return
		}
		go func() {
			if _, err := io.Copy(c, c); err != nil {
				ended(t, err, utp.Crashed)
			}
			_ = c.Close()
		}()
	}
}

// echoed sends bytes and returns those that come back.
func echoed(t *testing.T, from *utp.Socket, data []byte) ([]byte, error) {
	c, err := from.Dial(t.Context(), right+":6881")
	if err != nil {
		return nil, err
	}
	go func() {
		_, _ = c.Write(data)
		_ = c.CloseWrite()
	}()
	got, err := io.ReadAll(c)
	_ = c.Close()
	return got, err
}

// A remote that has nothing to send hears of it at once.
func TestACrashOfAConnectionIsToldToARemoteThatWaits(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bubble) {
		var bomb bomb
		dialled, accepted := connect(t, b.socket(left), b.socket(right, utp.Hook(bomb.hook)), right+":6881")
		time.Sleep(10 * time.Second)
		bomb.arm("conn[", sup.InStep, 0)
		began := time.Now()
		writes(t, accepted, []byte("the last straw"))
		_, err := dialled.Read(make([]byte, 1))
		ended(t, err, utp.Reset)
		if took := time.Since(began); took > time.Second {
			t.Errorf("it heard so after %v", took)
		}
		_, err = accepted.Write([]byte("more"))
		ended(t, err, utp.Crashed)
		var panicked *sup.PanicError
		if !errors.As(err, &panicked) || panicked.Value != "injected" {
			t.Errorf("%v does not say what happened", err)
		}
	})
}

// A crash of the process ends its connections; the next one has the same port.
func TestACrashOfTheProcessEndsConnectionsAndTheSocketGoesOn(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bubble) {
		var bomb bomb
		from, to := b.socket(left), b.socket(right, utp.Hook(bomb.hook))
		one, other := connect(t, from, to, right+":6881")
		bomb.arm("socket/utp", sup.OnReceive, 0)
		writes(t, one, []byte("the last straw"))
		_, err := other.Read(make([]byte, 20))
		ended(t, err, utp.Crashed)
		synctest.Wait()
		time.Sleep(time.Second)
		_, err = one.Read(make([]byte, 1))
		ended(t, err, utp.Reset) // the next process knows nothing of it
		one, other = connect(t, from, to, right+":6881")
		writes(t, one, []byte("again"))
		reads(t, other, []byte("again"))
	})
}

// The socket of a Dial ends with its process.
func TestACrashOfTheProcessOfADialEndsItsSocket(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bubble) {
		var bomb bomb
		b.socket(right)
		c, err := utp.Dial(t.Context(), "udp4", right+":6881", utp.OnNetwork(b.Host(left)), utp.Hook(bomb.hook))
		if err != nil {
			t.Fatal(err)
		}
		bomb.arm("socket/utp", sup.OnReceive, 0)
		writes(t, c, []byte("the last straw"))
		_, err = c.Read(make([]byte, 1))
		ended(t, err, utp.Crashed)
	})
}
