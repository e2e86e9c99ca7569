package testnet

import (
	"net"
	"net/netip"
	"testing"
	"time"
)

// echo is a server that sends back what comes, and tells from where.
func echo(t *testing.T, listen string) (netip.AddrPort, chan netip.AddrPort) {
	t.Helper()
	pc, err := net.ListenPacket("udp", listen)
	if err != nil {
		t.Skipf("%s: %v", listen, err)
	}
	t.Cleanup(func() { pc.Close() })
	c, from := pc.(*net.UDPConn), make(chan netip.AddrPort, 10_000)
	go func() {
		buf := make([]byte, datagram)
		for {
			n, a, err := c.ReadFromUDPAddrPort(buf)
			if err != nil {
				return
			}
			from <- a
			_, _ = c.WriteToUDPAddrPort(buf[:n], a)
		}
	}()
	return c.LocalAddr().(*net.UDPAddr).AddrPort(), from
}

func relayTo(t *testing.T, server netip.AddrPort) (*Relay, *net.UDPConn) {
	t.Helper()
	r, err := NewRelay(server, 1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	c, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(r.Addr()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return r, c
}

// ask sends a datagram and returns the answer.
func ask(t *testing.T, c *net.UDPConn, text string) string {
	t.Helper()
	if _, err := c.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	_ = c.SetReadDeadline(time.Now().Add(time.Minute))
	buf := make([]byte, datagram)
	n, err := c.Read(buf)
	if err != nil {
		t.Fatal(err)
	}
	return string(buf[:n])
}

func TestARelayCarriesBothWays(t *testing.T) {
	for _, listen := range []string{"127.0.0.1:0", "[::1]:0"} {
		t.Run(listen, func(t *testing.T) {
			server, _ := echo(t, listen)
			_, c := relayTo(t, server)
			if got := ask(t, c, "hello"); got != "hello" {
				t.Errorf("%q", got)
			}
		})
	}
}

func TestAReboundRelayShowsAnotherPort(t *testing.T) {
	server, from := echo(t, "127.0.0.1:0")
	r, c := relayTo(t, server)
	ask(t, c, "before")
	r.Rebind()
	ask(t, c, "after")
	if one, two := <-from, <-from; one == two {
		t.Errorf("%v both times", one)
	}
}

func TestARelayLosesAndDuplicatesWhatItCounts(t *testing.T) {
	server, from := echo(t, "127.0.0.1:0")
	r, c := relayTo(t, server)
	r.SetPath(Path{Loss: 300, Duplicate: 200, Reorder: 100}, Path{Cut: Unplugged})
	const sent = 1000
	deadline := time.Now().Add(time.Minute)
	for n := range int64(sent) {
		if _, err := c.Write([]byte("x")); err != nil {
			t.Fatal(err)
		}
		for time.Now().Before(deadline) { // a socket buffer holds only so many
			there, back := r.Counts()
			if flying := n - there.Lost + there.Duplicated - back.Lost; flying < 100 {
				break
			}
			time.Sleep(time.Millisecond)
		}
	}
	came := int64(0)
	for ; ; time.Sleep(time.Millisecond) {
		for ; len(from) > 0; came++ {
			<-from
		}
		there, back := r.Counts()
		if there.Sent+there.Lost == sent && came == there.Sent+there.Duplicated && back.Lost == came {
			if there.Lost == 0 || there.Duplicated == 0 || there.Reordered == 0 {
				t.Errorf("%+v", there)
			}
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d came of %+v, back %+v", came, there, back)
		}
	}
}
