package utp_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/etorrent/etorrent/utp"
)

// The tests of this file are those of golang.org/x/net/nettest.TestConn.

// past is a deadline that is over.
var past = time.Unix(1, 0)

// timedOut wants the error of a deadline.
func timedOut(t *testing.T, err error) {
	t.Helper()
	var ne net.Error
	is(t, err, os.ErrDeadlineExceeded)
	if !errors.As(err, &ne) || !ne.Timeout() {
		t.Errorf("%v is no time-out", err)
	}
}

func TestBothStreamsComeWholeAtTheSameTime(t *testing.T) {
	forEachNetwork(t, func(t *testing.T, one, other *utp.Conn) {
		data := stream(shorter(1 << 20))
		var all sync.WaitGroup
		for _, c := range []*utp.Conn{one, other} {
			all.Go(func() {
				writes(t, c, data)
				if err := c.CloseWrite(); err != nil {
					t.Error(err)
				}
			})
			all.Go(func() {
				if got, err := io.ReadAll(c); err != nil || !bytes.Equal(got, data) {
					t.Errorf("%d bytes came, %v", len(got), err)
				}
			})
		}
		all.Wait()
	})
}

func TestMessagesGoToAndFro(t *testing.T) {
	forEachNetwork(t, func(t *testing.T, one, other *utp.Conn) {
		const rounds = 200
		var all sync.WaitGroup
		play := func(c *utp.Conn) {
			var b [8]byte
			for {
				if _, err := io.ReadFull(c, b[:]); err != nil {
					if err != io.EOF {
						t.Error(err)
					}
					return
				}
				n := binary.BigEndian.Uint64(b[:]) + 1
				binary.BigEndian.PutUint64(b[:], n)
				if n > rounds {
					_ = c.CloseWrite()
					continue
				}
				writes(t, c, b[:])
				if n == rounds {
					_ = c.CloseWrite()
				}
			}
		}
		all.Go(func() { play(one) })
		all.Go(func() { play(other) })
		writes(t, one, make([]byte, 8))
		all.Wait()
	})
}

func TestManyMayReadAndWriteAndSetDeadlinesAtOnce(t *testing.T) {
	forEachNetwork(t, func(t *testing.T, one, other *utp.Conn) {
		echoed := make(chan struct{})
		go func() {
			_, _ = io.Copy(other, other)
			close(echoed)
		}()
		var all sync.WaitGroup
		for range 10 {
			all.Go(func() {
				b := make([]byte, 1024)
				for range 10 {
					_ = one.SetReadDeadline(time.Now().Add(time.Millisecond))
					if _, err := one.Read(b); err != nil {
						timedOut(t, err)
					}
				}
			})
			all.Go(func() {
				b := make([]byte, 1024)
				for range 10 {
					_ = one.SetWriteDeadline(time.Now().Add(time.Millisecond))
					if _, err := one.Write(b); err != nil {
						timedOut(t, err)
					}
				}
			})
			all.Go(func() { _, _ = one.LocalAddr(), one.RemoteAddr(); _ = one.Status() })
		}
		all.Wait()
		_ = one.Close()
		<-echoed
	})
}

func TestADeadlineThatIsOverEndsReadsAndWritesAtOnce(t *testing.T) {
	forEachNetwork(t, func(t *testing.T, one, other *utp.Conn) {
		writes(t, other, []byte("here"))
		reads(t, one, []byte("h"))
		if err := one.SetDeadline(past); err != nil {
			t.Fatal(err)
		}
		n, err := one.Write(make([]byte, 1024))
		timedOut(t, err)
		m, err := one.Read(make([]byte, 1024)) // though there is something to be read
		timedOut(t, err)
		if n != 0 || m != 0 {
			t.Errorf("%d bytes were written, %d read", n, m)
		}
		if err := one.SetDeadline(time.Time{}); err != nil {
			t.Fatal(err)
		}
		reads(t, one, []byte("ere"))
		writes(t, one, []byte("there"))
		reads(t, other, []byte("there"))
	})
}

func TestADeadlineThatPassesEndsThoseWhoWait(t *testing.T) {
	forEachNetwork(t, func(t *testing.T, one, _ *utp.Conn) {
		if err := one.SetDeadline(time.Now().Add(100 * time.Millisecond)); err != nil {
			t.Fatal(err)
		}
		var all sync.WaitGroup
		all.Go(func() {
			_, err := one.Read(make([]byte, 1024))
			timedOut(t, err)
		})
		all.Go(func() { timedOut(t, fill(one)) })
		all.Wait()
	})
}

func TestADeadlineThatIsSetWhileSomebodyWaitsEndsTheWait(t *testing.T) {
	eachNetwork(t, func(t *testing.T, one, _ *utp.Conn, rest func()) {
		begun := make(chan struct{}, 2)
		var all sync.WaitGroup
		all.Go(func() {
			begun <- struct{}{}
			_, err := one.Read(make([]byte, 1024))
			timedOut(t, err)
		})
		all.Go(func() {
			begun <- struct{}{}
			timedOut(t, fill(one))
		})
		<-begun
		<-begun
		rest()
		if err := one.SetReadDeadline(past); err != nil {
			t.Error(err)
		}
		if err := one.SetWriteDeadline(past); err != nil {
			t.Error(err)
		}
		all.Wait()
	})
}

// fill writes until there is an error.
func fill(c *utp.Conn) error {
	b := make([]byte, 64<<10)
	for {
		if _, err := c.Write(b); err != nil {
			return err
		}
	}
}

func TestCloseEndsThoseWhoWait(t *testing.T) {
	eachNetwork(t, func(t *testing.T, one, _ *utp.Conn, rest func()) {
		begun := make(chan struct{}, 6)
		var all sync.WaitGroup
		for range 3 {
			all.Go(func() {
				begun <- struct{}{}
				_, err := one.Read(make([]byte, 1024))
				is(t, err, net.ErrClosed)
			})
			all.Go(func() {
				begun <- struct{}{}
				is(t, fill(one), net.ErrClosed)
			})
		}
		for range cap(begun) {
			<-begun
		}
		rest()
		if err := one.Close(); err != nil {
			t.Error(err)
		}
		all.Wait()
		is(t, one.Close(), net.ErrClosed)
		is(t, one.SetDeadline(time.Now()), net.ErrClosed)
	})
}
