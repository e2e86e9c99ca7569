package utpplot

import (
	"bufio"
	"fmt"
	"html"
	"math"
	"strconv"
	"time"
)

// drawing is a picture that is written.
type drawing struct {
	*bufio.Writer

	end time.Duration // at the right
}

// print writes; Flush tells whether that failed.
func (d *drawing) print(format string, args ...any) { _, _ = fmt.Fprintf(d, format, args...) }

func (d *drawing) text(class string, x, y int, text string) {
	if class != "" {
		class = ` class="` + class + `"`
	}
	d.print("<text%s x=\"%d\" y=\"%d\">%s</text>\n", class, x, y, html.EscapeString(text))
}

// x is the place of a time.
func (d *drawing) x(at time.Duration) float64 {
	return plotLeft + plotWidth*min(float64(at)/float64(d.end), 1)
}

// panel draws one below its title.
func (d *drawing) panel(p *panel, top int) {
	d.text("title", 10, top-10, p.title)
	most := p.most()
	step := niceStep(most / 4)
	most = math.Ceil(most/step) * step
	y := func(v float64) float64 { return float64(top) + panelHigh*(1-min(max(v, 0)/most, 1)) }
	for n := 0; float64(n)*step <= most*1.0001; n++ {
		v := float64(n) * step
		d.print(`<path class="grid" d="M%d %sh%d"/>`+"\n", plotLeft, coordinate(y(v)), plotWidth)
		d.text("small end", plotLeft-6, int(y(v))+4, strconv.FormatFloat(v, 'g', 6, 64))
	}
	if len(p.area) > 0 {
		d.print(`<path class="queue" d="M%d %dL%sV%dz"/>`+"\n", plotLeft, top+panelHigh, d.path(p.area, y)[1:], top+panelHigh)
	}
	if p.target > 0 {
		d.print(`<path class="target" d="M%d %sh%d"/>`+"\n", plotLeft, coordinate(y(p.target)), plotWidth)
		d.text("small end", plotLeft+plotWidth-2, int(y(p.target))-4, p.label)
	}
	for _, s := range p.lines {
		if path := d.path(s.points, y); path != "" {
			d.print(`<path class="%s" d="%s"/>`+"\n", s.class, path)
		}
	}
}

// most is what the axis has to reach.
func (p *panel) most() float64 {
	most := p.least
	for _, s := range append([]series{{points: p.area}}, p.lines...) {
		for _, x := range s.points {
			most = max(most, x.value)
		}
	}
	return most
}

// niceStep is 1, 2 or 5 times a power of ten, and not less.
func niceStep(least float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(least)))
	for _, n := range []float64{1, 2, 5} {
		if n*power >= least {
			return n * power
		}
	}
	return 10 * power
}

// path has the points from left to right, broken where one is not known.
func (d *drawing) path(points []point, y func(float64) float64) string {
	var out []byte
	verb := byte('M')
	for _, p := range points {
		if p.known == Unknown {
			verb = 'M'
			continue
		}
		out = append(out, verb)
		out = append(out, coordinate(d.x(p.at))...)
		out = append(out, ' ')
		out = append(out, coordinate(y(p.value))...)
		verb = 'L'
	}
	return string(out)
}

// coordinate has tenths of a unit.
func coordinate(v float64) string {
	return strconv.FormatFloat(math.Round(v*10)/10, 'f', -1, 64)
}

// times draws the axis of time.
func (d *drawing) times(bottom int) {
	step := timeStep(d.end / 8)
	for at := time.Duration(0); at <= d.end; at += step {
		x := coordinate(d.x(at))
		d.print(`<path class="grid" d="M%s %dv5"/>`+"\n", x, bottom)
		d.print(`<text class="small middle" x="%s" y="%d">%s</text>`+"\n", x, bottom+18, clock(at))
	}
}

// timeStep is a span that people count in, and not less.
func timeStep(least time.Duration) time.Duration {
	for _, step := range []time.Duration{
		time.Millisecond, 10 * time.Millisecond, 100 * time.Millisecond, 200 * time.Millisecond, 500 * time.Millisecond,
		time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 20 * time.Second, 30 * time.Second,
		time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 30 * time.Minute,
	} {
		if step >= least {
			return step
		}
	}
	hours := time.Hour
	for hours < least {
		hours *= 2
	}
	return hours
}

// clock writes a time of the trace.
func clock(at time.Duration) string {
	switch {
	case at >= time.Hour:
		return fmt.Sprintf("%d:%02d h", at/time.Hour, at/time.Minute%60)
	case at%time.Second == 0:
		return fmt.Sprintf("%d s", at/time.Second)
	}
	return fmt.Sprintf("%g s", at.Seconds())
}
