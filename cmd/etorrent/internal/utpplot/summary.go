package utpplot

import (
	"slices"
	"time"

	"github.com/etorrent/etorrent/internal/utpsim"
)

// Summary is what a table shows of a span of a trace.
type Summary struct {
	From, Until time.Duration
	Flows       []FlowSummary // as in the trace
	Link        Waits         // of the link, where it is known
	Jain        float64       // of the rates of those that were there: 1 is all alike, 1/n one has all
}

// FlowSummary is that of a flow. What was lost is of the whole trace.
type FlowSummary struct {
	Rate           float64 // bytes a second that came, in the span
	Share          float64 // of those of all flows
	Delay          Waits   // as the flow measures it
	Lost, Timeouts uint64
}

// Waits are times in a queue.
type Waits struct {
	Known  Knowledge
	Mean   time.Duration
	Most95 time.Duration // 95 of 100 are not above it
}

// Knowledge says whether anything was measured.
type Knowledge uint8

// The kinds.
const (
	Unknown Knowledge = iota
	Measured
)

// Summarize sums up the second half of the time in which all flows that began were there,
// so that what was once is not shown as what remains. Flows that end sooner than all
// began are summed up over what there is.
func (t *Trace) Summarize() Summary {
	from, until := time.Duration(0), t.End
	for _, f := range t.Flows {
		from = max(from, f.Begin)
	}
	for _, f := range t.Flows {
		if f.End > from {
			until = min(until, f.End)
		}
	}
	s := Summary{From: from + (until-from)/2, Until: until}
	var all float64
	var rates []float64
	for _, f := range t.Flows {
		x := FlowSummary{Rate: f.rate(s.From, s.Until), Delay: f.delay(t.span, s.From), Lost: f.last.Lost, Timeouts: f.last.Timeouts}
		all += x.Rate
		if f.End > from {
			rates = append(rates, x.Rate)
		}
		s.Flows = append(s.Flows, x)
	}
	for i := range s.Flows {
		if all > 0 {
			s.Flows[i].Share = s.Flows[i].Rate / all
		}
	}
	s.Jain = utpsim.Jain(rates...)
	if t.Link != nil {
		s.Link = t.Link.delay(t.span, s.From)
	}
	return s
}

// rate is what came a second between two times, about.
func (f *Flow) rate(from, until time.Duration) float64 {
	var first, last *column
	for i := range f.columns {
		c := &f.columns[i]
		if c.samples == 0 || c.at > until {
			continue
		}
		if c.at <= from || first == nil {
			first = c
		}
		last = c
	}
	if first == nil || last.at <= first.at || last.acked <= first.acked || last.at < from {
		return 0
	}
	return float64(last.acked-first.acked) / (last.at - first.at).Seconds()
}

// delay is what the flow measured from a time on.
func (f *Flow) delay(span, from time.Duration) Waits {
	return waitsOf(means(len(f.columns), span, from, func(i int) (time.Duration, int) { return f.columns[i].queued, f.columns[i].waits }))
}

func (l *Link) delay(span, from time.Duration) Waits {
	return waitsOf(means(len(l.columns), span, from, func(i int) (time.Duration, int) { return l.columns[i].queued, l.columns[i].samples }))
}

// means are the mean waits of those columns from a time on that have some, of each of which
// the sum and the number is known.
func means(columns int, span, from time.Duration, of func(i int) (sum time.Duration, n int)) []time.Duration {
	var each []time.Duration
	for i := range columns {
		if sum, n := of(i); time.Duration(i)*span >= from && n > 0 {
			each = append(each, sum/time.Duration(n))
		}
	}
	return each
}

func waitsOf(each []time.Duration) Waits {
	if len(each) == 0 {
		return Waits{}
	}
	slices.Sort(each)
	var sum time.Duration
	for _, d := range each {
		sum += d
	}
	return Waits{Known: Measured, Mean: sum / time.Duration(len(each)), Most95: each[min(len(each)*95/100, len(each)-1)]}
}
