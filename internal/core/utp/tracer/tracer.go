// Package tracer writes what a uTP connection is up to as lines of a trace (package
// utptrace). Its owner shows it the connection's Status after a step, and takes the
// lines when it likes; a Tracer keeps a bounded number of bytes of them, and says where
// some are missing. It does no I/O, and allocates nothing for a step.
//
//	Status after each step ──▶ Tracer ──at most one sample an interval, and marks──▶ Take
package tracer

import (
	"time"

	"github.com/etorrent/etorrent/internal/core/utp/cong"
	"github.com/etorrent/etorrent/internal/core/utp/conn"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/utptrace"
	"github.com/etorrent/etorrent/internal/vocab/utpwire"
)

// Config is what a tracer is made for.
type Config struct {
	Flow     utptrace.Flow // with At since the trace began
	Origin   mono.Instant  // when that was
	Interval time.Duration // between samples, at least
	Most     int           // bytes of lines that are kept; 0: 64 KiB
}

// usualMost is Config.Most where it is not said, and least what it is at least: a few
// lines. What is kept for the end is room for all lines of the last step.
const (
	usualMost  = 64 << 10
	least      = 4 * utptrace.MaxLine
	keptForEnd = utptrace.MaxLine
)

// Tracer follows one connection. It has one owner.
type Tracer struct {
	cfg     Config
	lines   []byte
	room    int    // up to how many bytes lines may be appended
	missing uint64 // lines that there was no room for, since the last Gap
	due     mono.Instant
	before  before
}

// before is what the last step showed.
type before struct {
	phase  conn.Phase
	stage  cong.Stage
	totals conn.Totals
}

// New returns a tracer whose first line names the flow.
func New(cfg Config) *Tracer {
	if cfg.Most == 0 {
		cfg.Most = usualMost
	}
	cfg.Most = max(cfg.Most, least)
	t := &Tracer{cfg: cfg, lines: make([]byte, 0, cfg.Most)}
	t.lines = utptrace.Append(t.lines, cfg.Flow)
	return t
}

// Step looks at the connection after a step: after its Flush.
func (t *Tracer) Step(now mono.Instant, s *conn.Status) {
	t.room = t.cfg.Most - keptForEnd
	if s.Phase == conn.Closed {
		t.room = t.cfg.Most
	}
	t.mark(now, s)
	if s.Phase == conn.Closed && t.before.phase == conn.Closed {
		return
	}
	t.before = before{s.Phase, s.Control.Stage, s.Totals}
	if now < t.due && s.Phase != conn.Closed {
		return
	}
	t.due = now.Add(t.cfg.Interval)
	x := sampleOf(s)
	x.At, x.Flow = now.Sub(t.cfg.Origin), t.cfg.Flow.Number
	if t.hasRoom(now) {
		t.lines = utptrace.AppendSample(t.lines, &x)
	}
}

// Waiting is how many bytes of lines Take would return.
func (t *Tracer) Waiting() int { return len(t.lines) }

// Take returns the lines since it was last asked. They are the tracer's, and there until
// the next Step.
func (t *Tracer) Take() []byte {
	lines := t.lines
	t.lines = t.lines[:0]
	return lines
}

// mark writes what happened in the step.
func (t *Tracer) mark(now mono.Instant, s *conn.Status) {
	b, totals := &t.before, &s.Totals
	if b.phase == conn.SynSent && s.Phase != conn.SynSent && s.Reason != conn.Unanswered && s.Reason != conn.Refused {
		t.write(now, utptrace.Mark{Kind: utptrace.Connected})
	}
	if totals.Undone > b.totals.Undone {
		t.write(now, utptrace.Mark{Kind: utptrace.Undone})
	}
	if lost := totals.Lost - b.totals.Lost; lost > 0 {
		t.write(now, utptrace.Mark{Kind: utptrace.Lost, Packets: lost})
	}
	if totals.Timeouts > b.totals.Timeouts {
		t.write(now, utptrace.Mark{Kind: utptrace.TimedOut})
	}
	if s.Control.Stage == cong.Slowdown && b.stage != cong.Slowdown {
		t.write(now, utptrace.Mark{Kind: utptrace.SlowdownMark})
	}
	if s.Phase == conn.Closed && b.phase != conn.Closed {
		t.write(now, utptrace.Mark{Kind: utptrace.Closed, Reason: s.Reason.String()})
	}
}

func (t *Tracer) write(now mono.Instant, m utptrace.Mark) {
	m.At, m.Flow = now.Sub(t.cfg.Origin), t.cfg.Flow.Number
	if t.hasRoom(now) {
		t.lines = utptrace.AppendMark(t.lines, &m)
	}
}

// longest is more than any line that is written here, but for the first.
const longest = 512

// hasRoom says whether a line may be appended, behind one that says how many are missing.
func (t *Tracer) hasRoom(now mono.Instant) bool {
	if len(t.lines)+2*longest > t.room {
		t.missing++
		return false
	}
	if t.missing > 0 {
		m := utptrace.Mark{At: now.Sub(t.cfg.Origin), Flow: t.cfg.Flow.Number, Kind: utptrace.Gap, Lines: t.missing}
		t.missing = 0
		t.lines = utptrace.AppendMark(t.lines, &m)
	}
	return true
}

// sampleOf is what the trace has of a status.
func sampleOf(s *conn.Status) utptrace.Sample {
	x := utptrace.Sample{
		Stage: stageOf(s), Window: uint64(s.Window), Flying: uint64(s.Flying.Bytes), Rate: uint64(s.Rate), RTT: s.RTT,
		Queued: s.Control.Queued, Base: s.Control.Base, Target: s.Control.Target,
		Acked: s.Totals.Delivered, Lost: s.Totals.Lost, Timeouts: s.Totals.Timeouts, Unsent: s.Unsent,
	}
	if s.Phase != conn.SynSent {
		x.Packet, x.Remote = uint64(s.Segment+utpwire.HeaderBytes), uint64(s.Remote)
	}
	return x
}

func stageOf(s *conn.Status) utptrace.Stage {
	switch s.Phase {
	case conn.SynSent:
		return utptrace.Connecting
	case conn.Lingering, conn.Closed:
		return utptrace.Ending
	case conn.Connected:
	}
	switch s.Control.Stage {
	case cong.Starting:
		return utptrace.Starting
	case cong.Steady:
		return utptrace.Steady
	case cong.Slowdown:
		return utptrace.Slowdown
	}
	return utptrace.NoStage
}
