//go:build linux

package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"text/tabwriter"
)

// A table collects the runs of each row.
type table struct {
	rows   []row
	runs   map[string][]measure
	failed map[string]error
}

func newTable(rows []row) *table {
	return &table{rows: rows, runs: map[string][]measure{}, failed: map[string]error{}}
}

func (t *table) add(r row, m measure) { t.runs[r.name] = append(t.runs[r.name], m) }

func (t *table) fail(r row, err error) { t.failed[r.name] = err }

// figures are the medians of a row.
type figures struct {
	rate                float64 // 10^6 bytes per second
	send, receive       float64 // CPU seconds per GiB
	sendRSS, receiveRSS float64 // MiB
}

func (t *table) figures(name string) figures {
	runs := t.runs[name]
	perGiB := func(u usage, m measure) float64 { return u.cpu.Seconds() / (float64(m.bytes) / (1 << 30)) }
	return figures{
		rate:       median(runs, measure.rate),
		send:       median(runs, func(m measure) float64 { return perGiB(m.send, m) }),
		receive:    median(runs, func(m measure) float64 { return perGiB(m.receive, m) }),
		sendRSS:    median(runs, func(m measure) float64 { return float64(m.send.rss) / (1 << 20) }),
		receiveRSS: median(runs, func(m measure) float64 { return float64(m.receive.rss) / (1 << 20) }),
	}
}

func median(runs []measure, of func(measure) float64) float64 {
	var values []float64
	for _, r := range runs {
		values = append(values, of(r))
	}
	slices.SortFunc(values, cmp.Compare)
	n := len(values)
	return (values[n/2] + values[(n-1)/2]) / 2
}

// print writes the table; the error names the rows that could not be measured.
func (t *table) print(out io.Writer) error {
	var floor figures
	if len(t.runs["floor"]) > 0 {
		floor = t.figures("floor")
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "\nrow\tMB/s\t× floor\tCPU s/GiB sender\treceiver\tboth\t× floor\tpeak RSS MiB sender\treceiver\t")
	var errs []error
	for _, r := range t.rows {
		if err := t.failed[r.name]; err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", r.name, err))
		}
		if len(t.runs[r.name]) == 0 {
			continue
		}
		f := t.figures(r.name)
		fmt.Fprintf(w, "%s\t%.0f\t%s\t%.2f\t%.2f\t%.2f\t%s\t%.0f\t%.0f\t\n", r.name, f.rate, ratio(f.rate, floor.rate),
			f.send, f.receive, f.send+f.receive, ratio(f.send+f.receive, floor.send+floor.receive), f.sendRSS, f.receiveRSS)
	}
	errs = append(errs, w.Flush())
	return errors.Join(errs...)
}

func ratio(a, b float64) string {
	if b == 0 {
		return "-"
	}
	return fmt.Sprintf("%.2f", a/b)
}

func host() string {
	return fmt.Sprintf("%s %s, Linux %s, %d cores", runtime.Version(), runtime.GOARCH, kernel("kernel/osrelease"), runtime.NumCPU())
}
