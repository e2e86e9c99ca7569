package utp_test

import (
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/etorrent/etorrent/utp"
)

func TestCloseWriteEndsOneDirection(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bubble) {
		one, other := b.pair()
		writes(t, one, []byte("question"))
		if err := one.CloseWrite(); err != nil {
			t.Fatal(err)
		}
		_, err := one.Write([]byte("more"))
		is(t, err, net.ErrClosed)
		is(t, one.CloseWrite(), net.ErrClosed)
		if got, err := io.ReadAll(other); string(got) != "question" || err != nil {
			t.Errorf("%q, %v", got, err)
		}
		writes(t, other, []byte("answer"))
		_ = other.Close()
		if got, err := io.ReadAll(one); string(got) != "answer" || err != nil {
			t.Errorf("%q, %v", got, err)
		}
		_ = one.Close()
		<-one.Done()
		<-other.Done()
		if s := one.Status(); s.Phase != "closed" || s.Received != 6 || s.Acknowledged != 8 {
			t.Errorf("it ended with %+v", s)
		}
	})
}

// What was written before Close comes, though who closed is gone.
func TestCloseThrowsAwayNothingThatWasWritten(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bubble) {
		one, other := b.pair()
		data := stream(400 << 10)
		writes(t, one, data)
		if err := one.Close(); err != nil {
			t.Fatal(err)
		}
		reads(t, other, data)
		if n, err := other.Read(make([]byte, 1)); n != 0 || err != io.EOF {
			t.Errorf("behind the end: %d, %v", n, err)
		}
		writes(t, other, []byte("to nobody"))
		_ = other.Close()
		<-one.Done()
		<-other.Done()
	})
}

func TestAnAbortIsAResetToTheRemote(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bubble) {
		one, other := b.pair()
		writes(t, one, []byte("all that came"))
		synctest.Wait()
		time.Sleep(time.Second)
		if err := one.Abort(); err != nil {
			t.Fatal(err)
		}
		<-one.Done()
		<-other.Done()
		reads(t, other, []byte("all that came"))
		_, err := other.Read(make([]byte, 1))
		ended(t, err, utp.Reset)
		_, err = other.Write(make([]byte, 1))
		ended(t, err, utp.Reset)
		_, err = one.Read(make([]byte, 1))
		is(t, err, net.ErrClosed)
	})
}

func TestARemoteThatIsGoneEndsAConnectionByATimeOut(t *testing.T) {
	for _, c := range []struct {
		name string
		send []byte
	}{{"with something to acknowledge", []byte("is somebody there?")}, {"idle", nil}} {
		t.Run(c.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, b *bubble) {
				to := b.socket(right)
				one, other := connect(t, b.socket(left), to, right+":6881")
				_ = other.Abort()
				b.SetLink(deaf) // so that the Reset never comes
				writes(t, one, c.send)
				_, err := one.Read(make([]byte, 1))
				ended(t, err, utp.Silent)
				if ne := net.Error(nil); !asNetError(err, &ne) || !ne.Timeout() {
					t.Errorf("%v is no time-out", err)
				}
				b.SetLink(near)
			})
		})
	}
}

// A connection that nobody uses lives on, and so does the way through address translators.
func TestAnIdleConnectionLives(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bubble) {
		one, other := b.pair()
		time.Sleep(24 * time.Hour)
		writes(t, one, []byte("still here"))
		reads(t, other, []byte("still here"))
	})
}

func TestStatusTellsHowAConnectionDoes(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bubble) {
		one, other := b.pair()
		data := stream(1 << 19) // no more than fits into the network and is not lost
		go func() { writes(t, one, data) }()
		reads(t, other, data)
		time.Sleep(time.Second)
		s, r := one.Status(), other.Status()
		if s.Phase != "connected" || s.RTT < 20*time.Millisecond || s.BaseRTT != 20*time.Millisecond || s.PacketsLost > 0 || s.Acknowledged != 1<<19 || s.Unsent != 0 || s.Flying.Bytes != 0 || s.Window == 0 {
			t.Errorf("who sent: %+v", s)
		}
		if r.Received != 1<<19 || r.PacketsReceived < 1<<19/1452 || r.PacketsReceived > s.PacketsSent || s.RemoteWindow == 0 {
			t.Errorf("who received: %+v", r)
		}
	})
}

// Who writes to somebody who does not read is held back: by the window, and by half a MiB
// that waits.
func TestAWriterIsHeldBackByOneWhoDoesNotRead(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bubble) {
		one, other := b.pair()
		written := 0
		for p := make([]byte, 10_000); ; {
			_ = one.SetWriteDeadline(time.Now().Add(time.Minute))
			n, err := one.Write(p)
			written += n
			if err != nil {
				timedOut(t, err)
				break
			}
		}
		if least, most := 512<<10, 64<<10+512<<10+64<<10; written < least || written > most {
			t.Errorf("%d bytes were written, of which %d wait", written, one.Status().Unsent)
		}
		_ = one.SetWriteDeadline(time.Time{})
		go func() {
			writes(t, one, make([]byte, 3<<20))
			_ = one.CloseWrite()
		}()
		if n, err := io.Copy(io.Discard, other); n != int64(written+3<<20) || err != nil {
			t.Errorf("%d bytes came, %v", n, err)
		}
	})
}
