package utp

import (
	"net/netip"
	"time"

	"github.com/etorrent/etorrent/internal/core/utp/cong"
	"github.com/etorrent/etorrent/internal/core/utp/conn"
	"github.com/etorrent/etorrent/internal/core/utp/tracer"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/utptrace"
)

// offerEvery is how long lines stay with their connection, as long as it is stepped.
const offerEvery = time.Second

// flowTrace is what a connection has for the trace.
type flowTrace struct {
	to     *Trace
	lines  *tracer.Tracer
	until  mono.Instant // the end of what a trace may tell of
	due    mono.Instant // when lines are offered next
	status conn.Status  // after the last step; here, so that a step takes no memory
}

// flow begins that of a connection, unless there have been too many.
func (t *Trace) flow(now mono.Instant, remote netip.AddrPort) *flowTrace {
	if t == nil {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	until := t.origin.Add(utptrace.MaxTime)
	if t.state == tracingEnded || t.flows == utptrace.MaxFlows || now >= until {
		return nil
	}
	t.flows++
	flow := utptrace.Flow{At: now.Sub(t.origin), Number: t.flows, Name: remote.String(), Control: cong.Default}
	l := tracer.New(tracer.Config{Flow: flow, Origin: t.origin, Interval: t.every, Most: tracedMost})
	return &flowTrace{to: t, lines: l, until: until, due: now.Add(offerEvery)}
}

// record writes how the connection does after a step.
func (c *cell) record(now mono.Instant) {
	t := c.trace
	if t == nil || now >= t.until {
		return
	}
	t.status = c.core.Status()
	t.lines.Step(now, &t.status)
	if now < t.due && t.lines.Waiting() < tracedMost/4 {
		return
	}
	t.due = now.Add(offerEvery)
	if t.to.offer(t.lines) == tracingEnded {
		c.trace = nil
	}
}

// endTrace writes the end of a connection that the process is done with.
func (c *cell) endTrace(s conn.Status) {
	t := c.trace
	if t == nil {
		return
	}
	switch {
	case s.Phase == conn.Closed:
	case s.Phase == conn.Lingering && c.news.theirs == ended:
		s.Phase, s.Reason = conn.Closed, conn.Finished
	default:
		s.Phase, s.Reason = conn.Closed, conn.Aborted
	}
	if t.status = s; c.x.now < t.until {
		t.lines.Step(c.x.now, &t.status)
	}
	c.leaveTrace()
}

// leaveTrace leaves to the trace what is not written yet.
func (c *cell) leaveTrace() {
	if c.trace != nil {
		c.trace.to.leave(c.trace.lines)
		c.trace = nil
	}
}
