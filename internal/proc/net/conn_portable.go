package net

import (
	"net"
	"net/netip"

	"github.com/etorrent/etorrent/internal/vocab/transport"
)

// portableBuffer is how many bytes a portable connection holds each way.
const portableBuffer = 32 << 10

// portableConn drives any net.Conn through blocking calls: it waits by reading
// or writing a buffer of its own. Every TryWrite that took bytes reports
// WriteBlocked, so that WaitWritable, which really writes them, is run.
type portableConn struct {
	c             net.Conn
	local, remote netip.AddrPort

	readBuf []byte // read and not taken yet; the reading goroutine's
	readErr error
	inBuf   []byte

	writeBuf []byte // taken and not written yet; the writing goroutine's
	outBuf   []byte
}

func newPortable(c net.Conn) *portableConn {
	return &portableConn{c: c, local: addrPort(c.LocalAddr()), remote: addrPort(c.RemoteAddr())}
}

func (p *portableConn) WaitReadable() error {
	if len(p.readBuf) > 0 || p.readErr != nil {
		return nil
	}
	if p.inBuf == nil {
		p.inBuf = make([]byte, portableBuffer)
	}
	n, err := p.c.Read(p.inBuf)
	p.readBuf, p.readErr = p.inBuf[:n], err
	return nil
}

func (p *portableConn) TryRead(b []byte) (int, error) {
	if len(p.readBuf) == 0 {
		return 0, p.readErr
	}
	n := copy(b, p.readBuf)
	p.readBuf = p.readBuf[n:]
	return n, nil
}

func (p *portableConn) TryWrite(bufs [][]byte) (int, WriteState, error) {
	if len(p.writeBuf) > 0 {
		return 0, WriteBlocked, nil
	}
	if p.outBuf == nil {
		p.outBuf = make([]byte, 0, portableBuffer)
	}
	out := p.outBuf[:0]
	for _, b := range bufs {
		room := cap(out) - len(out)
		if room == 0 {
			break
		}
		out = append(out, b[:min(room, len(b))]...)
	}
	p.writeBuf = out
	if len(out) == 0 {
		return 0, WriteOpen, nil
	}
	return len(out), WriteBlocked, nil
}

func (p *portableConn) WaitWritable() error {
	if len(p.writeBuf) == 0 {
		return nil
	}
	_, err := p.c.Write(p.writeBuf)
	p.writeBuf = nil
	return err
}

func (p *portableConn) Close() error                   { return p.c.Close() }
func (p *portableConn) LocalAddr() netip.AddrPort      { return p.local }
func (p *portableConn) RemoteAddr() netip.AddrPort     { return p.remote }
func (p *portableConn) Transport() transport.Transport { return transport.TCP }
