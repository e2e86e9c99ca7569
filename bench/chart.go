//go:build linux

package main

import (
	"errors"
	"fmt"
	"html"
	"io"
	"math"
	"strings"
)

// bar is one bar of a chart.
type bar struct {
	name  string
	value float64
	class string
}

var errNoChart = errors.New("the chart needs the rows floor and libtorrent")

// writeChart draws the cost and the rate of a transfer: the floor, ours and
// libtorrent. It needs the rows floor and libtorrent.
func (r *report) writeChart(out io.Writer) error {
	floor, lib := r.row(floorRow), r.row(libtorrentRow)
	if floor == nil || lib == nil {
		return errNoChart
	}
	bars := func(f figure) []bar {
		return []bar{
			{"floor", floor.median(between(floorPeer, floorPeer), f), "floor"},
			{"etorrent", floor.median(between(ours, ours), f), "ours"},
			{"libtorrent", lib.median(between(libtorrentPeers, libtorrentPeers), f), "other"},
		}
	}
	return r.drawChart(out, "cost and rate of a transfer", []panel{
		{"CPU seconds per GiB, both ends together (less is better)", bars(cpuBoth)},
		{"10⁶ bytes per second, from 25 to 75 % of the transfer (more is better)", bars(rateMiddle)},
	})
}

// panel is a title and the bars below it.
type panel struct {
	title string
	bars  []bar
}

// drawChart draws panels below each other, and what was measured where.
func (r *report) drawChart(out io.Writer, label string, panels []panel) error {
	var b strings.Builder
	height := len(panels) * panelHeight
	fmt.Fprintf(&b, chartHead, height+36, height+36, label)
	for n, p := range panels {
		drawPanel(&b, n*panelHeight, p.title, p.bars)
	}
	for n, line := range []string{r.host + "; " + r.network, strings.Join(r.versions, "; ")} {
		fmt.Fprintf(&b, "<text class=\"small\" x=\"10\" y=\"%d\">%s</text>\n", height+14+14*n, html.EscapeString(line))
	}
	b.WriteString("</svg>\n")
	_, err := io.WriteString(out, b.String())
	return err
}

const (
	panelHeight = 130
	labelWidth  = 104
	barsWidth   = 520
)

// chartHead makes a picture that can be read on light and on dark paper.
const chartHead = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 720 %d" width="720" height="%d" font-family="sans-serif" role="img" aria-label="%s">
<style>text{font-size:13px;fill:#24292f}.title{font-weight:600}.small{font-size:10px}.floor{fill:#9aa4ae}.ours{fill:#1f7a4d}.other{fill:#b06a2c}
@media(prefers-color-scheme:dark){text{fill:#d0d7de}}</style>
`

// drawPanel draws a title and a bar for each value, the longest over the whole
// width.
func drawPanel(b *strings.Builder, top int, title string, bars []bar) {
	longest := 0.0
	for _, one := range bars {
		if !math.IsNaN(one.value) {
			longest = max(longest, one.value)
		}
	}
	fmt.Fprintf(b, "<text class=\"title\" x=\"10\" y=\"%d\">%s</text>\n", top+20, html.EscapeString(title))
	for n, one := range bars {
		y := top + 32 + 28*n
		fmt.Fprintf(b, "<text x=\"10\" y=\"%d\">%s</text>\n", y+15, html.EscapeString(one.name))
		if math.IsNaN(one.value) || longest == 0 {
			continue
		}
		width := barsWidth * one.value / longest
		fmt.Fprintf(b, "<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"20\" rx=\"3\"/>\n", one.class, labelWidth, y, width)
		fmt.Fprintf(b, "<text x=\"%.1f\" y=\"%d\">%s</text>\n", labelWidth+width+8, y+15, number(one.value))
	}
}
