package utp_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/etorrent/etorrent/utp"
)

func TestADialThatNobodyAnswersEnds(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bubble) {
		s := b.socket(left)
		_, err := s.Dial(t.Context(), right+":6881")
		ended(t, err, utp.Unanswered)
		if ne := net.Error(nil); !asNetError(err, &ne) || !ne.Timeout() || !errors.Is(err, syscall.ETIMEDOUT) {
			t.Errorf("%v is no time-out", err)
		}
		if n := cells(s); n != 0 {
			t.Errorf("%d connections are left", n)
		}
	})
}

func TestADialEndsWithItsContext(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bubble) {
		s := b.socket(left)
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		_, err := s.Dial(ctx, right+":6881")
		is(t, err, context.DeadlineExceeded)
		if ne := net.Error(nil); !asNetError(err, &ne) || !ne.Timeout() {
			t.Errorf("%v is no time-out", err)
		}
		cancel()
		_, err = s.Dial(ctx, right+":6881")
		is(t, err, context.DeadlineExceeded)
		synctest.Wait()
		if n := cells(s); n != 0 {
			t.Errorf("%d connections are left", n)
		}
		_, err = s.AcceptContext(ctx)
		is(t, err, context.DeadlineExceeded)
	})
}

func TestASocketWithoutABacklogRefuses(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bubble) {
		b.socket(right, utp.Backlog(0))
		_, err := b.socket(left).Dial(t.Context(), right+":6881")
		ended(t, err, utp.Refused)
		if !errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("%v is not that of TCP", err)
		}
	})
}

func TestAFullBacklogRefusesUntilSomebodyIsAccepted(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bubble) {
		to, from := b.socket(right, utp.Backlog(2)), b.socket(left)
		for range 2 {
			if _, err := from.Dial(t.Context(), right+":6881"); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Second)
		_, err := from.Dial(t.Context(), right+":6881")
		ended(t, err, utp.Refused)
		if _, err := to.AcceptContext(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := from.Dial(t.Context(), right+":6881"); err != nil {
			t.Error(err)
		}
	})
}

func TestANameIsTriedAtEachOfItsAddresses(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bubble) {
		b.SetName("seeds.example", "10.0.0.9", right)
		b.socket(right)
		s := b.socket(left)
		c, err := s.Dial(t.Context(), "seeds.example:6881")
		if err != nil {
			t.Fatal(err)
		}
		if at := c.RemoteAddr().String(); at != right+":6881" || c.RemoteAddr().Network() != "utp" {
			t.Errorf("it connected to %s", at)
		}
		_, err = s.Dial(t.Context(), "nobody.example:6881")
		var dns *net.DNSError
		if !errors.As(err, &dns) {
			t.Errorf("the error is %v", err)
		}
	})
}

func TestWhatIsNoAddressIsToldAtOnce(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bubble) {
		for _, at := range [][2]string{{"tcp", ":0"}, {"udp", "10.0.0.1"}, {"udp", ":http"}, {"udp4", "[::1]:0"}, {"udp4", "10.0.0.1:65536"}} {
			s, err := utp.Listen(t.Context(), at[0], at[1], utp.OnNetwork(b.Host(left)))
			var op *net.OpError
			if s != nil || !errors.As(err, &op) {
				t.Errorf("%v: %v", at, err)
			}
		}
		_, err := b.socket(left).Dial(t.Context(), "6881")
		var op *net.OpError
		if !errors.As(err, &op) {
			t.Errorf("the error is %v", err)
		}
		_, err = utp.Listen(t.Context(), "udp4", ":6881", utp.OnNetwork(b.Host(left)))
		if !errors.Is(err, syscall.EADDRINUSE) || !errors.As(err, &op) {
			t.Errorf("of a port that is taken: %v", err)
		}
	})
}

// A socket that no packet can leave from says so at the first.
func TestARemoteWithoutARouteIsToldAtOnce(t *testing.T) {
	s := listen(t, "udp4", "127.0.0.1:0")
	_, err := s.Dial(within(t), "192.0.2.1:6881") // from loopback there is no way out
	var end *utp.EndError
	if !errors.As(err, &end) || end.Reason != utp.Unreachable && end.Reason != utp.Unanswered {
		t.Fatalf("the error is %v", err)
	}
	if end.Reason == utp.Unreachable && end.Err == nil {
		t.Error("what the system said is not told")
	}
	_, err = s.Dial(within(t), "[2001:db8::1]:6881")
	ended(t, err, utp.Unreachable)
	if err == nil || !strings.Contains(err.Error(), "no UDP over IPv6") {
		t.Errorf("%v does not say what is missing", err)
	}
}

// asNetError is errors.As of a net.Error, as net.OpError is one.
func asNetError(err error, into *net.Error) bool { return errors.As(err, into) }
