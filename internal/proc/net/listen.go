package net

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strconv"
	"time"

	"github.com/etorrent/etorrent/internal/leaf/board"
	"github.com/etorrent/etorrent/sup"
)

const (
	// portsToTry is how many ports after a taken one are tried, and portsToDraw how
	// many of those that the system chooses.
	portsToTry  = 64
	portsToDraw = 16
	// relistenAfter is the first wait after the listener failed; it doubles.
	relistenAfter  = 200 * time.Millisecond
	relistenAtMost = 30 * time.Second
	// acceptPause is how long accepting rests when descriptors run out.
	acceptPause = 100 * time.Millisecond
)

// PortChoice says what to do when a listening port is taken.
type PortChoice uint8

const (
	// NextFree takes the next port instead that is free for connections and, if
	// there is one, for datagrams too.
	NextFree PortChoice = iota
	// ThisOnly keeps trying the same port, degraded until it is free.
	ThisOnly
)

// Listening is what a listener shows: where it accepts, or why it does not.
type Listening struct {
	Addr netip.AddrPort // zero while not listening
	Err  error
}

// Listener is the handle of a listening process. It survives its restarts, and
// so does the port that was chosen first.
type Listener struct {
	egress  *Egress
	address string
	choice  PortChoice
	accept  func(Conn)
	notices Notices
	shown   *board.Board[Listening]
	host    *board.Board[[]netip.Addr] // the addresses of the machine; nil while they are not known
}

// Notices are called by a listening process, and may not wait for others.
type Notices struct {
	// Fits asks whether datagrams can be taken beside a listener: ListenTaken makes
	// it look for another port, where it may. Nil stands for ListenFree.
	Fits func(ctx context.Context, listener netip.AddrPort) ListenEvidence
	// Changed tells that it listens, or accepts again after a fault, and once for
	// each fault that keeps it from that.
	Changed func(Listening)
	// Exhausted tells, each time that accepting rests, that descriptors ran out.
	Exhausted func()
}

// NewListener returns the handle of a process that accepts on address
// (HOST:PORT) and gives every connection to accept, which may not block.
func NewListener(e *Egress, address string, choice PortChoice, accept func(Conn), n Notices) *Listener {
	return &Listener{
		egress: e, address: address, choice: choice, accept: accept, notices: n,
		shown: board.New(Listening{}),
		host:  board.New[[]netip.Addr](nil),
	}
}

// Shown returns where the process listens now, and a channel that is closed
// when that changes.
func (l *Listener) Shown() (Listening, <-chan struct{}) { return l.shown.Read() }

// Child describes the process.
func (l *Listener) Child() sup.Child {
	return sup.Child{Name: "listen[" + l.address + "]", Kind: "listen", Restart: sup.Permanent, Run: l.run}
}

func (l *Listener) run(p *sup.Process) error {
	p.Ready()
	wait := relistenAfter
	told := "" // the fault that was told last
	for {
		ln, err := l.open(p.Context())
		if err == nil {
			wait, told = relistenAfter, ""
			p.Healthy()
			now := Listening{Addr: addrPort(ln.Addr())}
			l.shown.Post(now)
			l.notices.Changed(now)
			err = l.acceptAll(p, ln)
		}
		if p.Context().Err() != nil {
			return nil
		}
		l.shown.Post(Listening{Err: err})
		p.Degraded(err)
		if err.Error() != told {
			told = err.Error()
			l.notices.Changed(Listening{Err: err})
		}
		switch l.rest(p, wait) {
		case restOver:
			wait = min(2*wait, relistenAtMost)
		case restCutShort:
			wait = relistenAfter
		case restStopped:
			return nil
		}
	}
}

// open listens on the port that was chosen before, else on the wanted one or,
// where the choice allows, on the next that is free.
func (l *Listener) open(ctx context.Context) (net.Listener, error) {
	if now, _ := l.shown.Read(); now.Addr.IsValid() {
		if ln, err := l.egress.Listen(ctx, now.Addr.String()); err == nil {
			return ln, nil
		}
	}
	host, portText, err := net.SplitHostPort(l.address)
	port, convErr := strconv.ParseUint(portText, 10, 16)
	switch {
	case err != nil || convErr != nil:
		return l.egress.Listen(ctx, l.address) // it knows what is wrong
	case port == 0:
		return l.openAny(ctx)
	case l.choice == ThisOnly:
		return l.egress.Listen(ctx, l.address)
	}
	return l.openNext(ctx, host, port)
}

// openAny listens on a port that the system chooses, on which datagrams can be
// taken too.
func (l *Listener) openAny(ctx context.Context) (net.Listener, error) {
	var unfit []net.Listener // open until there is another, so that it is another
	defer func() {
		for _, ln := range unfit {
			_ = ln.Close()
		}
	}()
	for {
		ln, err := l.egress.Listen(ctx, l.address)
		if err != nil || len(unfit) == portsToDraw || l.fits(ctx, ln) != ListenTaken {
			return ln, err
		}
		unfit = append(unfit, ln)
	}
}

// openNext listens on the first port from one on that is free. One on which only
// datagrams cannot be taken will do where there is no better one.
func (l *Listener) openNext(ctx context.Context, host string, port uint64) (net.Listener, error) {
	var unfit net.Listener
	var first error
	for n := port; n <= min(port+portsToTry, 65535); n++ {
		ln, err := l.egress.Listen(ctx, net.JoinHostPort(host, strconv.FormatUint(n, 10)))
		if first == nil {
			first = err
		}
		var unknown *net.DNSError
		if errors.As(err, &unknown) {
			break // another port is none the better for it
		}
		switch {
		case err != nil:
		case l.fits(ctx, ln) != ListenTaken:
			if unfit != nil {
				_ = unfit.Close()
			}
			return ln, nil
		case unfit == nil:
			unfit = ln
		default:
			_ = ln.Close()
		}
	}
	if unfit != nil {
		return unfit, nil
	}
	return nil, first
}

func (l *Listener) fits(ctx context.Context, ln net.Listener) ListenEvidence {
	if l.notices.Fits == nil {
		return ListenFree
	}
	return l.notices.Fits(ctx, addrPort(ln.Addr()))
}

// acceptAll gives connections away until the listener fails.
func (l *Listener) acceptAll(p *sup.Process, ln net.Listener) error {
	forget := p.Closes(ln)
	defer forget()
	defer func() { _ = ln.Close() }()
	stopped := make(chan struct{})
	defer close(stopped)
	now := Listening{Addr: addrPort(ln.Addr())}
	found := make(chan addrEvidence, 1)
	p.Go("closer", func() error {
		found <- l.guard(now.Addr.Addr(), stopped, p.Stopping())
		_ = ln.Close()
		return nil
	})
	for {
		c, err := ln.Accept()
		switch {
		case err == nil && now.Err != nil:
			now.Err = nil
			l.notices.Changed(now)
		case err == nil:
		case !isTransient(err):
			select {
			case e := <-found:
				if e == addrGone {
					return &AddrGoneError{Addr: now.Addr.Addr()}
				}
			default:
			}
			return err
		default:
			p.Degraded(err)
			if now.Err == nil {
				now.Err = err
				l.notices.Changed(now)
			}
			l.notices.Exhausted()
			if p.Pause(acceptPause) == sup.StopAsked {
				return err
			}
			p.Healthy()
			continue
		}
		l.hand(p, Wrap(c))
	}
}

// hand gives a connection away; a panic on the way closes it.
func (l *Listener) hand(p *sup.Process, c Conn) {
	given := p.Closes(c)
	owned := c
	defer func() {
		given()
		if owned != nil {
			_ = owned.Close()
		}
	}()
	p.Receive("connection")
	p.Step("accept")
	p.Act("greet")
	l.accept(c)
	owned = nil
}

// isTransient says whether accepting may go on after an error: descriptors ran
// out. A connection that was gone before it was accepted is not told of.
func isTransient(err error) bool {
	var temporary interface{ Temporary() bool }
	return errors.As(err, &temporary) && temporary.Temporary()
}
