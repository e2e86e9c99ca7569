//go:build linux

package main

import (
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"text/tabwriter"
)

// report is what people and programs are told of all rows.
type report struct {
	host, network, place string
	versions             []string
	results              []*result
}

func newReport(l *lab, o options) *report {
	return &report{host: host(), network: l.network, place: o.dir, versions: l.versions}
}

func (r *report) printHead(out io.Writer) {
	fmt.Fprintf(out, "%s; %s; payloads below %s\n%s\n\n", r.host, r.network, r.place, strings.Join(r.versions, "; "))
}

// printRow writes the medians of a row: a line for each contender.
func (r *report) printRow(out io.Writer, res *result) error {
	fmt.Fprintf(out, "\n%s: %s; %s\n", res.row.name, res.row.about, res.howMany())
	for _, line := range res.missing() {
		fmt.Fprintln(out, line)
	}
	if res.failed != nil {
		_, err := fmt.Fprintf(out, "not measured: %v\n", res.failed)
		return err
	}
	if len(res.counted()) == 0 {
		return nil
	}
	columns := res.columns()
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, f := range columns {
		fmt.Fprintf(w, "\t%s", f.title)
	}
	fmt.Fprintln(w, "\t")
	for _, c := range res.row.contenders {
		if res.absent[c.name] != nil {
			continue
		}
		fmt.Fprint(w, c.name)
		for _, f := range columns {
			fmt.Fprintf(w, "\t%s", number(res.median(c.name, f)))
		}
		fmt.Fprintln(w, "\t")
	}
	err := w.Flush()
	for f, v := range res.extra.values {
		fmt.Fprintf(out, "%s: %s %s\n", res.row.extra.name, number(v), f.title)
	}
	return errors.Join(err, printAims(out, []*result{res}))
}

// howMany tells of the rounds.
func (r *result) howMany() string {
	if len(r.kept)+len(r.dropped) == 0 {
		return "not measured"
	}
	said := fmt.Sprintf("medians of %s", plural(len(r.kept), "round"))
	switch {
	case len(r.kept) == 0 && len(r.dropped) > 0:
		return fmt.Sprintf("not judged, since others used the machine in each of %s", plural(len(r.dropped), "round"))
	case len(r.dropped) > 0:
		return fmt.Sprintf("%s, %d dropped", said, len(r.dropped))
	}
	return said
}

func plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}

// columns are the figures that any contender has.
func (r *result) columns() []figure {
	var out []figure
	for _, f := range figures {
		for _, c := range r.row.contenders {
			if !math.IsNaN(r.median(c.name, f)) {
				out = append(out, f)
				break
			}
		}
	}
	return out
}

// printAims writes what is asked of all rows, and what came of it.
func (r *report) printAims(out io.Writer) error {
	fmt.Fprintln(out, "\nall rows:")
	return printAims(out, r.results)
}

func printAims(out io.Writer, results []*result) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "row\tvalue\tmedian\taim\tmust\tverdict")
	for _, res := range results {
		for _, a := range res.row.aims {
			value, v := res.judge(a)
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", res.row.name, a.what, number(value), a.boundText(a.bound), a.boundText(a.must), v)
		}
	}
	return w.Flush()
}

func (a aim) boundText(bound float64) string {
	switch {
	case a.sense == printed || bound == 0:
		return "-"
	case a.sense == atLeast:
		return ">= " + number(bound)
	}
	return "<= " + number(bound)
}

// number writes three digits or more, and "-" for what is none.
func number(v float64) string {
	abs := math.Abs(v)
	switch {
	case math.IsNaN(v) || math.IsInf(v, 0):
		return "-"
	case v == math.Trunc(v) && abs < 1e6, abs >= 100:
		return fmt.Sprintf("%.0f", v)
	case abs >= 10:
		return fmt.Sprintf("%.1f", v)
	case abs >= 1:
		return fmt.Sprintf("%.2f", v)
	}
	return fmt.Sprintf("%.3f", v)
}
