// Package utpplot makes a table and a picture of a trace of uTP connections (package
// utptrace). Of a trace of any length it keeps as much as a picture can show.
package utpplot

import (
	"bytes"
	"io"
	"slices"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/utptrace"
)

// columns is how many spans a trace is divided into at most: when they are used up each
// becomes twice as long.
const columns = 2048

// Trace is what a trace shows. Its columns are spans of time.
type Trace struct {
	Title string
	Flows []*Flow // in the order of their numbers
	Link  *Link   // nil: it tells nothing of one
	End   time.Duration

	span time.Duration // of a column
}

// Flow is what it shows of one.
type Flow struct {
	Number        int
	Name, Control string
	Begin, End    time.Duration
	Gaps          uint64 // lines that are missing
	columns       []column
	lost          []time.Duration // when packets were, once for each column
	timedOut      []time.Duration // when timeouts passed, likewise
	last          utptrace.Sample
}

// column is a span of a flow. The window is the last one, or the least of a slowdown;
// what flies is the most.
type column struct {
	samples        int
	window, flying uint64
	queued         time.Duration
	waits          int // samples of it
	target         time.Duration
	acked          uint64 // at the end
	at             time.Duration
	slow           stage
}

// stage says whether a column has a slowdown.
type stage uint8

const (
	usual stage = iota
	slowdown
)

// Link is what it shows of the link.
type Link struct {
	columns []linkColumn
	Dropped uint64
	Lost    uint64
}

// linkColumn is a span of the link.
type linkColumn struct {
	samples int
	queued  time.Duration // sum of means
	most    time.Duration
}

// Gatherer takes a trace, by Write. Its zero value has none.
type Gatherer struct {
	trace  Trace
	parser utptrace.Parser
	flows  [utptrace.MaxFlows + 1]*Flow
	rest   []byte // of a line
	lines  int
}

// Write takes a part of the trace. The error is a *utptrace.FaultError.
func (g *Gatherer) Write(p []byte) (int, error) {
	n := len(p)
	for {
		line, rest, whole := bytes.Cut(p, []byte("\n"))
		if !whole {
			break
		}
		if len(g.rest) > 0 {
			line = append(g.rest, line...)
		}
		if err := g.take(line); err != nil {
			return 0, err
		}
		g.rest, p = g.rest[:0], rest
	}
	if room := utptrace.MaxLine + 1 - len(g.rest); len(p) > room {
		p = p[:max(room, 0)] // the line is too long whatever else it has
	}
	if g.rest = append(g.rest, p...); len(g.rest) > utptrace.MaxLine {
		return 0, g.take(g.rest)
	}
	return n, nil
}

// Trace returns what was written, when all is. A last line without an end is a line; of
// one that was being written when its program ended nothing is known.
func (g *Gatherer) Trace() (*Trace, error) {
	if len(g.rest) > 0 || g.lines == 0 {
		if err := g.take(g.rest); err != nil && (g.lines <= 1 || bytes.HasSuffix(g.rest, []byte("}"))) {
			return nil, err
		}
	}
	for _, f := range g.flows {
		if f != nil {
			g.trace.Flows = append(g.trace.Flows, f)
		}
	}
	return &g.trace, nil
}

// Read returns the trace of a reader. The error is one of the reader or a
// *utptrace.FaultError.
func Read(from io.Reader) (*Trace, error) {
	var g Gatherer
	if _, err := io.Copy(&g, from); err != nil {
		return nil, err
	}
	return g.Trace()
}

func (g *Gatherer) take(line []byte) error {
	g.lines++
	r, err := g.parser.Parse(line)
	if err != nil {
		return err
	}
	switch r := r.(type) {
	case nil:
	case utptrace.Head:
		g.trace.Title, g.trace.span = r.Title, max(r.Interval, 10*time.Millisecond)
	case utptrace.Flow:
		g.flows[r.Number] = &Flow{Number: r.Number, Name: r.Name, Control: r.Control, Begin: r.At, End: r.At}
	case utptrace.Link:
		g.link(r)
	case utptrace.Sample:
		g.sample(r)
	case utptrace.Mark:
		g.mark(r)
	}
	return nil
}

// column is the number of the span of a time, after spans are long enough.
func (g *Gatherer) column(at time.Duration) int {
	t := &g.trace
	t.End = max(t.End, at)
	for at/t.span >= columns {
		t.span *= 2
		for _, f := range g.flows {
			if f != nil {
				f.columns = halved(f.columns, (*column).add)
				f.lost, f.timedOut = t.spaced(f.lost, 0), t.spaced(f.timedOut, 0)
			}
		}
		if t.Link != nil {
			t.Link.columns = halved(t.Link.columns, (*linkColumn).add)
		}
	}
	return int(at / t.span)
}

func (g *Gatherer) sample(s utptrace.Sample) {
	n, f := g.column(s.At), g.flows[s.Flow]
	for len(f.columns) <= n {
		f.columns = append(f.columns, column{})
	}
	c := column{samples: 1, window: s.Window, flying: s.Flying, target: s.Target, acked: s.Acked, at: s.At}
	if s.RTT > 0 {
		c.queued, c.waits = s.Queued, 1
	}
	if s.Stage == utptrace.Slowdown {
		c.slow = slowdown
	}
	f.columns[n].add(&c)
	f.last, f.End = s, max(f.End, s.At)
}

func (g *Gatherer) link(l utptrace.Link) {
	n := g.column(l.At)
	if g.trace.Link == nil {
		g.trace.Link = &Link{}
	}
	x := g.trace.Link
	for len(x.columns) <= n {
		x.columns = append(x.columns, linkColumn{})
	}
	x.columns[n].add(&linkColumn{1, l.Queued, l.Most})
	x.Dropped += l.Dropped
	x.Lost += l.Lost
}

// mark keeps when packets were lost and timeouts passed.
func (g *Gatherer) mark(m utptrace.Mark) {
	f := g.flows[m.Flow]
	f.End = max(f.End, m.At)
	g.column(m.At)
	switch m.Kind {
	case utptrace.Gap:
		f.Gaps += m.Lines
	case utptrace.Lost:
		f.lost = g.trace.spaced(append(f.lost, m.At), len(f.lost)-1)
	case utptrace.TimedOut:
		f.timedOut = g.trace.spaced(append(f.timedOut, m.At), len(f.timedOut)-1)
	case utptrace.Connected, utptrace.Undone, utptrace.SlowdownMark, utptrace.Closed:
	}
}

// spaced are the times of which, from one on, each is in another column than that before.
func (t *Trace) spaced(times []time.Duration, from int) []time.Duration {
	from = max(from, 0)
	return append(times[:from], slices.CompactFunc(times[from:], func(a, b time.Duration) bool { return a/t.span == b/t.span })...)
}

// halved makes each two columns one, by adding the later.
func halved[C any](columns []C, add func(c, later *C)) []C {
	for i := range columns {
		if i%2 == 0 {
			columns[i/2] = columns[i]
			continue
		}
		add(&columns[i/2], &columns[i])
	}
	return columns[:(len(columns)+1)/2]
}

// add makes one of a column and a later one.
func (c *column) add(b *column) {
	if b.samples == 0 {
		return
	}
	switch {
	case b.slow > c.slow || c.samples == 0 || b.slow == c.slow && b.slow == usual:
		c.window = b.window
	case b.slow == slowdown:
		c.window = min(c.window, b.window)
	}
	c.samples += b.samples
	c.flying = max(c.flying, b.flying)
	c.queued += b.queued
	c.waits += b.waits
	c.target, c.acked, c.at = b.target, b.acked, b.at
	c.slow = max(c.slow, b.slow)
}

func (c *linkColumn) add(b *linkColumn) {
	c.samples += b.samples
	c.queued += b.queued
	c.most = max(c.most, b.most)
}
