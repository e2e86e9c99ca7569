package announce

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"

	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/tracker"
	"github.com/etorrent/etorrent/sup"
)

const (
	// headBytes is the longest head of an answer, with those that say to go on.
	headBytes = 64 << 10
	// wireBytes is how much an answer may have before it is unpacked, with what
	// chunks need.
	wireBytes = 2*tracker.MaxBodyBytes + headBytes
	// interimAtMost is how many heads may come before that of the answer.
	interimAtMost = 4
)

var (
	errBrokeOff = errors.New("the tracker broke off")
	errNoHTTP   = errors.New("the tracker does not speak HTTP")
	errTooLong  = errors.New("the tracker's answer is too long")
)

// origin is where a connection leads: it serves whatever is asked of the same origin.
type origin struct {
	scheme tracker.Scheme
	host   string
	port   uint16
	family tracker.Family
}

func originOf(u tracker.URL, f tracker.Family) origin {
	return origin{u.Scheme(), u.Host(), u.Port(), f}
}

// stream is a connection to a tracker over HTTP. It has one user at a time.
type stream struct {
	origin origin
	at     netip.Addr
	raw    net.Conn
	conn   net.Conn // raw, or TLS over it
	in     *bounded
	read   *bufio.Reader
	forget func()       // that the process holds it
	idle   mono.Instant // until when it is kept
}

// bounded reads so much and no more.
type bounded struct {
	from io.Reader
	left int
	got  reading
}

// reading says whether anything came of an exchange.
type reading uint8

const (
	gotNothing reading = iota
	gotSome
)

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errTooLong
	}
	n, err := b.from.Read(p[:min(len(p), b.left)])
	b.left -= n
	if n > 0 {
		b.got = gotSome
	}
	return n, err
}

// newStream makes a stream of a connection, which is closed with the process.
func newStream(p *sup.Process, raw net.Conn, o origin, at netip.Addr) *stream {
	s := &stream{origin: o, at: at, raw: raw, conn: raw, in: &bounded{from: raw}, forget: p.Closes(raw)}
	s.read = bufio.NewReader(s.in)
	return s
}

// secure speaks TLS where the origin is one for it. The deadline of the context bounds
// that through the connection, so that nothing has to wait for the context.
func (s *stream) secure(ctx context.Context, trust *x509.CertPool) error {
	if s.origin.scheme != tracker.HTTPS {
		return nil
	}
	s.bound(ctx)
	c := tls.Client(s.raw, &tls.Config{
		ServerName: strings.TrimSuffix(s.origin.host, "."), RootCAs: trust, MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"},
	})
	s.conn, s.in.from = c, c
	return c.Handshake()
}

// bound has what is done with the connection end with the context.
func (s *stream) bound(ctx context.Context) {
	until, _ := ctx.Deadline()
	_ = s.raw.SetDeadline(until)
}

// close ends the connection; TLS is not told, which would have to be waited for.
func (s *stream) close() {
	s.forget()
	_ = s.raw.Close()
}

// exchange sends a request and reads the head of its answer.
func (s *stream) exchange(ctx context.Context, head []byte) (*http.Response, error) {
	s.bound(ctx)
	s.in.left, s.in.got = headBytes, gotNothing
	if _, err := s.conn.Write(head); err != nil {
		return nil, err
	}
	for range interimAtMost {
		r, err := http.ReadResponse(s.read, &http.Request{Method: http.MethodGet})
		switch {
		case err != nil:
			return nil, headFault(err)
		case r.StatusCode >= 200:
			s.in.left = wireBytes
			return r, nil
		}
	}
	return nil, errNoHTTP
}

// headFault is an error without what the tracker sent.
func headFault(err error) error {
	var of net.Error
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return errBrokeOff
	case errors.Is(err, errTooLong):
		return errTooLong
	case errors.As(err, &of):
		return err
	}
	return errNoHTTP
}

// pool has connections that nobody uses now.
type pool struct{ idle []*stream } // the one used last is the last

const (
	// idlePerHost, idleInAll and idleLasts bound what is kept open.
	idlePerHost = 4
	idleInAll   = 32
)

// take returns an idle connection for a URL; nil if there is none. A path may forbid
// an address that another one allows.
func (p *pool) take(u tracker.URL, f tracker.Family) *stream {
	o := originOf(u, f)
	for i := len(p.idle) - 1; i >= 0; i-- {
		if s := p.idle[i]; s.origin == o && mayCall(u, s.at) == callable {
			p.idle = append(p.idle[:i], p.idle[i+1:]...)
			return s
		}
	}
	return nil
}

// put keeps a connection for a while, in place of the oldest one if there are many.
func (p *pool) put(s *stream, until mono.Instant) {
	s.idle = until
	same, oldest := 0, 0
	for i := len(p.idle) - 1; i >= 0; i-- {
		if p.idle[i].origin == s.origin {
			same++
			oldest = i
		}
	}
	switch {
	case same >= idlePerHost:
		p.drop(oldest)
	case len(p.idle) >= idleInAll:
		p.drop(0)
	}
	p.idle = append(p.idle, s)
}

func (p *pool) drop(i int) {
	p.idle[i].close()
	p.idle = append(p.idle[:i], p.idle[i+1:]...)
}

// expire closes what was idle for long.
func (p *pool) expire(now mono.Instant) {
	for len(p.idle) > 0 && p.idle[0].idle <= now {
		p.drop(0)
	}
}

// deadline is when expire has something to do.
func (p *pool) deadline() mono.Instant {
	if len(p.idle) == 0 {
		return mono.Never
	}
	return p.idle[0].idle
}

func (p *pool) closeAll() {
	for len(p.idle) > 0 {
		p.drop(len(p.idle) - 1)
	}
}
