package etorrenttest

import (
	"io"
	"net"
	"os"
	"syscall"
	"time"
)

// Link says how bytes travel between two hosts. The zero Link carries them in no
// time.
type Link struct {
	// Latency is how long a byte is under way, and half of what a connection
	// takes to be made.
	Latency time.Duration
	// Rate is how many bytes a second one connection carries each way, and the
	// datagrams between two hosts, of which those are lost that would wait for more
	// than 250 ms; 0 is any number.
	Rate int64
	// Buffer is how many bytes may be under way or unread, each way of one
	// connection, before a write waits; 0 is 64 KiB.
	Buffer int
}

const (
	defaultBuffer = 64 << 10
	// parcelBytes is the most that arrives at one instant where a Rate is set.
	parcelBytes = 4 << 10
)

// pipe is one way of a connection.
type pipe struct {
	monitor
	link       Link
	parcels    []parcel  // sent and not read, in order
	size       int       // bytes in them
	sent       time.Time // when the last byte left its sender
	writer     endState
	eofAt      time.Time // once the writer has closed
	reader     endState
	readUntil  time.Time
	writeUntil time.Time
}

// parcel is a run of bytes and when it arrives.
type parcel struct {
	bytes []byte
	at    time.Time
}

// endState says whether an end of a pipe is in use.
type endState uint8

const (
	endOpen endState = iota
	endClosed
)

func newPipe(l Link) *pipe {
	if l.Buffer <= 0 {
		l.Buffer = defaultBuffer
	}
	return &pipe{link: l}
}

// read waits for bytes that have arrived.
func (p *pipe) read(b []byte) (int, error) {
	p.lock()
	defer p.unlock()
	for {
		arrives := p.eofAt
		if len(p.parcels) > 0 {
			arrives = p.parcels[0].at
		}
		switch {
		case p.reader == endClosed:
			return 0, net.ErrClosed
		case passed(p.readUntil):
			return 0, os.ErrDeadlineExceeded
		case len(b) == 0:
			return 0, nil
		case passed(arrives) && len(p.parcels) == 0:
			return 0, io.EOF
		case passed(arrives):
			return p.take(b), nil
		}
		p.wait(earlier(arrives, p.readUntil), nil)
	}
}

// take moves what has arrived to b.
func (p *pipe) take(b []byte) int {
	n := 0
	for n < len(b) && len(p.parcels) > 0 && passed(p.parcels[0].at) {
		first := &p.parcels[0]
		k := copy(b[n:], first.bytes)
		n += k
		if first.bytes = first.bytes[k:]; len(first.bytes) == 0 {
			p.parcels[0] = parcel{}
			p.parcels = p.parcels[1:]
		}
	}
	p.size -= n
	p.change()
	return n
}

// write waits while the buffer is full.
func (p *pipe) write(b []byte) (int, error) {
	p.lock()
	defer p.unlock()
	for n := 0; ; {
		switch {
		case p.writer == endClosed:
			return n, net.ErrClosed
		case p.reader == endClosed:
			return n, os.NewSyscallError("write", syscall.ECONNRESET)
		case passed(p.writeUntil):
			return n, os.ErrDeadlineExceeded
		case n == len(b):
			return n, nil
		}
		if room := p.link.Buffer - p.size; room > 0 {
			n += p.put(b[n:min(len(b), n+room)])
			continue
		}
		p.wait(p.writeUntil, nil)
	}
}

// put sends the first bytes of b and says how many.
func (p *pipe) put(b []byte) int {
	if p.link.Rate > 0 {
		b = b[:min(len(b), parcelBytes)]
	}
	if now := time.Now(); p.sent.Before(now) {
		p.sent = now
	}
	if p.link.Rate > 0 {
		p.sent = p.sent.Add(time.Duration(len(b)) * time.Second / time.Duration(p.link.Rate))
	}
	p.parcels = append(p.parcels, parcel{bytes: append([]byte(nil), b...), at: p.sent.Add(p.link.Latency)})
	p.size += len(b)
	p.change()
	return len(b)
}

// closeWrite lets the reader have what was written, and then the end.
func (p *pipe) closeWrite() {
	p.lock()
	defer p.unlock()
	if p.writer == endClosed {
		return
	}
	p.writer = endClosed
	if now := time.Now(); p.sent.Before(now) {
		p.sent = now
	}
	p.eofAt = p.sent.Add(p.link.Latency)
	p.change()
}

// closeRead drops what nobody reads any more; writes fail from now on.
func (p *pipe) closeRead() {
	p.lock()
	defer p.unlock()
	p.reader, p.parcels, p.size = endClosed, nil, 0
	p.change()
}

// setDeadlines changes a deadline; a wait that is under way heeds it.
func (p *pipe) setReadDeadline(t time.Time) {
	p.lock()
	defer p.unlock()
	p.readUntil = t
	p.change()
}

func (p *pipe) setWriteDeadline(t time.Time) {
	p.lock()
	defer p.unlock()
	p.writeUntil = t
	p.change()
}
