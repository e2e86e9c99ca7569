package utp_test

import (
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/utpwire"
	"github.com/etorrent/etorrent/utp"
)

// sniffer has the last header that left a tap, for one who knows more than from aside.
type sniffer struct {
	mu   sync.Mutex
	last utpwire.Header
}

func (s *sniffer) see(b []byte) fate {
	var p utpwire.Packet
	s.mu.Lock()
	defer s.mu.Unlock()
	if utpwire.Parse(b, &p) == utpwire.NoFault {
		s.last = p.Header
	}
	return carried
}

func (s *sniffer) seen() utpwire.Header {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last
}

// Who has guessed the id too has to know what flies: a Reset that answers anything else is
// none, and data of any number that is not near is dropped.
func TestAnIdThatIsGuessedIsNotEnoughForAForgery(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bubble) {
		h, to, dialled, accepted := besieged(b)
		var s sniffer
		h.lose = s.see
		transfer(t, accepted, dialled, 100<<10)
		time.Sleep(time.Second)
		f, name, real := b.forger(right), netip.MustParseAddrPort(left+":6881"), s.seen()
		answers := h.to(name).datagrams
		for n := range shorter(10_000) {
			far := 1500 + n*6
			f.sendPacket(name, utpwire.Header{Kind: utpwire.Reset, ID: real.ID + utpwire.ConnID(n%2), Ack: real.Seq.Add(far)}, "")
			f.sendPacket(name, utpwire.Header{Kind: utpwire.Kind(n % 3), ID: real.ID.Next(), Seq: real.Ack.Add(far), Ack: real.Seq.Previous()}, "forged")
			f.sendPacket(name, utpwire.Header{Kind: utpwire.Kind(n % 3), ID: real.ID.Next(), Seq: real.Ack.Next(), Ack: real.Seq.Add(far)}, "forged")
			if n%5 == 4 {
				time.Sleep(time.Millisecond)
			}
		}
		if n := h.to(name).datagrams - answers; n > 4 { // signs of life
			t.Errorf("forgeries had %d answers", n)
		}
		if s := accepted.Status(); s.Phase != "connected" || s.Received != 0 {
			t.Errorf("it is %+v", s)
		}
		transfer(t, dialled, accepted, 1<<20)
		transfer(t, accepted, dialled, 1<<20)

		real = s.seen()
		for n := range 100 { // all is right but whom it is of
			f.sendPacket(stranger(n), utpwire.Header{Kind: utpwire.Kind(n % 4), ID: real.ID.Next(), Seq: real.Ack.Next(), Ack: real.Seq.Previous()}, "forged")
		}
		time.Sleep(time.Second)
		transfer(t, dialled, accepted, 1<<20)
		if n := cells(to); n != 1 {
			t.Errorf("there are %d connections", n)
		}
	})
}

// Forgeries in the name of a remote that is gone do not keep its connection.
func TestForgeriesDoNotKeepAConnectionWhoseRemoteIsGone(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bubble) {
		_, to, _, _ := besieged(b, utp.Silence(time.Minute))
		p := b.puppet(evil2, right)
		c := accept(t, to)
		f, name := b.forger(right), netip.MustParseAddrPort(p.c.LocalAddr().String())
		began := time.Now()
		during(t, 100, func(n int) {
			f.sendPacket(name, utpwire.Header{Kind: utpwire.Kind(n % 5), ID: p.id.Next(), Seq: p.seq.Add(2000 + n%50_000), Ack: p.theirs.Add(1000 + n%30_000)}, "forged")
		}, func() { <-c.Done() })
		if took := time.Since(began); took > 2*time.Minute {
			t.Errorf("it was kept for %v", took)
		}
		reads(t, c, []byte("here"))
		_, err := c.Read(make([]byte, 1))
		ended(t, err, utp.Silent)
	})
}
