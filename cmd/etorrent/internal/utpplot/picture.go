package utpplot

import (
	"bufio"
	"fmt"
	"html"
	"io"
	"slices"
	"time"
)

// The measures of a picture.
const (
	width      = 860
	plotLeft   = 64
	plotWidth  = width - plotLeft - 30
	headHeight = 44 // and a line for each four flows
	legendLine = 18
	panelSpace = 36 // above a panel, for its title
	panelHigh  = 150
	rowHigh    = 14 // of the losses of a flow
	footHeight = 30
	points     = 330 // of a line, at most
)

// hues is how many flows have a colour of their own.
const hues = 6

// style makes a picture that can be read on light and on dark paper.
const style = `<style>text{font-size:12px;fill:#24292f}.title{font-weight:600}.small{font-size:11px}.end{text-anchor:end}.middle{text-anchor:middle}
.grid{stroke:#d0d7de;stroke-width:1}.line{fill:none;stroke-width:1.6;stroke-linejoin:round}.thin{fill:none;stroke-width:1;opacity:.5}.queue{fill:#9aa4ae;opacity:.4}.target{stroke:#57606a;stroke-width:1.2;stroke-dasharray:5 4}.tick{stroke-width:1.4}.out{stroke-width:3.5}
.c0{stroke:#1f7a4d}.c1{stroke:#c4611a}.c2{stroke:#2f6fbf}.c3{stroke:#8250df}.c4{stroke:#a8325e}.c5{stroke:#6e7781}
@media(prefers-color-scheme:dark){text{fill:#d0d7de}.grid{stroke:#3d444d}.target{stroke:#9198a1}.c0{stroke:#3fb97c}.c1{stroke:#f0883e}.c2{stroke:#6cb0ff}.c3{stroke:#b392f0}.c4{stroke:#f778a8}.c5{stroke:#9198a1}}</style>
`

// point is a value at a time. One that is not known breaks a line.
type point struct {
	at    time.Duration
	value float64
	known Knowledge
}

// series is a line of a panel.
type series struct {
	class  string
	points []point
}

// panel is one picture of several.
type panel struct {
	title  string
	area   []point // below which it is filled
	lines  []series
	target float64 // a line across, 0: none
	label  string  // of it
	least  float64 // that the axis reaches at least
}

// Picture writes an SVG of the trace: windows and what flies, delays, rates, losses, one
// above the other. The same trace makes the same bytes.
func (t *Trace) Picture(to io.Writer) error {
	panels := []panel{t.windows(), t.delays(), t.rates()}
	legend := headHeight + legendLine*((len(t.Flows)+3)/4)
	rows := t.lossesHigh()
	height := legend + len(panels)*(panelSpace+panelHigh) + rows + footHeight
	d := &drawing{Writer: bufio.NewWriter(to), end: max(t.End, time.Second)}
	d.print(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" font-family="sans-serif" role="img" aria-label="%s">`+"\n",
		width, height, width, height, html.EscapeString("windows, queueing delays, rates and losses over time: "+t.Title))
	d.print("%s", style)
	d.text("title", 10, 22, t.Title)
	for i, f := range t.Flows {
		x, y := 10+(i%4)*(width-20)/4, headHeight+legendLine*(i/4)
		d.print(`<path class="line %s" d="M%d %dh22"/>`+"\n", hue(i), x, y-4)
		d.text("", x+28, y, f.label())
	}
	top := legend
	for i := range panels {
		d.panel(&panels[i], top+panelSpace)
		top += panelSpace + panelHigh
	}
	d.losses(t, top)
	d.times(top + rows)
	d.print("</svg>\n")
	return d.Flush()
}

func hue(i int) string { return fmt.Sprintf("c%d", i%hues) }

// label is a flow's name, and its control where that tells more.
func (f *Flow) label() string {
	name := f.Name
	if name == "" {
		name = fmt.Sprintf("flow %d", f.Number)
	}
	if f.Control != "" && f.Name != f.Control {
		name += ", " + f.Control
	}
	return shorten(name, 30)
}

// shorten is a text of so many runes at most.
func shorten(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return s
}

// group is how many columns make a point.
func (t *Trace) group() int {
	if t.span == 0 {
		return 1
	}
	return int(t.End/t.span)/points + 1
}

// line has a point for each group of a flow's columns that has samples; between others it
// is broken where they are far from each other.
func (t *Trace) line(f *Flow, value func(*column) float64) []point {
	var out []point
	n, gap := t.group(), 0
	for i := 0; i < len(f.columns); i += n {
		var all column
		for j := i; j < min(i+n, len(f.columns)); j++ {
			all.add(&f.columns[j])
		}
		if all.samples == 0 {
			if gap++; gap == 3 && len(out) > 0 {
				out = append(out, point{})
			}
			continue
		}
		gap = 0
		out = append(out, point{all.at, value(&all), Measured})
	}
	return out
}

func (t *Trace) windows() panel {
	p := panel{title: "Congestion window (strong) and bytes in flight (thin), KiB", least: 1}
	for i, f := range t.Flows {
		p.lines = append(p.lines,
			series{"thin " + hue(i), t.line(f, func(c *column) float64 { return float64(c.flying) / 1024 })},
			series{"line " + hue(i), t.line(f, func(c *column) float64 { return float64(c.window) / 1024 })})
	}
	return p
}

func (t *Trace) delays() panel {
	p := panel{title: "Queueing delay, ms: as each flow measures it", least: 1}
	target := time.Duration(0)
	for i, f := range t.Flows {
		line := t.line(f, func(c *column) float64 {
			return float64(c.queued.Microseconds()) / 1000 / float64(max(c.waits, 1))
		})
		if f.last.RTT > 0 {
			p.lines = append(p.lines, series{"line " + hue(i), line})
		}
		target = max(target, f.last.Target)
	}
	if target > 0 {
		p.target = float64(target.Microseconds()) / 1000
		p.label = fmt.Sprintf("target %d", target.Milliseconds())
		p.least = 1.3 * p.target
	}
	if t.Link != nil {
		p.title += " (lines), and in the queue of the link (grey)"
		n := t.group()
		for i := 0; i < len(t.Link.columns); i += n {
			var all linkColumn
			for j := i; j < min(i+n, len(t.Link.columns)); j++ {
				all.add(&t.Link.columns[j])
			}
			if all.samples > 0 {
				mean := float64(all.queued.Microseconds()) / 1000 / float64(all.samples)
				p.area = append(p.area, point{time.Duration(i+n) * t.span, mean, Measured})
			}
		}
	}
	return p
}

// ratesOver is the least time over which a rate is drawn.
const ratesOver = time.Second

func (t *Trace) rates() panel {
	p := panel{title: "Rate at which each flow's bytes come, Mbit/s", least: 0.1}
	for i, f := range t.Flows {
		before := point{at: f.Begin, known: Measured}
		out := []point{before}
		for _, x := range t.line(f, func(c *column) float64 { return float64(c.acked) }) {
			switch took := x.at - before.at; {
			case x.known == Unknown:
			case took >= ratesOver:
				out = append(out, point{x.at, max(x.value-before.value, 0) * 8 / 1e6 / took.Seconds(), Measured})
				before = x
			}
		}
		p.lines = append(p.lines, series{"line " + hue(i), out})
	}
	return p
}

// lossesHigh is how much room the losses need.
func (t *Trace) lossesHigh() int {
	for _, f := range t.Flows {
		if len(f.lost)+len(f.timedOut) > 0 {
			return panelSpace + rowHigh*len(t.Flows) + 4
		}
	}
	return rowHigh
}

// losses draws a row for each flow, with a mark where packets were lost, and a strong one
// at a timeout.
func (d *drawing) losses(t *Trace, top int) {
	if t.lossesHigh() == rowHigh {
		d.text("small end", plotLeft+plotWidth, 22, "no losses, no timeouts")
		return
	}
	d.text("title", 10, top+panelSpace-10, "Packets lost by each flow (marks), and timeouts (strong marks)")
	for i, f := range t.Flows {
		y := top + panelSpace + rowHigh*i
		d.print(`<path class="grid" d="M%d %dh%d"/>`+"\n", plotLeft, y+rowHigh-1, plotWidth)
		d.text("small end", plotLeft-6, y+11, fmt.Sprint(f.last.Lost))
		d.ticks("tick "+hue(i), f.lost, y+2)
		d.ticks("out "+hue(i), f.timedOut, y+2)
	}
}

// ticks draws a mark at each time, but one at a place.
func (d *drawing) ticks(class string, at []time.Duration, y int) {
	var places []int
	for _, t := range at {
		places = append(places, int(d.x(t)))
	}
	path := ""
	for _, x := range slices.Compact(places) {
		path += fmt.Sprintf("M%d %dv8", x, y)
	}
	if path != "" {
		d.print(`<path class="%s" d="%s"/>`+"\n", class, path)
	}
}
