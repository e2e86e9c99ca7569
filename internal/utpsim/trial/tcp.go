package trial

import (
	"time"

	"github.com/etorrent/etorrent/internal/utpsim"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/utptrace"
)

// tcp is the flow of TCP, as far as its model tells: the window, what came, and when it
// answered a loss.
type tcp struct {
	utpsim.TCPControl

	number   int // of the trace
	marks    []utptrace.Mark
	lost     uint64
	timeouts uint64
	acked    uint64
}

// joinTCP adds the flow that goes beside ours.
func (t *trial) joinTCP() {
	f := utptrace.Flow{Number: t.Flows + 1}
	var control utpsim.TCPControl
	switch t.Beside {
	case NoTCP:
		return
	case Reno:
		control, f.Name, f.Control = utpsim.NewReno(), "TCP Reno", "reno"
	case Cubic:
		control, f.Name, f.Control = utpsim.NewCubic(), "TCP CUBIC", "cubic"
	}
	t.tcp = &tcp{TCPControl: control, number: f.Number}
	t.flows = append(t.flows, utpsim.Flow{
		Left:  utpsim.Step(utpsim.NewTCPSender(t.tcp, clock.At(0), mono.Never), clock),
		Right: utpsim.Step(utpsim.NewTCPReceiver(), utpsim.Clock{}),
	})
	t.lines = utptrace.Append(t.lines, f)
}

// Lost notes a loss, once for each window.
func (c *tcp) Lost(now mono.Instant) {
	c.lost++
	c.mark(now, utptrace.Mark{Kind: utptrace.Lost, Packets: 1})
	c.TCPControl.Lost(now)
}

// TimedOut notes a timeout.
func (c *tcp) TimedOut(now mono.Instant) {
	c.timeouts++
	c.mark(now, utptrace.Mark{Kind: utptrace.TimedOut})
	c.TCPControl.TimedOut(now)
}

// mostMarks is how many marks an interval has.
const mostMarks = 1000

func (c *tcp) mark(now mono.Instant, m utptrace.Mark) {
	if len(c.marks) < mostMarks {
		m.At, m.Flow = now.Sub(clock.At(0)), c.number
		c.marks = append(c.marks, m)
	}
}

// appendTo appends the lines of an interval, in which the other end got some.
func (c *tcp) appendTo(lines []byte, at time.Duration, got *utpsim.EndStats) []byte {
	for _, m := range c.marks {
		lines = utptrace.AppendMark(lines, &m)
	}
	c.marks = c.marks[:0]
	c.acked += uint64(got.Delivered)
	return utptrace.AppendSample(lines, &utptrace.Sample{
		At: at, Flow: c.number, Window: uint64(c.Window() * utpsim.TCPPayload), Acked: c.acked, Lost: c.lost, Timeouts: c.timeouts,
	})
}
