package utp

import (
	"context"
	"io"
	"net"
	"net/netip"

	pnet "github.com/etorrent/etorrent/internal/proc/net"
	"github.com/etorrent/etorrent/internal/vocab/transport"
)

// stream is a connection for the engine. One goroutine waits and reads, one other writes. Its
// remote is the one that it had at first, by which others count and name it, wherever that goes
// later.
type stream struct {
	c      *Conn
	remote netip.AddrPort
}

// Stream is the connection for who never blocks in it, which uses nothing else of it then.
func (c *Conn) Stream() pnet.Conn {
	c.mu.Lock()
	defer c.mu.Unlock()
	return stream{c, c.remote}
}

// Connect dials a remote; see Dial.
func (m *Mux) Connect(ctx context.Context, to netip.AddrPort) (pnet.Conn, error) {
	c, err := m.Dial(ctx, to)
	if err != nil {
		return nil, err
	}
	return c.Stream(), nil
}

func (s stream) WaitReadable() error {
	for s.c.viewRead() == waits {
		<-s.c.reads.wake
	}
	return nil
}

// readiness says whether there is something to say to who waits.
type readiness uint8

const (
	ready readiness = iota
	waits
)

// viewRead says whether a read has something to say; else it is signalled.
func (c *Conn) viewRead() readiness {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.in.seen.ready > 0 || c.theirs == ended || c.err != nil || c.wants >= closes {
		return ready
	}
	c.reads.await()
	return waits
}

func (s stream) TryRead(p []byte) (int, error) {
	n, _, err := s.c.tryRead(p)
	if err != nil && err != io.EOF {
		err = opError("read", s.c.local, s.remote, err)
	}
	return n, err
}

func (s stream) TryWrite(bufs [][]byte) (int, pnet.WriteState, error) {
	g, total := gather{bufs: bufs}, 0
	for len(g.bufs) > 0 {
		n, state, err := s.c.tryGather(&g)
		total += n
		if err != nil || state == pnet.WriteBlocked {
			return total, pnet.WriteBlocked, opError("write", s.c.local, s.remote, err)
		}
	}
	return total, pnet.WriteOpen, nil
}

// gather is what is left of some buffers.
type gather struct {
	bufs [][]byte
	done int // bytes of the first
}

// tryGather appends what there is room for, as much as is copied at once.
func (c *Conn) tryGather(g *gather) (int, pnet.WriteState, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.wants >= finishes:
		return 0, pnet.WriteBlocked, net.ErrClosed
	case c.err != nil:
		return 0, pnet.WriteBlocked, c.err
	}
	n, state := 0, pnet.WriteOpen
	for len(g.bufs) > 0 && n < lockedMost && state == pnet.WriteOpen {
		part := g.bufs[0][g.done:]
		part = part[:min(len(part), lockedMost-n)]
		k := c.out.write(part, &c.mux.chunks)
		n += k
		g.done += k
		switch {
		case k < len(part):
			state = pnet.WriteBlocked
		case g.done == len(g.bufs[0]):
			g.bufs, g.done = g.bufs[1:], 0
		}
	}
	if n > 0 {
		c.tell()
	}
	return n, state, nil
}

func (s stream) WaitWritable() error {
	for {
		if r, err := s.c.viewWrite(); r == ready {
			return opError("write", s.c.local, s.remote, err)
		}
		<-s.c.writes.wake
	}
}

// viewWrite says whether there is room to write, or that there will be none; else it is
// signalled.
func (c *Conn) viewWrite() (readiness, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.wants >= finishes:
		return ready, net.ErrClosed
	case c.err != nil:
		return ready, c.err
	case c.out.isOpen():
		return ready, nil
	}
	c.writes.await()
	return waits, nil
}

func (s stream) Close() error                 { return s.c.Close() }
func (s stream) LocalAddr() netip.AddrPort    { return s.c.local }
func (s stream) RemoteAddr() netip.AddrPort   { return s.remote }
func (stream) Transport() transport.Transport { return transport.UTP }
