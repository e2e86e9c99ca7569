package conn

import (
	"time"

	"github.com/etorrent/etorrent/internal/core/utp/cong"
	"github.com/etorrent/etorrent/internal/core/utp/send"
)

// Status is how a connection does, for people and for tests.
type Status struct {
	Phase    Phase
	Reason   Reason        // of one that is closed
	RTT      time.Duration // smoothed, 0: not known
	Segment  int           // bytes of payload of a full packet
	Window   int           // bytes that the control lets fly
	Rate     int64         // bytes a second at which it has them sent, 0: at once
	Control  cong.View     // what it thinks of the path
	Remote   uint32        // bytes of the remote's window
	Flying   send.Tally
	Untold   send.Tally // of Flying: on its way no more, though nobody said whether it came
	Lost     send.Tally // to be sent again
	Unsent   uint64     // bytes
	Early    int        // packets that came before their turn
	Timeouts int        // since the remote was heard
	Totals   Totals
}

// Totals are counts since a connection began.
type Totals struct {
	Delivered uint64 // bytes of our stream that are known to have come
	Lost      uint64 // packets that were taken for lost, soundings of the path apart
	Undone    uint64 // episodes of loss in which nothing was lost
	Timeouts  uint64
}

// LeastRTT is the least round trip of the last minutes, 0 before one was measured.
func (c *Conn) LeastRTT() time.Duration {
	if c.flight == nil {
		return 0
	}
	return c.flight.RTT().Least()
}

// Status says how the connection does.
func (c *Conn) Status() Status {
	s := Status{
		Phase: c.phase, Reason: c.reason, Segment: c.cfg.Segment, Window: c.control.Window(), Rate: c.control.Rate(), Control: c.control.View(),
		Remote: c.out.window, Unsent: c.out.end - c.out.sent, Timeouts: c.heard.silent, Totals: c.totals,
	}
	if c.flight != nil {
		s.RTT, s.Flying, s.Untold = c.flight.RTT().Smoothed(), c.flight.Flying(), c.flight.Untold()
		s.Lost, s.Early = c.flight.Lost(), c.queue.Held()
		s.Totals.Delivered = c.flight.Delivered()
	}
	return s
}
