package net_test

import (
	"errors"
	"net"
	"net/netip"
	"testing"

	"golang.org/x/sys/unix"

	pnet "github.com/etorrent/etorrent/internal/proc/net"
)

// soBufLock is SO_BUF_LOCK, which says whether somebody fixed the size of a buffer;
// kernels before 5.14 do not know it.
const soBufLock = 72

// pair is a connection over the host's network: the end that dialled, the one that
// was accepted, and the listener.
func pair(t *testing.T, d pnet.DSCP, at string) (dialled, accepted pnet.Conn, l net.Listener) {
	t.Helper()
	e := pnet.NewEgress(hostNetwork(t, d))
	l, err := e.Listen(t.Context(), at)
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	to, err := netip.ParseAddrPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if to.Addr().IsUnspecified() {
		to = netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), to.Port())
	}
	dialled, err = e.Dial(t.Context(), to, pnet.DialTimeout)
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { _ = dialled.Close() })
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	accepted = pnet.Wrap(c)
	t.Cleanup(func() { _ = accepted.Close() })
	return dialled, accepted, l
}

func hostNetwork(t *testing.T, d pnet.DSCP) pnet.Network {
	t.Helper()
	n, err := pnet.Host(d)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestBothEndsOfAConnectionHaveTheOptionsThatTheyShould(t *testing.T) {
	for _, at := range []string{"127.0.0.1:0", "[::1]:0", ":0"} {
		dialled, accepted, l := pair(t, 0, at)
		for end, c := range map[string]pnet.Conn{"dialled": dialled, "accepted": accepted} {
			for name, o := range map[string]struct{ level, option, want int }{
				"TCP_NOTSENT_LOWAT": {unix.IPPROTO_TCP, unix.TCP_NOTSENT_LOWAT, 256 << 10},
				"TCP_USER_TIMEOUT":  {unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, 90_000},
				"TCP_NODELAY":       {unix.IPPROTO_TCP, unix.TCP_NODELAY, 1},
				"SO_KEEPALIVE":      {unix.SOL_SOCKET, unix.SO_KEEPALIVE, 0},
				"SO_PROTOCOL":       {unix.SOL_SOCKET, unix.SO_PROTOCOL, unix.IPPROTO_TCP},
			} {
				if got := pnet.ConnOption(c, o.level, o.option); got != o.want {
					t.Errorf("%s: %s of the %s end is %d, want %d", at, name, end, got, o.want)
				}
			}
			if got := pnet.ConnOption(c, unix.SOL_SOCKET, soBufLock); got > 0 {
				t.Errorf("%s: the buffers of the %s end have a fixed size", at, end)
			}
		}
		if got := pnet.ListenerOption(l, unix.SOL_SOCKET, unix.SO_REUSEADDR); got != 1 {
			t.Errorf("%s: SO_REUSEADDR is %d", at, got)
		}
		if got := pnet.ListenerOption(l, unix.SOL_SOCKET, unix.SO_REUSEPORT); got != 0 {
			t.Errorf("%s: SO_REUSEPORT is %d", at, got)
		}
	}
}

func TestWhatIsSentIsOfTheClassThatWasAskedFor(t *testing.T) {
	for _, d := range []pnet.DSCP{0, pnet.LowerEffort, 46} {
		octet := int(d) << 2
		for _, at := range []string{"127.0.0.1:0", "[::1]:0", ":0"} {
			dialled, accepted, _ := pair(t, d, at)
			level, option := unix.IPPROTO_IP, unix.IP_TOS
			if dialled.RemoteAddr().Addr().Is6() {
				level, option = unix.IPPROTO_IPV6, unix.IPV6_TCLASS
			}
			if got := pnet.ConnOption(dialled, level, option); got != octet {
				t.Errorf("%s: what is dialled has %#x, want %#x", at, got, octet)
			}
			if got := pnet.ConnOption(accepted, level, option); got != octet {
				t.Errorf("%s: what is accepted has %#x, want %#x", at, got, octet)
			}
		}
		for _, c := range []struct {
			f             pnet.Family
			at            string
			level, option int
		}{
			{pnet.V4, "0.0.0.0:0", unix.IPPROTO_IP, unix.IP_TOS},
			{pnet.V6, "[::]:0", unix.IPPROTO_IPV6, unix.IPV6_TCLASS},
		} {
			p, err := pnet.NewEgress(hostNetwork(t, d)).ListenPacket(t.Context(), c.f, netip.MustParseAddrPort(c.at))
			if err != nil {
				t.Skip(err)
			}
			if got := pnet.Option(p, c.level, c.option); got != octet {
				t.Errorf("datagrams over %v have %#x, want %#x", c.f, got, octet)
			}
			_ = p.Close()
		}
	}
}

func TestAClassIsWithinSixBits(t *testing.T) {
	var bad *pnet.ClassError
	if _, err := pnet.Host(64); !errors.As(err, &bad) || bad.DSCP != 64 {
		t.Errorf("%v", err)
	}
	if _, err := pnet.Host(63); err != nil {
		t.Error(err)
	}
}

// To one that reads nothing, little is given to the kernel that it has not sent: the
// rest can still be taken back.
func TestLittleWaitsUnsentForOneThatDoesNotRead(t *testing.T) {
	for _, at := range []string{"127.0.0.1:0", "[::1]:0"} {
		dialled, accepted, _ := pair(t, 0, at)
		for end, c := range map[string]pnet.Conn{"dialled": dialled, "accepted": accepted} {
			block, written := make([]byte, 1<<20), 0
			for state := pnet.WriteOpen; state == pnet.WriteOpen; {
				n, s, err := c.TryWrite([][]byte{block})
				if err != nil {
					t.Fatal(err)
				}
				written, state = written+n, s
			}
			if n := pnet.Unsent(c); n == 0 || n >= 512<<10 {
				t.Errorf("%s: %d of %d bytes wait unsent at the %s end", at, n, written, end)
			}
		}
	}
}

func TestWhatMayWaitUnsentIsWhatTheOwnerSays(t *testing.T) {
	_, c, _ := pair(t, 0, "127.0.0.1:0")
	for _, bytes := range []int{1 << 20, pnet.UsualUnsent} {
		c.(pnet.UnsentLimiter).LimitUnsent(bytes)
		if got := pnet.ConnOption(c, unix.IPPROTO_TCP, unix.TCP_NOTSENT_LOWAT); got != bytes {
			t.Errorf("%d bytes may wait, want %d", got, bytes)
		}
	}
}
