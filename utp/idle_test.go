package utp_test

import (
	"net"
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/utpwire"
	"github.com/etorrent/etorrent/utp"
)

// idleMost is what a connection on which nothing happens may hold at one end, in bytes, and
// idleSpare what its socket keeps for who needs memory next.
const idleMost, idleSpare = 4 << 10, 512 << 10

// rest is after how long a connection has given back what it needs no more.
const rest = 3 * time.Second

// idle wants connections that have passed a word to hold little, of one end alone: the other one
// is a host that keeps nothing of them.
func idle(t *testing.T, connect func(b *bubble, s *utp.Socket, connections int) []*utp.Conn) {
	t.Helper()
	inBubble(t, func(t *testing.T, b *bubble) {
		connections := 2000
		if testing.Short() {
			connections = 1000
		}
		s := b.socket(right)
		warm := connect(b, s, 100)
		for _, c := range warm {
			_ = c.Abort()
		}
		time.Sleep(30 * time.Second)
		before := heap()
		all := connect(b, s, connections)
		time.Sleep(rest)
		if n := cells(s); n != connections {
			t.Fatalf("there are %d connections", n)
		}
		holds(t, before, connections*idleMost+idleSpare, "the end of idle connections")
		for _, c := range all {
			_ = c.Abort()
		}
	})
}

func TestAnIdleConnectionHoldsAtMostFourKiBWhereItWasAccepted(t *testing.T) {
	idle(t, func(b *bubble, s *utp.Socket, connections int) []*utp.Conn {
		out := make([]*utp.Conn, connections)
		p := b.puppet(evil2, right)
		for n := range out {
			if n > 0 {
				p.ask(utpwire.ConnID(200 + 2*n))
				p.data("here")
			}
			out[n] = accept(b.t, s)
			reads(b.t, out[n], []byte("here"))
		}
		return out
	})
}

func TestAnIdleConnectionHoldsAtMostFourKiBWhereItWasDialled(t *testing.T) {
	idle(t, func(b *bubble, s *utp.Socket, connections int) []*utp.Conn {
		at := b.mirror(evil2)
		out := make([]*utp.Conn, connections)
		for n := range out {
			c, err := s.Dial(b.t.Context(), at)
			if err != nil {
				b.t.Fatal(err)
			}
			writes(b.t, c, []byte("here"))
			reads(b.t, c, []byte("here"))
			out[n] = c
		}
		return out
	})
}

// mirror is a host that accepts whoever asks, sends back what comes, and keeps nothing.
func (b *bubble) mirror(host string) string {
	b.t.Helper()
	c, err := b.Host(host).ListenPacket(b.t.Context(), "udp4", ":0")
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { _ = c.Close() })
	go func() {
		in := make([]byte, 4096)
		for {
			n, from, err := c.ReadFrom(in)
			if err != nil {
				return
			}
			if out := reflect(in[:n]); out != nil {
				_, _ = c.WriteTo(out, from)
			}
		}
	}()
	return c.LocalAddr().(*net.UDPAddr).String()
}

// reflect is what a mirror answers.
func reflect(b []byte) []byte {
	var p utpwire.Packet
	if utpwire.Parse(b, &p) != utpwire.NoFault {
		return nil
	}
	h := utpwire.Header{Kind: utpwire.State, ID: p.ID, Stamp: p.Stamp, Window: 1 << 20, Seq: 1, Ack: p.Seq}
	switch p.Kind {
	case utpwire.Syn:
	case utpwire.Data:
		h.Kind, h.ID = utpwire.Data, p.ID.Previous()
	case utpwire.Fin, utpwire.State, utpwire.Reset:
		return nil
	}
	return append(h.Append(nil, nil), p.Payload...)
}
