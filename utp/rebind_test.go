package utp_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/testnet"
	"github.com/etorrent/etorrent/internal/vocab/utpwire"
	"github.com/etorrent/etorrent/utp"
)

// behindNAT has one end of a connection behind a NAT, which dialled or was dialled.
func behindNAT(t *testing.T, f func(t *testing.T, b *bubble, n *testnet.NAT, hidden, open *utp.Conn)) {
	t.Helper()
	dials := func(t *testing.T, hidden, open *utp.Socket) (h, o *utp.Conn) {
		return connect(t, hidden, open, right+":6881")
	}
	isDialled := func(t *testing.T, hidden, open *utp.Socket) (h, o *utp.Conn) {
		o, h = connect(t, open, hidden, left+":6881")
		return h, o
	}
	for name, dial := range map[string]func(t *testing.T, hidden, open *utp.Socket) (h, o *utp.Conn){
		"who is behind it dials": dials, "who is behind it is dialled": isDialled,
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, b *bubble) {
				n := testnet.NewNAT(b.Host(right), netip.MustParseAddrPort(left+":6881"))
				open := listen(t, "udp4", ":6881", utp.OnNetwork(n), utp.Linger(time.Second))
				hidden, shown := dial(t, b.socket(left), open)
				writes(t, hidden, []byte("from behind"))
				reads(t, shown, []byte("from behind"))
				f(t, b, n, hidden, shown)
			})
		})
	}
}

// watch has f see what comes from behind a NAT.
func watch(n *testnet.NAT, f func(p []byte)) {
	n.Watch(func(d testnet.Direction, p []byte) testnet.Fate {
		if d == testnet.FromRemote {
			f(p)
		}
		return testnet.Carried
	})
}

// ports are where a remote comes from in turn: of its NAT, and of another one.
var ports = []string{"10.0.0.1:7000", "10.0.0.1:7001", "10.9.9.9:40000", "10.0.0.1:7000"}

func TestAConnectionFollowsItsRemoteToNewPortsAndAddresses(t *testing.T) {
	behindNAT(t, func(t *testing.T, _ *bubble, n *testnet.NAT, hidden, open *utp.Conn) {
		data, came, every := stream(shorter(24<<20)), 0, shorter(3000)
		watch(n, func([]byte) {
			if came++; came%every == 0 && came/every <= len(ports) {
				n.Rebind(netip.MustParseAddrPort(ports[came/every-1]))
			}
		})
		var both sync.WaitGroup
		both.Go(func() { writes(t, hidden, data) })
		both.Go(func() { writes(t, open, data) })
		both.Go(func() { reads(t, hidden, data) })
		both.Go(func() { reads(t, open, data) })
		both.Wait()
		if got := open.RemoteAddr().String(); got != ports[len(ports)-1] {
			t.Errorf("the remote is said to be at %s", got)
		}
		_ = hidden.Close()
		if rest, err := io.ReadAll(open); err != nil || len(rest) > 0 {
			t.Errorf("behind it came %d bytes, %v", len(rest), err)
		}
	})
}

// Of an idle connection the next sign of life tells; what was written before goes then.
func TestAnIdleConnectionFollowsItsRemoteByASignOfLife(t *testing.T) {
	behindNAT(t, func(t *testing.T, _ *bubble, n *testnet.NAT, hidden, open *utp.Conn) {
		for _, port := range ports {
			time.Sleep(10 * time.Minute)
			n.Rebind(netip.MustParseAddrPort(port))
			began := time.Now()
			writes(t, open, []byte("are you there?"))
			reads(t, hidden, []byte("are you there?"))
			if took := time.Since(began); took > 31*time.Second {
				t.Errorf("it was followed after %v", took)
			}
			n.Rebind(netip.MustParseAddrPort("10.0.0.1:9"))
			began = time.Now()
			writes(t, hidden, []byte("here"))
			reads(t, open, []byte("here"))
			if took := time.Since(began); took > 2*time.Second {
				t.Errorf("it was followed after %v", took)
			}
		}
	})
}

// Who is aborted behind a new port is believed at once.
func TestAnAbortFromANewPortEndsAConnection(t *testing.T) {
	behindNAT(t, func(t *testing.T, _ *bubble, n *testnet.NAT, hidden, open *utp.Conn) {
		time.Sleep(time.Second)
		n.Rebind(netip.MustParseAddrPort(ports[0]))
		_ = hidden.Abort()
		_, err := open.Read(make([]byte, 1))
		ended(t, err, utp.Reset)
	})
}

// other is where somebody else is.
var other = netip.MustParseAddrPort("10.0.0.66:666")

// somebodyElse is a host whose packets come to the open end as they are.
func (b *bubble) somebodyElse() net.PacketConn {
	b.t.Helper()
	c, err := b.Host(other.Addr().String()).ListenPacket(b.t.Context(), "udp4", ":666")
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { _ = c.Close() })
	return c
}

// Each packet of the remote comes once more from elsewhere, sooner or later: the connection stays.
func TestPacketsThatAreCopiedFromElsewhereMoveNothing(t *testing.T) {
	alike(t)
	behindNAT(t, func(t *testing.T, b *bubble, n *testnet.NAT, hidden, open *utp.Conn) {
		c, to := b.somebodyElse(), net.UDPAddrFromAddrPort(netip.MustParseAddrPort(right+":6881"))
		var copies [][]byte
		watch(n, func(p []byte) {
			p = bytes.Clone(p)
			copies = append(copies, p)
			_, _ = c.WriteTo(p, to)
			if len(copies)%7 == 0 {
				_, _ = c.WriteTo(copies[len(copies)/2], to)
			}
		})
		transfer(t, hidden, open, 4<<20)
		transfer(t, open, hidden, 4<<20)
		time.Sleep(5 * time.Minute)
		transfer(t, hidden, open, 1<<20)
		if got := open.RemoteAddr().String(); got != left+":6881" || len(copies) < 3000 {
			t.Errorf("behind %d copies the remote is said to be at %s", len(copies), got)
		}
		if s := n.Sent(other); s.Largest > 20 {
			t.Errorf("elsewhere was sent %+v", s)
		}
	})
}

// Who knows the id of a connection, both addresses, and the clock of the remote within a second,
// and guesses the rest at 10,000 a second, does not move it.
func TestGuessesFromElsewhereMoveNothing(t *testing.T) {
	alike(t)
	behindNAT(t, func(t *testing.T, b *bubble, n *testnet.NAT, hidden, open *utp.Conn) {
		c, to := b.somebodyElse(), net.UDPAddrFromAddrPort(netip.MustParseAddrPort(right+":6881"))
		var s sniffer
		watch(n, func(p []byte) { s.see(p) })
		transfer(t, hidden, open, 1<<20)
		real := s.seen()
		guesses := during(t, floodRate, func(k int) {
			h := real
			h.Kind, h.Seq, h.Ack = utpwire.Data, h.Seq.Add(7919*k), h.Ack.Add(104729*k+9)
			h.Stamp += utpwire.Stamp(k * 100)
			_, _ = c.WriteTo(append(h.Append(nil, nil), "forged"...), to)
		}, func() {
			time.Sleep(10 * time.Second)
			transfer(t, hidden, open, 1<<20)
		})
		if got := open.RemoteAddr().String(); got != left+":6881" {
			t.Errorf("behind %d guesses the remote is said to be at %s", guesses, got)
		}
		if s := n.Sent(other); s.Largest > 20 || s.Datagrams > 51*20 {
			t.Errorf("for %d guesses elsewhere was sent %+v", guesses, s)
		}
	})
}

// Who has seen all, and speaks in the name of a third who does not answer, has that one sent 20
// bytes four times a second at most.
func TestAClaimThatIsNotAnsweredMovesNothingAndSendsLittle(t *testing.T) {
	behindNAT(t, func(t *testing.T, b *bubble, n *testnet.NAT, hidden, open *utp.Conn) {
		c, to := b.somebodyElse(), net.UDPAddrFromAddrPort(netip.MustParseAddrPort(right+":6881"))
		var s sniffer
		watch(n, func(p []byte) { s.see(p) })
		writes(t, hidden, []byte("one more"))
		reads(t, open, []byte("one more"))
		time.Sleep(time.Second)
		real := s.seen()
		for k := range 1000 {
			h := real
			h.Kind, h.Seq = utpwire.Data, h.Seq.Next()
			h.Stamp += utpwire.Stamp(1_000_000 + k*10_000)
			h.Delay = utpwire.NoDelay
			_, _ = c.WriteTo(append(h.Append(nil, nil), "forged"...), to)
			time.Sleep(10 * time.Millisecond)
		}
		if s := n.Sent(other); s.Datagrams == 0 || s.Datagrams > 41 || s.Largest > 20 {
			t.Errorf("elsewhere was sent %+v", s)
		}
		if got := open.RemoteAddr().String(); got != left+":6881" {
			t.Errorf("the remote is said to be at %s", got)
		}
		transfer(t, hidden, open, 1<<20)
	})
}

// A stranger whose numbers happen to be close to those of a connection with its id gets a
// connection of its own.
func TestWhoWasAnsweredIsNotTakenForARemoteThatMoved(t *testing.T) {
	alike(t)
	inBubble(t, func(t *testing.T, b *bubble) {
		to := b.socket(right)
		first := b.puppet("10.1.0.1", right)
		known := accept(t, to)
		other := &puppet{t: t, to: first.to, window: 1 << 20}
		for try := 1; ; try++ { // what it is answered is as good as random
			c, err := b.Host("10.1.0.2").ListenPacket(t.Context(), "udp4", fmt.Sprint(":", 2000+try%60_000))
			if err != nil {
				t.Fatal(err)
			}
			other.c = c
			if other.ask(first.id); other.theirs == first.theirs {
				break
			}
			_ = c.Close()
			if try%500 == 0 {
				time.Sleep(time.Minute) // those who asked are forgotten
				first.send(utpwire.Header{Kind: utpwire.State}, nil, "")
			}
		}
		defer other.c.Close()
		other.data("me too")
		c := accept(t, to)
		if got := c.RemoteAddr().String(); !strings.HasPrefix(got, "10.1.0.2:") {
			t.Errorf("%s was accepted", got)
		}
		if got := known.RemoteAddr().String(); !strings.HasPrefix(got, "10.1.0.1:") {
			t.Errorf("the first is at %s", got)
		}
		_, _ = c.Abort(), known.Abort()
	})
}
