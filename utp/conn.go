package utp

import (
	"net"
	"time"

	"github.com/etorrent/etorrent/internal/proc/utp"
	"github.com/etorrent/etorrent/sup"
)

// crashes is how often the process of a Socket is started again.
var crashes = sup.Intensity{Restarts: 10, Within: time.Minute}

// Conn is a connection, a net.Conn. Its methods may be called from everywhere at once.
type Conn struct{ c *utp.Conn }

// EndError says why a connection is no more, or could not be had. It comes in a
// *net.OpError, which names the remote. It is a syscall.ECONNREFUSED, ECONNRESET or ETIMEDOUT
// for errors.Is, where TCP would say the same.
type EndError = utp.EndError

// Reason says why, in an EndError.
type Reason = utp.Reason

// The reasons.
const (
	// Refused is that the remote takes no connections, or none now.
	Refused = utp.Refused
	// Unanswered is that none of four requests in 15 s was answered.
	Unanswered = utp.Unanswered
	// Unreachable is that the system knows no way to the remote.
	Unreachable = utp.Unreachable
	// Reset is that the remote aborted the connection, or knows nothing of it any more.
	Reset = utp.Reset
	// Silent is that the remote acknowledged nothing, and said nothing, for too long; or did not
	// send for long what was missing before all that it had sent, which took memory that others
	// lacked.
	Silent = utp.Silent
	// Crashed is that a defect of this package ended the connection.
	Crashed = utp.Crashed
)

// Addr is the address of an end: its network is "utp".
type Addr = utp.Addr

// Read reads what has come of the remote's stream, and waits for it. At its end it is
// io.EOF, after Close net.ErrClosed, after the read deadline os.ErrDeadlineExceeded; an
// *EndError where the connection broke, behind what came until then.
func (c *Conn) Read(b []byte) (int, error) { return c.c.Read(b) }

// Write appends to our stream, and waits while more than half a MiB of it was not sent yet.
// What it returns for is on its way, and not yet with the remote. After Close or CloseWrite
// the error is net.ErrClosed, after the write deadline os.ErrDeadlineExceeded, and an
// *EndError where the connection broke.
func (c *Conn) Write(b []byte) (int, error) { return c.c.Write(b) }

// Close ends our stream behind what was written, and reads no more. It does not wait: what
// is left is sent, and acknowledged or given up, while the Socket is open.
func (c *Conn) Close() error { return c.c.Close() }

// CloseWrite ends our stream behind what was written. The remote's goes on.
func (c *Conn) CloseWrite() error { return c.c.CloseWrite() }

// Abort ends the connection at once, and throws away what was not sent and what was not
// read. The remote is told so.
func (c *Conn) Abort() error { return c.c.Abort() }

// Done is closed when all is over: when the remote has acknowledged our end and has had time
// to hear that its own came, or when the connection broke.
func (c *Conn) Done() <-chan struct{} { return c.c.Gone() }

// LocalAddr is where the remote's packets come to, an Addr; of a Socket on every address it
// may have none that is of one.
func (c *Conn) LocalAddr() net.Addr { return c.c.LocalAddr() }

// RemoteAddr is where they come from now, an Addr: a remote behind a NAT may move.
func (c *Conn) RemoteAddr() net.Addr { return c.c.RemoteAddr() }

// SetDeadline sets both deadlines; the zero time is none.
func (c *Conn) SetDeadline(t time.Time) error { return c.c.SetDeadline(t) }

// SetReadDeadline is until when Read waits, also one that waits now.
func (c *Conn) SetReadDeadline(t time.Time) error { return c.c.SetReadDeadline(t) }

// SetWriteDeadline is until when Write waits, also one that waits now.
func (c *Conn) SetWriteDeadline(t time.Time) error { return c.c.SetWriteDeadline(t) }

// Status is how a connection does. Windows and what flies are in bytes of payload.
type Status struct {
	Phase        string        // "SYN sent", "connected", "lingering", "closed"
	RTT          time.Duration // smoothed; 0: it is not known
	BaseRTT      time.Duration // the least; 0: it is not known
	Queued       time.Duration // how long packets wait on the way, as was measured last
	Segment      int           // bytes of payload of a full packet
	Window       int           // that the congestion control lets fly
	RemoteWindow uint32        // that the remote has room for
	Rate         int64         // bytes a second at which packets leave; 0: at once
	Flying       Tally         // on its way
	Lost         Tally         // to be sent again
	Unsent       uint64        // bytes that were written, and wait
	Early        int           // packets that came before their turn, and wait
	Timeouts     int           // in a row, since the remote was heard

	Received, Acknowledged                  uint64 // bytes of the two streams that have come, and that the remote has
	PacketsReceived, PacketsSent, SentAgain uint64
	PacketsLost                             uint64 // that were taken for lost
}

// Tally is an amount of packets.
type Tally struct{ Packets, Bytes int }

// Status says how the connection does; of one that is over how it did in the end.
func (c *Conn) Status() Status {
	s := c.c.Status()
	return Status{
		Phase: s.Phase.String(), RTT: s.RTT, BaseRTT: s.Control.Base, Queued: s.Control.Queued, Segment: s.Segment, Window: s.Window, RemoteWindow: s.Remote, Rate: s.Rate,
		Flying: Tally{s.Flying.Packets, s.Flying.Bytes}, Lost: Tally{s.Lost.Packets, s.Lost.Bytes},
		Unsent: s.Unsent, Early: s.Early, Timeouts: s.Timeouts,
		Received: s.Delivered, Acknowledged: s.Confirmed,
		PacketsReceived: s.Received, PacketsSent: s.Sent, SentAgain: s.Again, PacketsLost: s.Totals.Lost,
	}
}
