package udp

import (
	"github.com/etorrent/etorrent/internal/core/demux"
	pnet "github.com/etorrent/etorrent/internal/proc/net"
	"github.com/etorrent/etorrent/internal/proc/utp"
)

// reader is the linked goroutine that reads a socket. What is uTP goes to the process of its
// connections from where it was read; all else goes to the loop.
type reader struct {
	x      *process
	s      *socket
	lender pnet.Lender
	back   chan struct{} // of what is lent to uTP
	others []pnet.Datagram
	passed int
}

// read hands over what comes until the socket is gone.
func (x *process) read(s *socket) error {
	r := &reader{x: x, s: s}
	r.renew()
	for {
		x.p.Step("read")
		came, err := r.lender.Lend()
		now := x.h.cfg.Clock.Now()
		ours := r.part(came)
		r.passed += len(ours)
		out := reading{from: s, datagrams: r.others, passed: r.passed, at: now, err: err}
		handed := len(out.datagrams) > 0 || err != nil
		if handed {
			r.passed = 0
			select {
			case <-s.gone:
				return nil
			case <-x.p.Stopping():
				return nil
			case x.reads <- out:
			}
		}
		if len(ours) > 0 && r.lend(utp.Batch{At: now, Datagrams: ours, Back: r.back}) == mayBeLent {
			return nil
		}
		if handed {
			select {
			case <-s.gone:
				return nil
			case <-x.p.Stopping():
				return nil
			case <-s.again:
			}
		}
	}
}

// renew reads into memory that nobody else has from now on.
func (r *reader) renew() {
	r.lender, r.back = pnet.NewLender(r.s.packets, room), make(chan struct{}, 1)
}

// part moves what is uTP to the front, and what is not to the others.
func (r *reader) part(came []pnet.Datagram) []pnet.Datagram {
	r.others = r.others[:0]
	ours := came[:0]
	for _, d := range came {
		if len(d.Payload) < room && demux.OwnerOf(d.Payload) == demux.OfUTP {
			ours = append(ours, d)
		} else {
			r.others = append(r.others, d)
		}
	}
	return ours
}

// memory says whether what was lent may be read into again.
type memory uint8

const (
	isBack memory = iota
	mayBeLent
)

// lend gives a batch to the process of uTP, until it is returned, or the socket or one of the
// processes is gone. A process that is gone may have it in its hands for a moment still, and so
// may one that lives on when this one ends.
func (r *reader) lend(b utp.Batch) memory {
	to, _ := r.x.h.wire.taker.Read()
	if to == nil {
		r.x.h.tally.pass(len(b.Datagrams), len(b.Datagrams))
		return isBack
	}
	select {
	case r.x.h.wire.incoming <- b:
		r.x.h.tally.pass(len(b.Datagrams), 0)
	case <-to.gone:
		r.x.h.tally.pass(len(b.Datagrams), len(b.Datagrams))
		return isBack
	case <-r.s.gone:
		return mayBeLent
	case <-r.x.p.Stopping():
		return mayBeLent
	}
	select {
	case <-b.Back:
		return isBack
	case <-to.gone:
		r.renew()
		return isBack
	case <-r.s.gone:
	case <-r.x.p.Stopping():
	}
	return mayBeLent
}
