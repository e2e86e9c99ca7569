//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
)

// bench measures the rows that the arguments name, and tells of them. The error
// names the rows that could not be measured.
func bench(ctx context.Context, out io.Writer, args []string) error {
	o, err := parse(out, args)
	if err != nil {
		return err
	}
	rows, err := choose(allRows(o), o.rows)
	if err != nil {
		return err
	}
	if o.svg != "" && (!contains(rows, floorRow) || !contains(rows, libtorrentRow)) {
		return errNoChart
	}
	if o.svgUTP != "" && (!contains(rows, utpRow) || !contains(rows, utpStockRow)) {
		return errNoUTPChart
	}
	l, err := newLab(ctx, o)
	if err != nil {
		return err
	}
	r := newReport(l, o)
	r.printHead(out)
	run := &runner{lab: l, out: out, options: o}
	var failed []error
	for _, row := range rows {
		if ctx.Err() != nil {
			break
		}
		res := run.measure(ctx, row)
		if res.failed != nil {
			failed = append(failed, fmt.Errorf("row %s: %w", row.name, res.failed))
		}
		r.results = append(r.results, res)
		failed = append(failed, r.printRow(out, res))
	}
	failed = append(failed, r.printAims(out), r.save(o), context.Cause(ctx), l.close())
	return errors.Join(failed...)
}

// save writes the files that were asked for.
func (r *report) save(o options) error {
	var errs []error
	if o.json != "" {
		errs = append(errs, writeFile(o.json, r.writeJSON))
	}
	if o.svg != "" {
		errs = append(errs, writeFile(o.svg, r.writeChart))
	}
	if o.svgUTP != "" {
		errs = append(errs, writeFile(o.svgUTP, r.writeUTPChart))
	}
	return errors.Join(errs...)
}

func writeFile(name string, write func(io.Writer) error) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	return errors.Join(write(f), f.Close())
}
