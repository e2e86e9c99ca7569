package torrent

import (
	"maps"
	"net/netip"
	"slices"
	"time"

	"github.com/etorrent/etorrent/internal/core/book"
	"github.com/etorrent/etorrent/internal/core/handshake"
	"github.com/etorrent/etorrent/internal/core/race"
	pnet "github.com/etorrent/etorrent/internal/proc/net"
	"github.com/etorrent/etorrent/internal/vocab/transport"
	"github.com/etorrent/etorrent/sup"
)

// Dialling is how connections to others are made.
type Dialling struct {
	Dialer    *pnet.Dialer
	Transport transport.Policy
	// Networks are those that the machine is in; nil: none is known.
	Networks func() []netip.Prefix
}

// networks are those that the machine is in.
func (d *Dialling) networks() []netip.Prefix {
	if d.Networks == nil {
		return nil
	}
	return d.Networks()
}

// reasonSlower is why the connection of an attempt ends that another one outran.
const reasonSlower = "the other transport was first"

// ways are the attempts to connect, over one transport or two.
type ways struct {
	races    *race.Core
	attempts map[race.Attempt]*attempt // under way
}

// attempt is one way to an endpoint that is being tried.
type attempt struct {
	to       netip.AddrPort
	via      transport.Transport
	dialling pnet.Dialling
	conn     *connection // nil until there is one
}

// newWays counts on from the attempts of former processes, whose answers may come yet.
func newWays(t *Torrent) ways {
	return ways{races: race.New(book.Attempts, t.legacy.attempted), attempts: map[race.Attempt]*attempt{}}
}

// connected notes the connection of an attempt.
func (w *ways) connected(k *connection) {
	if x := w.attempts[k.attempt]; x != nil {
		x.conn = k
	}
}

// progress is what the dialler says of an attempt: its result, or where that is nil
// that it was begun.
type progress struct {
	of     race.Attempt
	result *pnet.DialResult
}

// dial asks for connections while there is room.
func (s *swarm) dial() {
	s.follow()
	if s.c.phase != phaseRunning {
		return
	}
	now := s.c.now()
	s.names.Next(now, s)
	s.ways.races.Next(now, racing{s})
	s.book.Beside(s.ways.races.Beside())
	s.book.Next(now, min(s.c.t.env.Bounds.Peers.Most()-len(s.conns), s.c.t.env.Crowd.Room()), s)
}

// Dial makes the swarm the Effects of its book.
func (s *swarm) Dial(to netip.AddrPort, within time.Duration) {
	d := &s.c.t.env.Dialling
	over := race.Order(d.Dialer.Permits(d.Transport), race.DistanceOf(to.Addr(), d.networks()), s.book.Over(to))
	s.ways.races.Begin(to, within, over, racing{s})
}

// racing makes the swarm the Effects of its races.
type racing struct{ *swarm }

// Dial asks the dialler.
func (s racing) Dial(a race.Attempt, e race.Entry) {
	s.c.p.Act("dial")
	s.c.t.legacy.attempted = a
	inbox := s.c.t.control
	r := pnet.DialRequest{For: s.c.t.id, To: e.To, Via: e.Via, Within: e.Within}
	switch e.Turn {
	case race.First:
		r.Begun = func() { inbox.Put(toControl{progress: &progress{of: a}}) }
	case race.Next:
		r.Turn = pnet.Due
	}
	x := &attempt{to: e.To, via: e.Via}
	s.ways.attempts[a] = x
	x.dialling = s.c.t.env.Dialling.Dialer.Dial(r, func(r pnet.DialResult) { inbox.Put(toControl{progress: &progress{of: a, result: &r}}) })
}

// Withdraw ends an attempt, and its connection where it has one by now.
func (s racing) Withdraw(a race.Attempt) {
	x := s.ways.attempts[a]
	delete(s.ways.attempts, a)
	if x.conn == nil {
		s.c.p.Act("cancel")
		x.dialling.Cancel()
		return
	}
	x.conn.attempt = 0
	s.refuse(x.conn, reasonSlower)
}

// Lost tells the book.
func (s racing) Lost(to netip.AddrPort, why race.Failure) {
	switch why {
	case race.NoNetwork:
		s.book.NoRoute(s.c.now(), to, book.UnreachedNetwork)
	case race.NoHost:
		s.book.NoRoute(s.c.now(), to, book.UnreachedHost)
	case race.NoTransport, race.NoAnswer:
		s.book.Failed(s.c.now(), to)
	}
}

// progress takes what the dialler says. What comes of an attempt that is not under way
// any more is closed.
func (s *swarm) progress(m *progress) {
	x := s.ways.attempts[m.of]
	r := m.result
	switch {
	case r == nil:
		s.ways.races.Begun(s.c.now(), m.of)
		return
	case x == nil:
		if r.Conn != nil {
			_ = r.Conn.Close()
		}
		return
	}
	switch pnet.ViewDial(r.Err) {
	case pnet.DialMade:
		s.made(m.of, r)
	case pnet.DialNoTransport:
		s.failed(m.of, race.NoTransport)
	case pnet.DialNoNetwork:
		s.failed(m.of, race.NoNetwork)
	case pnet.DialNoHost:
		s.failed(m.of, race.NoHost)
	case pnet.DialFailed:
		s.book.Silent(x.to, x.via)
		s.failed(m.of, race.NoAnswer)
	}
}

// made begins the handshake of an attempt, unless whoever named the endpoint counts no
// more, or there is no place for it.
func (s *swarm) made(a race.Attempt, r *pnet.DialResult) {
	if s.book.NamedBy(r.To) == 0 {
		_ = r.Conn.Close()
		s.failed(a, race.NoAnswer)
		return
	}
	s.ways.races.Made(s.c.now(), a)
	if s.open(r.Conn, r.To, nil, a) == openClosed {
		s.failed(a, race.NoAnswer)
	}
}

// failed notes that an attempt came to nothing.
func (s *swarm) failed(a race.Attempt, why race.Failure) {
	delete(s.ways.attempts, a)
	s.ways.races.Failed(s.c.now(), a, why, racing{s})
}

// cutShort ends the attempts that have no connection: what they sent went another way, or
// was answered while nobody listened.
func (s *swarm) cutShort() {
	for _, a := range slices.Sorted(maps.Keys(s.ways.attempts)) {
		if x := s.ways.attempts[a]; x.conn == nil {
			x.dialling.Cancel()
			s.failed(a, race.NoAnswer)
		}
	}
}

// finished notes that the handshake of a connection is finished: of those that we
// dialled it is the one that stays.
func (s *swarm) finished(k *connection) {
	if k.direction == handshake.Accepted {
		return
	}
	s.decide(k)
	s.book.Worked(k.addr, k.conn.Transport())
}

// decide ends the race of a connection, by which its endpoint leads to it.
func (s *swarm) decide(k *connection) {
	s.ways.races.Finished(k.attempt, racing{s})
	delete(s.ways.attempts, k.attempt)
	k.attempt = 0
	k.doors = append(k.doors, k.addr)
}

// unfinished tells the race of a connection how it ended before its handshake was
// finished. The other attempt goes on, unless the end says all about the endpoint.
func (s *swarm) unfinished(k *connection, e sup.Exit) {
	if _, crashed := e.(sup.Panicked); crashed || k.reason == reasonSelf {
		s.decide(k)
		return
	}
	if k.phase == connShaking {
		s.book.Silent(k.addr, k.conn.Transport())
	}
	s.failed(k.attempt, race.NoAnswer)
	k.attempt = 0
}
