package tracking

import (
	"context"
	"io"
	"net"
	"net/netip"
	"time"

	pnet "github.com/etorrent/etorrent/internal/proc/net"
	"github.com/etorrent/etorrent/sup"
)

const (
	// portsToDraw is how many ports that the system chooses are tried until one is
	// free for datagrams too.
	portsToDraw = 16
	// reopenAfter is the first wait after a socket failed; it doubles.
	reopenAfter  = 200 * time.Millisecond
	reopenAtMost = 30 * time.Second
)

// protocol says how a socket is spoken to.
type protocol uint8

const (
	overHTTP protocol = iota
	overUDP
)

func (p protocol) String() string { return [...]string{"http", "udp"}[p] }

// seat is where a tracker listens with one socket. It survives its process.
type seat struct {
	protocol protocol
	at       netip.AddrPort
	opened   io.Closer // for the first process; nil once it took it
}

// open opens the sockets for an address: one listener, and a UDP socket beside it
// for each family that it accepts.
func (t *Tracker) open(ctx context.Context, address string) error {
	var unfit []net.Listener // open until there is another, so that it is another
	defer func() {
		for _, ln := range unfit {
			_ = ln.Close()
		}
	}()
	for {
		ln, err := t.egress.Listen(ctx, address)
		if err != nil {
			return err
		}
		beside, err := t.openBeside(ctx, addrOf(ln))
		if err == nil {
			t.seats = append(append(t.seats, &seat{overHTTP, addrOf(ln), ln}), beside...)
			return nil
		}
		unfit = append(unfit, ln)
		_, port, _ := net.SplitHostPort(address)
		if port != "0" || len(unfit) == portsToDraw {
			return err
		}
	}
}

func (t *Tracker) openBeside(ctx context.Context, listener netip.AddrPort) ([]*seat, error) {
	var out []*seat
	for _, f := range pnet.Families {
		at := f.Beside(listener)
		if !at.IsValid() {
			continue
		}
		packets, err := t.egress.ListenPacket(ctx, f, at)
		if err != nil && pnet.ViewListen(err) != pnet.ListenAbsent {
			closeAll(out)
			return nil, err
		}
		if err == nil {
			out = append(out, &seat{overUDP, packets.LocalAddr(), packets})
		}
	}
	return out, nil
}

func addrOf(ln net.Listener) netip.AddrPort {
	a, _ := netip.ParseAddrPort(ln.Addr().String())
	return a
}

func closeAll(seats []*seat) {
	for _, s := range seats {
		if s.opened != nil {
			_ = s.opened.Close()
		}
	}
}

func (t *Tracker) closeSeats() { closeAll(t.seats) }

// child describes the process of a seat.
func (s *seat) child(t *Tracker) sup.Child {
	return sup.Child{
		Name: s.protocol.String() + "[" + s.at.String() + "]", Kind: s.protocol.String(), Restart: sup.Permanent,
		Run: func(p *sup.Process) error { return s.run(p, t) },
	}
}

// run serves, with a new socket after a fault of the one before it.
func (s *seat) run(p *sup.Process, t *Tracker) error {
	p.Ready()
	wait := reopenAfter
	for {
		socket, err := s.take(p.Context(), t)
		if err == nil {
			p.Healthy()
			err = s.serve(p, t, socket)
		}
		if p.Context().Err() != nil {
			return nil
		}
		p.Degraded(err)
		t.config.Logger.Warn("a socket failed", "protocol", s.protocol.String(), "address", s.at.String(), "error", err)
		if p.Pause(wait) == sup.StopAsked {
			return nil
		}
		wait = min(2*wait, reopenAtMost)
	}
}

// take is the socket of the seat.
func (s *seat) take(ctx context.Context, t *Tracker) (io.Closer, error) {
	if had := s.opened; had != nil {
		s.opened = nil
		return had, nil
	}
	switch s.protocol {
	case overHTTP:
		return t.egress.Listen(ctx, s.at.String())
	case overUDP:
	}
	return t.egress.ListenPacket(ctx, pnet.FamilyOf(s.at.Addr()), s.at)
}

// serve answers until the socket fails or the process is to stop.
func (s *seat) serve(p *sup.Process, t *Tracker, socket io.Closer) error {
	forget := p.Closes(socket)
	defer forget()
	defer func() { _ = socket.Close() }()
	if ln, is := socket.(net.Listener); is {
		return newPages(t).serve(p, ln)
	}
	served := make(chan struct{})
	defer close(served)
	p.Go("closer", func() error {
		select {
		case <-p.Stopping():
			_ = socket.Close()
		case <-served:
		}
		return nil
	})
	return newDesk(t, socket.(pnet.Packets)).serve(p)
}
