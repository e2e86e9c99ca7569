package utp

import (
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/etorrent/etorrent/internal/core/utp/doze"
	"github.com/etorrent/etorrent/internal/proc/clock"
	pnet "github.com/etorrent/etorrent/internal/proc/net"
	"github.com/etorrent/etorrent/internal/vocab/utpwire"
	"github.com/etorrent/etorrent/sup"
)

// spring is a link with one batch, behind which there is as much as it is told.
type spring struct {
	left     []said
	napped   []time.Duration
	answered []netip.AddrPort
	incoming chan Batch
	never    chan struct{}
}

// said is what a source says.
type said struct {
	pnet.Reading
	state SourceState
}

func (s *spring) Open(*sup.Process) error                 { return nil }
func (s *spring) Incoming() <-chan Batch                  { return s.incoming }
func (s *spring) Return(b Batch)                          { b.Back <- struct{}{} }
func (s *spring) Writable() <-chan struct{}               { return s.never }
func (s *spring) Room() int                               { return 4 << 20 }
func (s *spring) LocalAddr(netip.AddrPort) netip.AddrPort { return here }

func (s *spring) Write(out []pnet.Datagram) (int, pnet.WriteState, error) {
	for _, d := range out {
		s.answered = append(s.answered, d.Remote)
	}
	return len(out), pnet.WriteOpen, nil
}

func (s *spring) More(nap time.Duration) (pnet.Reading, SourceState) {
	s.napped = append(s.napped, nap)
	if len(s.left) == 0 {
		return pnet.Reading{}, SourceOpen
	}
	next := s.left[0]
	s.left = s.left[1:]
	return next.Reading, next.state
}

// asks is a reading of one who asks for a connection, from a port.
func asks(port uint16, rest pnet.Rest) pnet.Reading {
	h := utpwire.Header{Kind: utpwire.Syn, ID: utpwire.ConnID(port), Seq: 1, Window: 1 << 20}
	d := pnet.Datagram{Remote: netip.AddrPortFrom(there.Addr(), port), Payload: h.Append(nil, nil)}
	return pnet.Reading{Datagrams: []pnet.Datagram{d}, Messages: 1, Rest: rest}
}

// Who has a batch reads on until nothing may be left, or the reader is wanted, and answers all.
func TestTheProcessReadsOnAsLongAsThereIsMore(t *testing.T) {
	for name, c := range map[string]struct {
		left           []said
		read, answered int
	}{
		"more may be left": {[]said{{asks(2, pnet.MayBeLeft), SourceOpen}, {asks(3, pnet.NoneLeft), SourceOpen}, {asks(4, pnet.NoneLeft), SourceOpen}}, 2, 3},
		"spent":            {[]said{{asks(2, pnet.MayBeLeft), SourceSpent}, {asks(3, pnet.MayBeLeft), SourceOpen}}, 1, 2},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &spring{left: c.left, incoming: make(chan Batch), never: make(chan struct{})}
				startTraced(t, Config{Link: s, Clock: clock.New(), Backlog: 8}, sup.Options{})
				b := Batch{Reading: asks(1, pnet.MayBeLeft), Back: make(chan struct{}, 1), Source: s, Doze: &doze.Doze{}}
				s.incoming <- b
				<-b.Back
				synctest.Wait()
				if len(s.napped) != c.read || len(s.answered) != c.answered || s.napped[0] != 0 {
					t.Errorf("it read on %d times, want %d, naps were %v, and answered %v", len(s.napped), c.read, s.napped, s.answered)
				}
			})
		})
	}
}

// Where one by one comes quickly the process naps before it reads, and after a nap for nothing
// the reader waits.
func TestTheProcessNapsWhereMuchComesOneByOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &spring{incoming: make(chan Batch), never: make(chan struct{})}
		k := clock.New()
		known := &doze.Doze{}
		for at := k.Now() - 10_000_000; at < k.Now(); at += 4_000 {
			known.Came(at, 1, 1402)
		}
		startTraced(t, Config{Link: s, Clock: k, Backlog: 8}, sup.Options{})
		b := Batch{At: k.Now(), Reading: asks(1, pnet.NoneLeft), Back: make(chan struct{}, 1), Source: s, Doze: known}
		s.incoming <- b
		<-b.Back
		if len(s.napped) != 1 || s.napped[0] < doze.Shortest || s.napped[0] > doze.Longest {
			t.Errorf("naps were %v", s.napped)
		}
	})
}
