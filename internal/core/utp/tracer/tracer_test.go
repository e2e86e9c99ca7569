package tracer_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/core/utp/cong"
	"github.com/etorrent/etorrent/internal/core/utp/conn"
	"github.com/etorrent/etorrent/internal/core/utp/tracer"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/utptrace"
)

const (
	origin = mono.Instant(time.Hour)
	ms     = time.Millisecond
)

func newTracer(most int) *tracer.Tracer {
	return tracer.New(tracer.Config{Flow: utptrace.Flow{Number: 3, Name: "a"}, Origin: origin, Interval: 100 * ms, Most: most})
}

// parse are the records of lines, behind a head.
func parse(t *testing.T, lines []byte) []utptrace.Record {
	t.Helper()
	var p utptrace.Parser
	var out []utptrace.Record
	for line := range bytes.Lines(append(utptrace.Append(nil, utptrace.Head{}), lines...)) {
		r, err := p.Parse(bytes.TrimSuffix(line, []byte("\n")))
		if err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		out = append(out, r)
	}
	return out[1:]
}

// events are the names of what the lines tell.
func events(t *testing.T, lines []byte) string {
	t.Helper()
	var out []string
	for _, r := range parse(t, lines) {
		switch r := r.(type) {
		case utptrace.Flow:
			out = append(out, "flow")
		case utptrace.Sample:
			out = append(out, r.Stage.String())
		case utptrace.Mark:
			out = append(out, r.Kind.String()+"!")
		case utptrace.Head, utptrace.Link:
			t.Errorf("%+v", r)
		}
	}
	return strings.Join(out, " ")
}

func TestWhatHappensIsMarkedAtOnceAndTheRestSampledOnceInAnInterval(t *testing.T) {
	x := newTracer(0)
	s := conn.Status{Phase: conn.SynSent, Segment: 1000}
	at := origin
	step := func(d time.Duration) {
		at = at.Add(d)
		x.Step(at, &s)
	}
	step(0)
	step(50 * ms)
	s.Phase = conn.Connected
	step(10 * ms)
	for range 20 {
		step(10 * ms)
	}
	s.Control.Stage, s.Totals.Lost, s.Totals.Timeouts = cong.Steady, 5, 1
	step(ms)
	s.Totals.Undone = 1
	step(ms)
	s.Control.Stage = cong.Slowdown
	step(ms)
	step(ms)
	s.Phase, s.Reason = conn.Closed, conn.Silent
	step(ms)
	step(time.Second)
	lines := bytes.Clone(x.Take())
	want := "flow connecting connected! starting starting lost! timeout! undone! slowdown! closed! ending"
	if got := events(t, lines); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	if got := parse(t, lines)[9]; got != (utptrace.Mark{At: 265 * ms, Flow: 3, Kind: utptrace.Closed, Reason: "the remote fell silent"}) {
		t.Errorf("%+v", got)
	}
	if len(x.Take()) > 0 {
		t.Error("lines are given twice")
	}
}

func TestOneThatIsNeverAnsweredWasNeverConnected(t *testing.T) {
	x := newTracer(0)
	x.Step(origin, &conn.Status{})
	x.Step(origin.Add(ms), &conn.Status{Phase: conn.Closed, Reason: conn.Unanswered})
	if got := events(t, x.Take()); got != "flow connecting closed! ending" {
		t.Error(got)
	}
}

func TestASampleHasWhatTheConnectionKnows(t *testing.T) {
	x := newTracer(0)
	x.Take()
	s := conn.Status{
		Phase: conn.Connected, RTT: 70 * ms, Segment: 1380, Window: 5000, Rate: 9000, Remote: 1 << 20, Unsent: 8,
		Control: cong.View{Stage: cong.Steady, Queued: 20 * ms, Base: 50 * ms, Target: 58 * ms},
		Totals:  conn.Totals{Delivered: 77, Lost: 4, Timeouts: 2},
	}
	s.Flying.Bytes = 4000
	x.Step(origin.Add(time.Second), &s)
	r := parse(t, append([]byte(`{"v":1,"event":"flow","at_us":0,"flow":3}`+"\n"), x.Take()...))
	want := utptrace.Sample{
		At: time.Second, Flow: 3, Stage: utptrace.Steady, Window: 5000, Flying: 4000, Rate: 9000, RTT: 70 * ms, Queued: 20 * ms, Base: 50 * ms,
		Target: 58 * ms, Acked: 77, Lost: 4, Timeouts: 2, Packet: 1400, Remote: 1 << 20, Unsent: 8,
	}
	if got := r[len(r)-1]; got != want {
		t.Errorf("%+v\nwant\n%+v", got, want)
	}
}

func TestWhatNobodyTakesIsBoundedAndSaidToBeMissing(t *testing.T) {
	const most = 20_000
	x := newTracer(most)
	s := conn.Status{Phase: conn.Connected}
	at := origin
	for range 10_000 {
		at = at.Add(time.Second)
		s.Totals.Lost++
		x.Step(at, &s)
	}
	kept := bytes.Clone(x.Take())
	if len(kept) > most || len(kept) < most/2 {
		t.Errorf("%d bytes", len(kept))
	}
	lines := bytes.Count(kept, []byte("\n"))
	x.Step(at.Add(time.Second), &s)
	records := parse(t, append(kept, x.Take()...))
	gap, is := records[lines].(utptrace.Mark)
	if want := 20_001 + 1 - lines; !is || gap.Kind != utptrace.Gap || int(gap.Lines) != want {
		t.Errorf("%+v, want a gap of %d", records[lines], want)
	}
}

func TestAStepTakesNoMemory(t *testing.T) {
	x := newTracer(0)
	s := conn.Status{Phase: conn.Connected}
	at := origin
	n := testing.AllocsPerRun(1000, func() {
		at = at.Add(40 * ms)
		s.Totals.Lost++
		x.Step(at, &s)
		x.Take()
	})
	if n > 0 {
		t.Errorf("%v allocations", n)
	}
}
