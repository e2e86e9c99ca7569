package etorrenttest_test

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/etorrent/etorrent/etorrenttest"
)

func TestBytesGoBothWays(t *testing.T) {
	bubble(t, func(t *testing.T, n *etorrenttest.Network) {
		near, far := pair(t, n)
		if near.RemoteAddr().String() != far.LocalAddr().String() || near.LocalAddr().String() != far.RemoteAddr().String() {
			t.Errorf("%v → %v at one end, %v → %v at the other", near.LocalAddr(), near.RemoteAddr(), far.LocalAddr(), far.RemoteAddr())
		}
		for _, way := range [][2]net.Conn{{near, far}, {far, near}} {
			write(t, way[0], []byte("hello"))
			write(t, way[0], []byte(" there"))
			got := make([]byte, 11)
			if _, err := io.ReadFull(way[1], got); err != nil || string(got) != "hello there" {
				t.Errorf("%q, %v", got, err)
			}
		}
	})
}

func TestAWriteWaitsOnlyWhileTheBufferIsFull(t *testing.T) {
	bubble(t, func(t *testing.T, n *etorrenttest.Network) {
		n.SetLink(etorrenttest.Link{Buffer: 1000})
		near, far := pair(t, n)
		write(t, near, make([]byte, 1000))
		wrote := make(chan error)
		go func() {
			_, err := near.Write(make([]byte, 300))
			wrote <- err
		}()
		synctest.Wait()
		select {
		case err := <-wrote:
			t.Fatalf("a write did not wait: %v", err)
		default:
		}
		if _, err := io.ReadFull(far, make([]byte, 1300)); err != nil {
			t.Error(err)
		}
		if err := <-wrote; err != nil {
			t.Error(err)
		}
	})
}

func TestDeadlinesEndWaits(t *testing.T) {
	bubble(t, func(t *testing.T, n *etorrenttest.Network) {
		n.SetLink(etorrenttest.Link{Buffer: 10})
		near, far := pair(t, n)
		begun := time.Now()
		_ = near.SetReadDeadline(begun.Add(3 * time.Second))
		if _, err := near.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Error(err)
		}
		_ = near.SetWriteDeadline(begun.Add(5 * time.Second))
		if sent, err := near.Write(make([]byte, 20)); sent != 10 || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Error(sent, err)
		}
		if waited := time.Since(begun); waited != 5*time.Second {
			t.Errorf("waited %v", waited)
		}
		read := make(chan error)
		go func() {
			_, err := far.Read(make([]byte, 20))
			_, err2 := far.Read(make([]byte, 20))
			read <- errors.Join(err, err2)
		}()
		synctest.Wait()
		_ = far.SetDeadline(time.Now()) // a wait under way heeds it
		var timeout net.Error
		if err := <-read; !errors.As(err, &timeout) || !timeout.Timeout() {
			t.Error(err)
		}
		_ = near.SetDeadline(time.Time{})
		write(t, near, make([]byte, 10))
	})
}

func TestWhatWasWrittenBeforeACloseIsRead(t *testing.T) {
	bubble(t, func(t *testing.T, n *etorrenttest.Network) {
		near, far := pair(t, n)
		write(t, near, []byte("last words"))
		near.Close()
		if got, err := io.ReadAll(far); string(got) != "last words" || err != nil {
			t.Errorf("%q, %v", got, err)
		}
		if _, err := far.Write([]byte("?")); !errors.Is(err, syscall.ECONNRESET) {
			t.Error(err)
		}
		if _, err := near.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
		if _, err := near.Write([]byte("?")); !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
	})
}

func TestACloseEndsWaits(t *testing.T) {
	bubble(t, func(t *testing.T, n *etorrenttest.Network) {
		l := listen(t, n.Host("10.0.0.3"), ":1")
		near, _ := pair(t, n)
		ended := make(chan error)
		go func() { _, err := near.Read(make([]byte, 1)); ended <- err }()
		go func() { _, err := l.Accept(); ended <- err }()
		synctest.Wait()
		near.Close()
		if err := <-ended; !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
		l.Close()
		if err := <-ended; !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
	})
}

func TestALinkHasLatencyAndRate(t *testing.T) {
	bubble(t, func(t *testing.T, n *etorrenttest.Network) {
		n.SetLink(etorrenttest.Link{Latency: 100 * time.Millisecond, Rate: 10_000, Buffer: 1 << 20})
		begun := time.Now()
		near, far := pair(t, n)
		if made := time.Since(begun); made != 200*time.Millisecond {
			t.Errorf("connected after %v", made)
		}
		begun = time.Now()
		write(t, near, make([]byte, 50_000))
		if took := time.Since(begun); took != 0 {
			t.Errorf("the write waited %v", took)
		}
		if _, err := io.ReadFull(far, make([]byte, 50_000)); err != nil {
			t.Error(err)
		}
		if took := time.Since(begun).Round(time.Millisecond); took != 5100*time.Millisecond {
			t.Errorf("50,000 bytes at 10,000 a second took %v", took)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		if _, err := n.Host("10.0.0.2").DialContext(ctx, "tcp", far.LocalAddr().String()); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
	})
}
