// Package net is everything that touches the network: egress (the only place
// that dials and listens), connections that never block their owner, the
// listening and the dialling process.
package net

import (
	"errors"
	"net"
	"net/netip"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/transport"
)

// WriteState says what a connection can take next.
type WriteState uint8

const (
	// WriteOpen means that TryWrite may be called again at once.
	WriteOpen WriteState = iota
	// WriteBlocked means that WaitWritable must return before the next
	// TryWrite; what TryWrite counted as taken is taken.
	WriteBlocked
)

// Conn is a byte stream whose owner never blocks in it. One goroutine waits and
// reads, one other writes; Close may come from anywhere and ends every wait.
type Conn interface {
	// WaitReadable returns when TryRead has something to say. It holds no
	// buffer while it waits.
	WaitReadable() error
	// TryRead reads what is there. It returns 0 and no error when nothing is,
	// and io.EOF when the remote closed.
	TryRead(p []byte) (int, error)
	// TryWrite takes as many bytes of the buffers, in order, as it can without
	// blocking, and says how many.
	TryWrite(bufs [][]byte) (int, WriteState, error)
	// WaitWritable returns when TryWrite can take bytes again.
	WaitWritable() error
	// Close ends the connection at once. It may be called more than once.
	Close() error
	// LocalAddr and RemoteAddr are the ends' addresses, zero when the network
	// has none.
	LocalAddr() netip.AddrPort
	RemoteAddr() netip.AddrPort
	// Transport is what carries it.
	Transport() transport.Transport
}

// Gatherer is a Conn whose reader may wait for more than the first byte. Who uses it
// waits by it alone.
type Gatherer interface {
	// WaitGathered returns when n bytes are there, when nothing more will come, or
	// after a span; for one byte it waits without end, as WaitReadable does.
	WaitGathered(n int, span time.Duration) error
}

// UnsentLimiter is a Conn that keeps little unsent in the kernel, UsualUnsent unless
// its owner says otherwise.
type UnsentLimiter interface {
	// LimitUnsent sets after how many unsent bytes TryWrite takes no more.
	LimitUnsent(bytes int)
}

// Untouching is a Conn that only the kernel reads the bytes for. So they may be mapped
// from a file that somebody may shorten.
type Untouching interface {
	// TryWriteUntouched is TryWrite. Bytes that the kernel cannot read end in
	// ErrUnreadable.
	TryWriteUntouched(bufs [][]byte) (int, WriteState, error)
}

// ErrUnreadable says that bytes which were to be written are not there any more.
var ErrUnreadable = errors.New("what was to be sent is gone: its file was shortened or cannot be read")

// Wrap returns the Conn of c, which TCP carries or what stands for it: over the socket
// itself where the platform allows it, through blocking calls else.
func Wrap(c net.Conn) Conn {
	if tcp, ok := c.(*net.TCPConn); ok {
		if raw := wrapSocket(tcp); raw != nil {
			return raw
		}
	}
	return newPortable(c)
}

// addrPort reads an address of any network; names it does not know are zero.
func addrPort(a net.Addr) netip.AddrPort {
	if a == nil {
		return netip.AddrPort{}
	}
	if tcp, ok := a.(*net.TCPAddr); ok {
		return unmapped(tcp.AddrPort())
	}
	ap, err := netip.ParseAddrPort(a.String())
	if err != nil {
		return netip.AddrPort{}
	}
	return unmapped(ap)
}

// unmapped is an endpoint whose address is of IPv4 where it was v4-mapped.
func unmapped(at netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(at.Addr().Unmap(), at.Port())
}
