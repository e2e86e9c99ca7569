package utp

import (
	"io"
	"net"
	"net/netip"
	"os"
	"sync"
	"time"

	"github.com/etorrent/etorrent/internal/core/utp/conn"
)

const (
	// unsentMost is how many bytes of a stream may wait to be sent for the first time, unsentAll
	// how many of all streams of a Mux, where each may have unsentLeast. What was sent and is not
	// acknowledged comes on top of it, as much as the windows let fly.
	unsentMost  = 512 << 10
	unsentAll   = 16 << 20
	unsentLeast = 16 << 10
	// lockedMost is how many bytes are copied under the lock at once, so that the process
	// never waits long for it.
	lockedMost = 64 << 10
)

// Conn is a connection for who uses it, a net.Conn. Its methods may be called from
// everywhere at once. It is a passive leaf: its lock guards what passes between its users
// and the process, and is held for copies of memory.
type Conn struct {
	mux           *Mux
	local         netip.AddrPort
	reads, writes half
	cell          *cell // the process's

	mu       sync.Mutex
	remote   netip.AddrPort
	opened   chan struct{} // closed when the remote has answered, or it is over; nil: nobody dials
	gone     chan struct{} // closed when the process has done with it; nil: nobody waits for that
	in       inflow
	out      outflow
	notice   notice
	wants    wants
	theirs   theirs
	consumed int           // bytes that were read, and that the process does not know of
	tellRead int           // after how many it is told: a part of the window, so that none stays closed
	err      error         // why it is over
	status   *Status       // when it was asked for last, or at the end
	asked    chan struct{} // closed when status is as it is now; nil: nobody asks
}

// notice says whether the process is to look at the connection.
type notice uint8

const (
	untold notice = iota
	told
	over // it does not any more
)

// wants is what its users want of a connection.
type wants uint8

const (
	stays wants = iota
	finishes
	closes
	aborts
)

// theirs is how far the remote's stream is.
type theirs uint8

const (
	goesOn theirs = iota
	ended
)

func newConn(m *Mux, local, remote netip.AddrPort) *Conn {
	return &Conn{mux: m, local: local, remote: remote, out: newOutflow(&m.chunks)}
}

// Read reads what has come of the remote's stream, and waits for it. At its end it is
// io.EOF, after Close net.ErrClosed, after the read deadline os.ErrDeadlineExceeded; an
// *EndError where the connection broke, behind what came until then.
func (c *Conn) Read(b []byte) (int, error) {
	c.enter(&c.reads)
	defer c.leave(&c.reads)
	for {
		n, until, err := c.tryRead(b)
		switch {
		case err == io.EOF:
			return n, io.EOF
		case err != nil:
			return n, c.fault("read", err)
		case n > 0 || len(b) == 0:
			return n, nil
		}
		c.reads.wait(until)
	}
}

func (c *Conn) tryRead(b []byte) (int, time.Time, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	h := &c.reads
	switch {
	case c.wants >= closes:
		return 0, time.Time{}, net.ErrClosed
	case h.isLate():
		return 0, time.Time{}, os.ErrDeadlineExceeded
	case len(b) == 0:
		return 0, time.Time{}, nil
	case c.in.seen.ready > 0:
		n := c.in.read(b[:min(len(b), lockedMost)], &c.mux.chunks)
		c.consumed += n
		if c.consumed >= c.tellRead {
			c.tell()
		}
		return n, time.Time{}, nil
	case c.theirs == ended:
		return 0, time.Time{}, io.EOF
	case c.err != nil:
		return 0, time.Time{}, c.err
	}
	h.await()
	return 0, h.until, nil
}

// Write appends to our stream, and waits while too much of it was not sent. What it
// returns for is not yet with the remote. After Close or CloseWrite it is net.ErrClosed,
// after the write deadline os.ErrDeadlineExceeded, and an *EndError where the connection
// broke.
func (c *Conn) Write(b []byte) (int, error) {
	c.enter(&c.writes)
	defer c.leave(&c.writes)
	for n := 0; ; {
		k, until, err := c.tryWrite(b[n:])
		n += k
		switch {
		case err != nil:
			return n, c.fault("write", err)
		case n == len(b):
			return n, nil
		case k == 0:
			c.writes.wait(until)
		}
	}
}

func (c *Conn) tryWrite(b []byte) (int, time.Time, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	h := &c.writes
	switch {
	case c.wants >= finishes:
		return 0, time.Time{}, net.ErrClosed
	case h.isLate():
		return 0, time.Time{}, os.ErrDeadlineExceeded
	case c.err != nil:
		return 0, time.Time{}, c.err
	}
	n := c.out.write(b[:min(len(b), lockedMost)], &c.mux.chunks)
	if n > 0 {
		c.tell()
	} else {
		h.await()
	}
	return n, h.until, nil
}

// tell has the process look at the connection. With the lock.
func (c *Conn) tell() {
	if c.notice == untold {
		c.notice = told
		c.mux.told.Put(c)
	}
}

// want asks for what is more than was asked for before.
func (c *Conn) want(w wants) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.wants >= w {
		return net.ErrClosed
	}
	c.wants = w
	if w >= closes && c.notice == over {
		c.in.drop(&c.mux.chunks)
	}
	c.reads.signal()
	c.writes.signal()
	c.tell()
	return nil
}

// CloseWrite ends our stream behind what was written. The remote's goes on, unless the
// remote ends it too: libutp and libtorrent do so.
func (c *Conn) CloseWrite() error {
	return c.fault("close", c.want(finishes))
}

// Close ends our stream behind what was written, and reads no more. It does not wait: what
// is left is sent, and the remote waited for, as long as the Mux runs.
func (c *Conn) Close() error {
	return c.fault("close", c.want(closes))
}

// Abort ends the connection at once, and throws away what is left. The remote is told by a
// Reset.
func (c *Conn) Abort() error {
	return c.fault("close", c.want(aborts))
}

// Gone is closed when all is over: when the remote has acknowledged our end and had time
// to hear that its own has come, or when the connection broke.
func (c *Conn) Gone() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.gone == nil {
		c.gone = make(chan struct{})
		if c.notice == over {
			close(c.gone)
		}
	}
	return c.gone
}

// LocalAddr is where the remote's packets come to: an Addr.
func (c *Conn) LocalAddr() net.Addr { return Addr{c.local} }

// RemoteAddr is where they come from now: an Addr.
func (c *Conn) RemoteAddr() net.Addr {
	c.mu.Lock()
	defer c.mu.Unlock()
	return Addr{c.remote}
}

// fault is the error of what its user wanted; nil stays nil.
func (c *Conn) fault(op string, err error) error {
	if err == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return opError(op, c.local, c.remote, err)
}

// SetDeadline sets both deadlines; the zero time is none.
func (c *Conn) SetDeadline(t time.Time) error { return c.setDeadlines(t, &c.reads, &c.writes) }

// SetReadDeadline is when Read waits no more, also one that waits now.
func (c *Conn) SetReadDeadline(t time.Time) error { return c.setDeadlines(t, &c.reads) }

// SetWriteDeadline is when Write waits no more, also one that waits now.
func (c *Conn) SetWriteDeadline(t time.Time) error { return c.setDeadlines(t, &c.writes) }

func (c *Conn) setDeadlines(t time.Time, halves ...*half) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.wants >= closes {
		return opError("set", c.local, c.remote, net.ErrClosed)
	}
	for _, h := range halves {
		h.until = t
		h.signal()
	}
	return nil
}

// finish is the last word: why it is over.
func (c *Conn) finish(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.notice == over {
		return
	}
	c.notice, c.err = over, err
	if c.status == nil {
		c.status = &Status{}
	}
	c.status.Phase = conn.Closed
	if c.asked != nil {
		close(c.asked)
		c.asked = nil
	}
	c.open()
	if c.gone != nil {
		close(c.gone)
	}
	c.reads.signal()
	c.writes.signal()
	c.mux.roll.leave(c)
}

// open tells who dialled that there is an answer. With the lock.
func (c *Conn) open() {
	if c.opened != nil {
		close(c.opened)
		c.opened = nil
	}
}
