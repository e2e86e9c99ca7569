package etorrenttest

import (
	"errors"
	"io"
	"net"
	"time"
)

// conn is one end of a connection, shaped as a *net.TCPConn.
type conn struct {
	network       *Network
	in, out       *pipe
	local, remote *net.TCPAddr
}

// connect makes the two ends of a connection.
func (n *Network) connect(dialler, listener *net.TCPAddr, l Link) (near, far *conn) {
	there, back := newPipe(l), newPipe(l)
	near = &conn{network: n, in: back, out: there, local: dialler, remote: listener}
	far = &conn{network: n, in: there, out: back, local: listener, remote: dialler}
	n.lock()
	defer n.unlock()
	n.open[near], n.open[far] = struct{}{}, struct{}{}
	return near, far
}

// Read reads what has arrived, and waits while nothing has.
func (c *conn) Read(b []byte) (int, error) {
	n, err := c.in.read(b)
	if err != nil && !errors.Is(err, io.EOF) {
		err = c.fail("read", err)
	}
	return n, err
}

// Write sends b, and waits while too much is under way.
func (c *conn) Write(b []byte) (int, error) {
	n, err := c.out.write(b)
	if err != nil {
		err = c.fail("write", err)
	}
	return n, err
}

// Close ends both ways; the remote still reads what was written before.
func (c *conn) Close() error {
	c.network.lock()
	_, open := c.network.open[c]
	delete(c.network.open, c)
	c.network.unlock()
	c.in.closeRead()
	c.out.closeWrite()
	if !open {
		return c.fail("close", net.ErrClosed)
	}
	return nil
}

func (c *conn) fail(op string, err error) error {
	return &net.OpError{Op: op, Net: "tcp", Source: c.local, Addr: c.remote, Err: err}
}

func (c *conn) LocalAddr() net.Addr  { return c.local }
func (c *conn) RemoteAddr() net.Addr { return c.remote }

func (c *conn) SetDeadline(t time.Time) error {
	c.in.setReadDeadline(t)
	c.out.setWriteDeadline(t)
	return nil
}

func (c *conn) SetReadDeadline(t time.Time) error {
	c.in.setReadDeadline(t)
	return nil
}

func (c *conn) SetWriteDeadline(t time.Time) error {
	c.out.setWriteDeadline(t)
	return nil
}

// listener accepts connections of one address.
type listener struct {
	monitor
	host  *Host
	addr  *net.TCPAddr
	queue []*conn // connected and not accepted
	state endState
}

// backlog is how many connections may wait to be accepted.
const backlog = 128

// Accept waits for a connection.
func (l *listener) Accept() (net.Conn, error) {
	l.lock()
	defer l.unlock()
	for {
		if l.state == endClosed {
			return nil, &net.OpError{Op: "accept", Net: "tcp", Addr: l.addr, Err: net.ErrClosed}
		}
		if len(l.queue) > 0 {
			c := l.queue[0]
			l.queue[0] = nil
			l.queue = l.queue[1:]
			return c, nil
		}
		l.wait(time.Time{}, nil)
	}
}

// Close frees the address; connections that were not accepted end.
func (l *listener) Close() error {
	l.lock()
	waiting, before := l.queue, l.state
	l.queue, l.state = nil, endClosed
	l.change()
	l.unlock()
	if before == endClosed {
		return &net.OpError{Op: "close", Net: "tcp", Addr: l.addr, Err: net.ErrClosed}
	}
	l.host.network.forget(l)
	for _, c := range waiting {
		_ = c.Close()
	}
	return nil
}

func (l *listener) Addr() net.Addr { return l.addr }

// offer queues a connection, unless nobody will accept it.
func (l *listener) offer(c *conn) (accepted acceptance) {
	l.lock()
	defer l.unlock()
	if l.state == endClosed || len(l.queue) >= backlog {
		return refused
	}
	l.queue = append(l.queue, c)
	l.change()
	return queued
}

// acceptance says what a listener does with a connection.
type acceptance uint8

const (
	queued acceptance = iota
	refused
)
