package udp

import (
	"time"

	"github.com/etorrent/etorrent/internal/core/demux"
	"github.com/etorrent/etorrent/internal/core/utp/doze"
	pnet "github.com/etorrent/etorrent/internal/proc/net"
	"github.com/etorrent/etorrent/internal/proc/utp"
	"github.com/etorrent/etorrent/internal/vocab/mono"
)

// reader is the linked goroutine that reads a socket. What is uTP goes to the process of its
// connections from where it was read; all else goes to the loop.
type reader struct {
	x      *process
	s      *socket
	lease  *lease
	passed int
}

// lease is what is read into, for who reads: the reader, or the process of uTP while a batch is
// lent to it.
type lease struct {
	lender pnet.Lender
	back   chan struct{} // of what is lent
	doze   doze.Doze
	others []pnet.Datagram // of the last reading what is not uTP
	ours   int             // what was uTP of those since the batch was lent
	err    error           // of the last one
}

// More reads on. What is not uTP the reader has to hand over first.
func (l *lease) More(nap time.Duration) (pnet.Reading, utp.SourceState) {
	came, err := l.lender.More(nap)
	l.err = err
	l.part(&came)
	l.ours += len(came.Datagrams)
	if len(l.others) > 0 || err != nil {
		return came, utp.SourceSpent
	}
	return came, utp.SourceOpen
}

// part leaves of a reading what is uTP, and moves what is not to the others.
func (l *lease) part(came *pnet.Reading) {
	l.others = l.others[:0]
	ours := came.Datagrams[:0]
	for _, d := range came.Datagrams {
		if len(d.Payload) < room && demux.OwnerOf(d.Payload) == demux.OfUTP {
			ours = append(ours, d)
		} else {
			l.others = append(l.others, d)
		}
	}
	came.Datagrams = ours
}

// read hands over what comes until the socket is gone.
func (x *process) read(s *socket) error {
	r := &reader{x: x, s: s}
	r.renew()
	for {
		x.p.Step("read")
		came, err := r.lease.lender.Lend()
		now := x.h.cfg.Clock.Now()
		r.lease.err = err
		r.lease.part(&came)
		if r.hand(now, &came) == mayBeLent {
			return nil
		}
	}
}

// hand hands over a reading, and what was read on of it.
func (r *reader) hand(now mono.Instant, came *pnet.Reading) memory {
	r.passed += len(came.Datagrams)
	b := utp.Batch{At: now, Reading: *came, Back: r.lease.back}
	handed, state := r.pass(now)
	if state == mayBeLent {
		return mayBeLent
	}
	if handed == nil {
		b.Source, b.Doze = r.lease, &r.lease.doze
	}
	if len(came.Datagrams) > 0 && r.lend(b) == mayBeLent {
		return mayBeLent
	}
	if handed == nil {
		if handed, state = r.pass(r.x.h.cfg.Clock.Now()); state == mayBeLent {
			return mayBeLent
		}
	}
	return r.await(handed)
}

// pass gives the loop what is not uTP of the last reading, if there is something, and says what
// tells when the loop is done with it.
func (r *reader) pass(now mono.Instant) (done <-chan struct{}, state memory) {
	if len(r.lease.others) == 0 && r.lease.err == nil {
		return nil, isBack
	}
	out := reading{from: r.s, datagrams: r.lease.others, passed: r.passed, at: now, err: r.lease.err}
	r.passed = 0
	select {
	case <-r.s.gone:
	case <-r.x.p.Stopping():
	case r.x.reads <- out:
		return r.s.again, isBack
	}
	return nil, mayBeLent
}

// await waits until the loop is done; nil: it has nothing.
func (r *reader) await(done <-chan struct{}) memory {
	if done == nil {
		return isBack
	}
	select {
	case <-r.s.gone:
	case <-r.x.p.Stopping():
	case <-done:
		return isBack
	}
	return mayBeLent
}

// renew reads into memory that nobody else has from now on.
func (r *reader) renew() {
	r.lease = &lease{lender: pnet.NewLender(r.s.packets, room), back: make(chan struct{}, 1)}
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
		r.count()
		return isBack
	case <-to.gone:
		r.renew()
		return isBack
	case <-r.s.gone:
	case <-r.x.p.Stopping():
	}
	return mayBeLent
}

// count has what was read on be among what was passed.
func (r *reader) count() {
	r.x.h.tally.pass(r.lease.ours, 0)
	r.passed += r.lease.ours
	r.lease.ours = 0
}
